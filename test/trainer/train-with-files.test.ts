import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tensorDataset } from "../../src/data/memory.js";
import { modelToBytes } from "../../src/library/save.js";
import { readCheckpoint } from "../../src/node/checkpoint.js";
import { parseModel } from "../../src/text/parse.js";
import { trainWithFiles } from "../../src/trainer/train-with-files.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-trainer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const sines = (count: number): string =>
  Array.from({ length: count }, (_, i) => Math.sin(i * 7).toFixed(3)).join(", ");
const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> net (float[N,2] x) => (float[N,3] y)
  <float[2,4] w = {${sines(8)}}, float[4,3] v = {${sines(12)}}> { u = MatMul(x, w)  h = Tanh(u)  y = MatMul(h, v) }`);

const floats = (count: number): Uint8Array =>
  new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i * 3)).buffer);
const data = tensorDataset(
  new Map([
    ["x", { dtype: "float", dims: [24, 2], data: floats(48) }],
    [
      "labels",
      {
        dtype: "int64",
        dims: [24],
        data: new Uint8Array(BigInt64Array.from({ length: 24 }, (_, i) => BigInt(i % 3)).buffer),
      },
    ],
  ]),
);
const options = (steps: number) =>
  ({
    data,
    loss: { kind: "cross-entropy" },
    optimizer: { kind: "adam" },
    batchSize: 8,
    learningRate: 0.05,
    steps,
  }) as const;

describe("trainWithFiles", () => {
  it("writes a log and a checkpoint, and goes on from it bit for bit", async () => {
    const files = { log: at("log.jsonl"), checkpoint: at("run.safetensors"), resume: true };
    const seen: number[] = [];
    await trainWithFiles(model, { ...options(4), onStep: ({ step }) => seen.push(step) }, files);
    expect(readCheckpoint(files.checkpoint).step).toBe(4);
    const parts = await trainWithFiles(model, options(9), files);
    const whole = await trainWithFiles(model, options(9), {});
    const lines = readFileSync(files.log, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen).toEqual([1, 2, 3, 4]);
    if (parts === undefined || whole === undefined) return expect.unreachable("neither was stopped");
    expect(Buffer.compare(modelToBytes(parts.model), modelToBytes(whole.model))).toBe(0);
  });

  it("does not write over the checkpoint of another training", async () => {
    const before = readFileSync(at("run.safetensors"));
    await expect(
      trainWithFiles(model, options(2), { log: at("none.jsonl"), checkpoint: at("run.safetensors") }),
    ).rejects.toMatchObject({
      code: "usage",
      id: "checkpoint-is-there",
      where: { file: at("run.safetensors") },
    });
    expect(readFileSync(at("run.safetensors")).equals(before)).toBe(true);
    expect(existsSync(at("none.jsonl"))).toBe(false);
  });

  it("ends in order when it is stopped, and says so", async () => {
    const abort = new AbortController();
    const stopped = await trainWithFiles(
      model,
      { ...options(50), signal: abort.signal, onStep: ({ step }) => step === 3 && abort.abort() },
      { checkpoint: at("stopped.safetensors") },
    );
    expect(stopped?.course).toMatchObject({ interrupted: true, steps: 3 });
    expect(readCheckpoint(at("stopped.safetensors")).step).toBe(3);
  });

  it("tells the caller of each checkpoint too", async () => {
    const steps: number[] = [];
    await trainWithFiles(
      model,
      { ...options(4), checkpointEvery: 2, onCheckpoint: ({ step }) => void steps.push(step) },
      { checkpoint: at("told.safetensors") },
    );
    expect(steps).toEqual(expect.arrayContaining([2, 4]));
  });
});
