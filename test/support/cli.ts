import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { parse, saveModel } from "../../src/index.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { expectDocument } from "./documents.js";

/** The built command, as npm installs it. */
export const BIN: string = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(BIN)) throw new Error("the command is not built; run npm run build first");

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  /** The user whose process it is; root alone can choose one. */
  readonly uid?: number;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

/** Runs `normfold` with pipes on all sides. */
export function normfold(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return node([BIN, ...args], options);
}

export function node(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { FORCE_COLOR, NO_COLOR, ...env } = process.env;
  const { cwd, uid } = options;
  const child = spawn(process.execPath, args, { cwd, uid, env: { ...env, ...options.env } });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  // A child that ends before it has read its input is one of the cases under test.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const bytes = Buffer.concat(stdout);
      const result = { code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString() };
      try {
        // Whatever a test prints as JSON is what the schemas say.
        if (args.includes("--json") && result.stdout !== "") expectDocument(result.stdout);
        resolve(result);
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A folder of the test file's own, gone when its tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "normfold-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function writeModel(path: string, text: string): Promise<string> {
  await saveModel(parse(text), path);
  return path;
}

/** Everything in a folder, hidden and temporary files too. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

export function expectNarrow(text: string): void {
  for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(WIDTH);
}

/** One line that says what is wrong, no stack, nothing on stdout. */
export function expectFailure(result: Result, code: number, message: RegExp | string): void {
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe("");
  expect(result.stderr).not.toContain("    at ");
  expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
}

/** With --json: one document with the kind of error, and nothing on stderr; `message` is of the line it would be without. */
export function expectError(result: Result, exitCode: number, id: string, message: RegExp = /./): void {
  expect([result.stderr, result.code]).toEqual(["", exitCode]);
  const { error } = JSON.parse(result.stdout);
  expect(error).toMatchObject({ id, exitCode });
  const byte = error.offset === undefined ? undefined : `byte ${error.offset}`;
  const place = [error.file, error.element, byte].filter((part) => part !== undefined).join(", ");
  expect(`error: ${place === "" ? "" : `${place}: `}${error.message}`).toMatch(message);
  expect(error.message).not.toContain("\n");
}

/** Conv and BatchNormalization with unlike channels, a bias and a negative scale. */
export const CONV_BN: string = convBn("{0.5, -2, 1.5}");

/** CONV_BN with one scale changed: the outputs differ. */
export const CONV_BN_CHANGED: string = convBn("{0.5, -2, 1.6}");

function convBn(scale: string): string {
  return `
<ir_version: 8, opset_import: ["" : 17], producer_name: "test", metadata_props: ["author": "a test"]>
main (float[N,2,H,5] x) => (float[N,3,H,5] y)
<float[3,2,1,1] W = {1, 2, 3, -4, 5, 0.5}, float[3] B = {0.1, -0.2, 0.3}, float[3] scale = ${scale},
 float[3] shift = {1, 0, -1}, float[3] mean = {0.5, -0.5, 2}, float[3] var = {1, 4, 0.25}>
{
  c = Conv(x, W, B)
  n = BatchNormalization(c, scale, shift, mean, var)
  y = Relu(n)
}`;
}

/** A BatchNormalization whose statistics a caller gives: it stays. */
export const RUNTIME_BN = `
<ir_version: 8, opset_import: ["" : 17]>
main (float[N,2,4,5] x, float[3] mean) => (float[N,3,4,5] y)
<float[3,2,1,1] W = {1, 2, 3, -4, 5, 0.5}, float[3] scale = {0.5, -2, 1.5}, float[3] shift = {1, 0, -1},
 float[3] var = {1, 4, 0.25}>
{
  c = Conv(x, W)
  i = Identity(c)
  y = BatchNormalization(i, scale, shift, mean, var)
}`;

/** An operator that onnxruntime does not have. */
export const CUSTOM = `
<ir_version: 8, opset_import: ["" : 17, "example.custom" : 1]>
main (float[N,2] x) => (float[N,2] y)
{
  i = Identity(x)
  y = example.custom.Warp(i)
}`;
