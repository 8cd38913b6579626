import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/node/checkpoint.js";
import { BIN, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

const sines = (count: number): string =>
  Array.from({ length: count }, (_, i) => (Math.sin(i * 7) / 2).toFixed(3)).join(", ");

beforeAll(async () => {
  await writeModel(
    at("net.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> net (float[N,2] x) => (float[N,3] y)
     <float[2,6] w = {${sines(12)}}, float[6] g = {1,1,1,1,1,1}, float[6] b = {0,0,0,0,0,0}, float[6] m = {0,0,0,0,0,0},
      float[6] s = {1,1,1,1,1,1}, float[6,3] v = {${sines(18)}}> {
       u = MatMul(x, w)  n = BatchNormalization(u, g, b, m, s)  h = Tanh(n)  y = MatMul(h, v) }`,
  );
  await writeModel(
    at("plain.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> net (float[N,2] x) => (float[N,2] y)
     <float[2,2] w = {1, -2, 0.5, 3}> { u = MatMul(x, w)  h = Tanh(u)  y = MatMul(h, w) }`,
  );
  // From the second round on the data can be slow, so that the signal arrives in between.
  writeFileSync(
    at("data.mjs"),
    `import { writeFileSync } from "node:fs";
     let round = 0;
     export default async function* () {
       const slow = process.env.SLOW === "1" && ++round > 2;
       for (let i = 0; i < 90; i++) {
         if (slow && i === 20) writeFileSync("waiting", "");
         if (slow && i >= 20) await new Promise((resolve) => setTimeout(resolve, 15));
         yield { x: Float32Array.of(Math.sin(i * 12.9), Math.cos(i * 78.2)), labels: i % 3 };
       }
     }`,
  );
});

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !isSo() && Date.now() < end; ) await sleep(10);
}

/** Runs the command and tells it to stop once `isTime`. */
async function stopped(
  args: readonly string[],
  signal: "SIGINT" | "SIGTERM" | "SIGKILL",
  isTime: () => boolean,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...process.env, SLOW: "1" } });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => {
    stderr += part.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until(() => isTime() || child.exitCode !== null);
  child.kill(signal);
  return { code: await ended, stderr };
}

const course = [
  "train",
  "net.onnx",
  "--data",
  "data.mjs",
  "--batch",
  "15",
  "--lr",
  "0.2",
  "--optimizer",
  "adam",
];

describe("Ctrl-C", () => {
  test("ends a training in order, and resuming it gives the same bits as no interruption", async () => {
    const saved = ["--checkpoint", "run.safetensors"];
    const { code, stderr } = await stopped(
      [...course, "-o", "parts.onnx", "--steps", "40", ...saved],
      "SIGINT",
      () => existsSync(at("waiting")),
    );
    expect(code).toBe(130);
    const steps = Number(
      /^stopped after (\d+) steps; run\.safetensors holds them; --resume goes on$/m.exec(stderr)?.[1],
    );
    expect(steps).toBeGreaterThanOrEqual(6);
    expect(steps).toBeLessThan(40);
    expect(readCheckpoint(at("run.safetensors")).step).toBe(steps);
    expect(filesIn(cwd).filter((name) => name.includes("parts") || name.endsWith(".tmp"))).toEqual([]);

    const [rest, whole] = await Promise.all([
      normfold([...course, "-o", "parts.onnx", "--steps", "40", ...saved, "--resume", "-q"], { cwd }),
      normfold([...course, "-o", "whole.onnx", "--steps", "40", "-q"], { cwd }),
    ]);
    expect([rest.code, whole.code, rest.stderr, whole.stderr]).toEqual([0, 0, "", ""]);
    expect(Buffer.compare(readFileSync(at("parts.onnx")), readFileSync(at("whole.onnx")))).toBe(0);
  });

  test.each(["calibrate", "insert"])("ends %s at once, and nothing is written", async (command) => {
    writeFileSync(
      at("endless.mjs"),
      `import { writeFileSync } from "node:fs";
       export default async function* () {
         for (let i = 0; ; i++) {
           if (i === 64) writeFileSync("${command}-runs", "");
           if (i >= 64) await new Promise((resolve) => setTimeout(resolve, 5));
           yield { x: Float32Array.of(Math.sin(i), Math.cos(i)) };
         }
       }`,
    );
    const model = command === "insert" ? "plain.onnx" : "net.onnx";
    const { code, stderr } = await stopped(
      [command, model, "-o", "never.onnx", "--data", "endless.mjs"],
      "SIGINT",
      () => existsSync(at(`${command}-runs`)),
    );
    expect([code, stderr]).toEqual([130, ""]);
    expect(filesIn(cwd).filter((name) => name.includes("never"))).toEqual([]);
  });
});
