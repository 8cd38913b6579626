import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { isSupervised } from "../../src/cli/supervised.js";
import { runSupervised } from "../../src/cli/supervision.js";
import { BIN, expectFailure, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

const LOOP = `y = Loop("", on, h) <body = b (int64 i, bool c, float[N,2] s) => (bool d, float[N,2] t) {
  d = Identity(c)  t = Add(s, s) }>`;
const WEIGHTS = "<bool on = {1}, float[2,2] w = {1, -2, 0.5, 3}>";

beforeAll(async () => {
  mkdirSync(at("tmp"));
  await writeModel(
    at("forever.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y) ${WEIGHTS} { u = MatMul(x, w)  q = Tanh(u)  h = MatMul(q, w)  ${LOOP} }`,
  );
  await writeModel(
    at("bn.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
     <bool on = {1}, float[2,2] w = {1, -2, 0.5, 3}, float[2] s = {1, 1}, float[2] z = {0, 0}, float[2] v = {1, 1}> {
     u = MatMul(x, w)  n = BatchNormalization(u, s, z, z, v)  h = Tanh(n)  ${LOOP} }`,
  );
  await writeModel(
    at("net.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y) ${WEIGHTS} { u = MatMul(x, w)  h = Tanh(u)  y = MatMul(h, w) }`,
  );
  writeFileSync(
    at("data.mjs"),
    "export default function* () { for (let i = 0; i < 64; i++) yield { x: Float32Array.of(Math.sin(i), Math.cos(i)), labels: i % 2 }; }",
  );
  writeFileSync(at("busy.mjs"), "for (;;);");
  writeFileSync(
    at("dies.mjs"),
    `process.kill(process.pid, "SIGSEGV"); await new Promise((resolve) => setTimeout(resolve, 5000));`,
  );
});

/** The processes that a process has started, and theirs. */
function descendants(of: number | undefined): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const children = pairs.filter(([, parent]) => parent === of).flatMap(([pid = 0]) => pid);
  return children.flatMap((pid) => [pid, ...descendants(pid)]);
}

/** The processor time of processes. */
function seconds(pids: readonly number[]): number {
  const { stdout } = spawnSync("ps", ["-o", "cputimes=", "-p", pids.join(",")], { encoding: "utf8" });
  return stdout.split("\n").reduce((sum, line) => sum + Number(line), 0);
}

/** Whether a process lives; one that has ended and was not waited for does not. */
function lives(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

interface Stopped {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number;
  /** Processes that it had started, and that live a second later. */
  readonly left: readonly number[];
}

/** Runs the command, and tells it to stop once it has used the processor for some time. */
async function stopped(args: readonly string[], signal: NodeJS.Signals): Promise<Stopped> {
  const env = { ...process.env, TMPDIR: at("tmp") };
  const child: ChildProcess = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: "ignore" });
  const ended = new Promise<Pick<Stopped, "code" | "signal">>((resolve) =>
    child.once("exit", (code, by) => resolve({ code, signal: by })),
  );
  // So much is more than its start takes: it is in the call that never returns.
  for (const late = Date.now() + 20_000; seconds(descendants(child.pid)) < 1 && Date.now() < late; )
    await sleep(200);
  expect(child.exitCode, "it runs").toBeNull();
  const started = descendants(child.pid);
  expect(started.length).toBeGreaterThan(0);
  const start = performance.now();
  child.kill(signal);
  const end = await ended;
  const taken = (performance.now() - start) / 1000;
  for (const late = Date.now() + 1000; started.some(lives) && Date.now() < late; ) await sleep(20);
  return { ...end, seconds: taken, left: started.filter(lives) };
}

/** Seconds: one on a machine with nothing else to do; tests share theirs. */
const PROMPT = 3;

const COMMANDS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["optimize", ["optimize", "forever.onnx", "-o", "never.onnx", "--opset", "18"]],
  ["check", ["check", "forever.onnx", "net.onnx"]],
  ["train", ["train", "forever.onnx", "-o", "never.onnx", "--data", "busy.mjs"]],
  ["calibrate", ["calibrate", "bn.onnx", "-o", "never.onnx", "--data", "data.mjs"]],
  ["insert", ["insert", "forever.onnx", "-o", "never.onnx", "--data", "busy.mjs"]],
  ["ensemble", ["ensemble", "forever.onnx", "forever.onnx", "-o", "never.onnx"]],
];

// Windows has no such signals.
describe.skipIf(process.platform === "win32")("a call that never returns", () => {
  test.each(COMMANDS)("ends %s within a second on a signal, and leaves nothing", async (_, args) => {
    const before = filesIn(cwd);
    const interrupted = await stopped(args, "SIGINT");
    const terminated = await stopped(args, "SIGTERM");
    const killed = await stopped(args, "SIGKILL");
    expect([interrupted.code, terminated.code, killed.signal]).toEqual([130, 143, "SIGKILL"]);
    for (const { seconds: taken, left } of [interrupted, terminated, killed]) {
      expect(taken).toBeLessThan(PROMPT);
      expect(left).toEqual([]);
    }
    expect([filesIn(cwd), filesIn(at("tmp"))]).toEqual([before, []]);
  });
});

describe("a supervised command", () => {
  test("is one that a supervisor has started", () => {
    expect([isSupervised(), typeof runSupervised]).toEqual([false, "function"]);
  });

  test("that crashes is exit 4, in one line", async () => {
    const args = ["train", "net.onnx", "-o", "never.onnx", "--data", "dies.mjs"];
    expectFailure(
      await normfold(args, { cwd }),
      4,
      /^error: onnxruntime crashed, or memory ran out \(SIGSEGV\); nothing was written$/m,
    );
    const { stdout, code } = await normfold([...args, "--json"], { cwd });
    expect([code, JSON.parse(stdout).error.id]).toEqual([4, "command-crashed"]);
  });

  test("has the exit code and the output of the command", async () => {
    const wrong = await normfold(["train", "net.onnx", "-o", "x.onnx", "--nope"], { cwd });
    expectFailure(wrong, 2, /there is no option "--nope"/);
    const missing = await normfold(["lower", "none.onnx", "-o", "x.onnx"], { cwd });
    expectFailure(missing, 5, /none\.onnx/);
  });
});
