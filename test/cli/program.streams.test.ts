import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import {
  BIN,
  CONV_BN,
  expectFailure,
  expectNarrow,
  filesIn,
  normfold,
  type Result,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
let model: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  model = readFileSync(await writeModel(join(cwd, "bn.onnx"), CONV_BN));
});

describe("pipes", () => {
  test("a model in and out, human text on stderr", async () => {
    const { code, bytes, stderr } = await normfold(["optimize", "-", "-o", "-"], { cwd, input: model });
    expect(code).toBe(0);
    expectNarrow(stderr);
    expect(stderr).toContain("standard input -> standard output");
    const types = [...(await loadModel(new Uint8Array(bytes))).nodes()].map(({ opType }) => opType);
    expect(types).toEqual(["Conv", "Relu"]);
    await normfold(["optimize", "bn.onnx", "-o", "file.onnx", "-q"], { cwd });
    expect(bytes.equals(readFileSync(join(cwd, "file.onnx")))).toBe(true);
  });

  test.skipIf(process.platform === "win32")("a named pipe, which can be read only once", async () => {
    execFileSync("mkfifo", [join(cwd, "pipe.onnx")]);
    const writer = spawn("cp", ["bn.onnx", "pipe.onnx"], { cwd });
    const { code, stdout } = await normfold(["optimize", "pipe.onnx", "-o", "piped.onnx"], { cwd });
    writer.kill();
    expect(code).toBe(0);
    expect(stdout).toContain("equal in onnxruntime");
  });

  test("inspect and print read standard input", async () => {
    const inspected = await normfold(["inspect", "-", "--json"], { cwd, input: model });
    const file = { path: "standard input", bytes: model.length };
    expect(JSON.parse(inspected.stdout).file).toMatchObject({ ...file, files: [file] });
    const printed = await normfold(["print", "-"], { cwd, input: model });
    expect(printed.stdout).toContain("BatchNormalization");
  });

  test("a reader that goes away is no error", async () => {
    const child = spawn(process.execPath, [BIN, "passes"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (part: Buffer) => {
      stderr += part.toString();
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk behind stdout is exit 5 (needs /dev/full)", async () => {
    for (const args of [
      ["inspect", "bn.onnx"],
      ["inspect", "bn.onnx", "--json"],
      ["print", "bn.onnx"],
      ["passes"],
      ["--version"],
      ["--help"],
      ["optimize", "--help"],
      ["optimize", "bn.onnx", "-o", "-", "--no-check", "-q"],
    ]) {
      const result = await intoFullDisk(args);
      expectFailure(result, 5, /^error: standard output: the disk is full; free some space$/m);
    }
  });

  test.skipIf(!existsSync("/dev/full"))(
    "a model that was written is said to be (needs /dev/full)",
    async () => {
      for (const more of [[], ["--json"], ["--explain"]]) {
        const result = await intoFullDisk(["optimize", "bn.onnx", "-o", "whole.onnx", "--no-check", ...more]);
        expectFailure(result, 5, /the disk is full; free some space; written before that: whole\.onnx$/m);
        expect((await loadModel(join(cwd, "whole.onnx"))).graph.nodeCount).toBe(2);
      }
    },
  );

  // A file system of one page: the first part of the text fits, which Node's own stream takes for all of it.
  test.skipIf(!canMount())("text that fits in part is exit 5 (needs the right to mount)", async () => {
    const script = `mkdir -p small && mount -t tmpfs -o size=4k tmpfs small &&
      ${JSON.stringify(process.execPath)} ${JSON.stringify(BIN)} passes --json > small/out.json`;
    const child = spawn("unshare", ["-m", "sh", "-c", script], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    expectFailure(await ended(child), 5, /standard output: the disk is full/);
  });
});

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function intoFullDisk(args: readonly string[]): Promise<Result> {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  return ended(child);
}

/** The end of a process, whose standard error alone is read. */
async function ended(child: ChildProcess): Promise<Result> {
  let stderr = "";
  child.stderr?.on("data", (part: Buffer) => {
    stderr += part.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout: "", stderr, bytes: Buffer.alloc(0) };
}

describe("colours", () => {
  test("none in a pipe, some when forced, none with NO_COLOR", async () => {
    const marker = "\u001b[";
    const plain = await normfold(["inspect", "bn.onnx"], { cwd });
    expect(plain.stdout).not.toContain(marker);
    const forced = await normfold(["inspect", "bn.onnx"], { cwd, env: { FORCE_COLOR: "1" } });
    expect(forced.stdout).toContain(marker);
    const never = await normfold(["inspect", "bn.onnx"], { cwd, env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(never.stdout).toBe(plain.stdout);
    const error = await normfold(["inspect", "none.onnx"], { cwd, env: { NO_COLOR: "1" } });
    expect(error.stderr).toMatch(/^error: /);
  });
});

describe("interrupts", () => {
  test.skipIf(process.platform === "win32")("SIGINT ends it with 130 and leaves nothing", async () => {
    const before = filesIn(cwd);
    const child = spawn(process.execPath, [BIN, "optimize", "-", "-o", "never.onnx"], { cwd });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    // A child that ended earlier is reported by its exit code.
    child.stdin.on("error", () => {});
    // More bytes than a pipe holds: once they are written, the child is reading, and waits for more.
    await new Promise((resolve) => child.stdin.write(new Uint8Array(2 ** 22), resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(filesIn(cwd)).toEqual(before);
  });
});
