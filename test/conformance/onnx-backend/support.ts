import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { memorySource } from "../../../src/base/bytes.js";
import { NormfoldError } from "../../../src/base/errors.js";
import type { Value } from "../../../src/ir/graph.js";
import type { Model } from "../../../src/ir/model.js";
import { encodeNumbers } from "../../../src/ir/tensor.js";
import { verify } from "../../../src/ir/verify.js";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { type DataPort, readFeeds, testDataFolders } from "../../../src/node/feeds.js";
import { openModelFile } from "../../../src/node/files.js";
import { decodeModel } from "../../../src/proto/decode.js";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { compareTensors } from "../../../src/runtime/compare.js";
import type { FeedSet } from "../../../src/runtime/feeds.js";
import { defaultRuntime } from "../../../src/runtime/ort.js";
import type { RuntimeTensor, TensorMap } from "../../../src/runtime/runtime.js";
import { evaluate } from "../../support/rewrite.js";

/**
 *   stored   the result gives the stored outputs, as the original does
 *   raised   onnxruntime has no kernel for the original's old opset; optimized and raised, it gives the stored outputs
 *   like     onnxruntime gives other numbers than the stored ones for the original, and the same for the result
 *   unrun    onnxruntime does not run the original, or its JavaScript interface does not carry its data; the result was
 *            verified, written and read again
 */
export type Outcome = "stored" | "raised" | "like" | "unrun";

/** The oldest opset whose standard operators onnxruntime all has. */
const RAISED = 13;

/** The folders of tests below `folder`: a model.onnx with test_data_set_N beside it each. */
export function testsIn(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name, "model.onnx"))
    .filter((path) => existsSync(path));
}

/** Optimizes one model of the backend tests and compares the result with its stored outputs. Throws an error for each fault. */
export async function judgeBackendTest(path: string, inlineFunctions = false): Promise<Outcome> {
  const original = openModelFile(path);
  const flaws = new Set(verify(original).map(({ message }) => message));
  const result = await rewriteModel(original, { verifyEach: true, inlineFunctions }, { evaluate });
  expect(result.rolledBack.map(({ pass, reason }) => `${pass}: ${reason}`)).toEqual([]);
  expect(portsOf(result.model)).toEqual(portsOf(original));
  const bytes = encodeToBytes(result.model);
  const again = decodeModel(memorySource(bytes));
  expect(verify(again).filter(({ message }) => !flaws.has(message))).toEqual([]);
  expect(Buffer.compare(encodeToBytes(again), bytes), "written twice it differs").toBe(0);

  const sets = dataOf(path, original);
  const before = sets && (await outputsOf(encodeToBytes(original), sets));
  if (sets !== undefined && before === undefined) return await judgeRaised(original, sets);
  if (sets === undefined || before === undefined) return "unrun";
  const after = await outputsOf(bytes, sets);
  if (after === undefined) throw new Error("onnxruntime runs the original but not the result");
  const exact = result.rewrites.every(({ numerics }) => numerics === "exact");
  let outcome: Outcome = "stored";
  for (const [at, { expected }] of sets.entries()) {
    for (const [name, tensor] of before[at] ?? []) {
      const other = after[at]?.get(name);
      const stored = expected?.get(name);
      if (stored !== undefined && isNear(stored, tensor)) {
        if (other === undefined || !isNear(stored, other)) throw new Error(`${name} is not as stored`);
      } else outcome = "like";
      if (!isRandom(original) && (other === undefined || !(exact ? isSame : isNear)(tensor, other))) {
        throw new Error(`${name} is not what the original gives`);
      }
    }
  }
  return outcome;
}

/**
 * Optimizes one of the light topologies, whose weights are formulas and whose output does not depend on its input, and
 * compares the result with the output that is stored beside it. Throws an error for a difference.
 */
export async function judgeLight(path: string): Promise<void> {
  const original = openModelFile(path);
  const { model } = await rewriteModel(original, { verifyEach: true }, { evaluate });
  const inputs = original.graph.inputs.filter((value) => value.tensor === undefined);
  const feeds: TensorMap = new Map(
    inputs.map((value) => {
      const { shape = [] } = value.type?.kind === "tensor" ? value.type : {};
      const dims = shape.map((dim) => (typeof dim === "number" ? dim : 1));
      const ones = new Array<number>(dims.reduce((size, dim) => size * dim, 1)).fill(1);
      return [value.name, { dtype: "float", dims, data: encodeNumbers("float", ones) }];
    }),
  );
  const [runs] =
    (await outputsOf(encodeToBytes(model), [{ name: "ones", feeds, expected: undefined }])) ?? [];
  const [output] = original.graph.outputs;
  if (runs === undefined || output === undefined) throw new Error("onnxruntime does not run the result");
  const [set] = readFeeds(path.replace(/\.onnx$/, "_output_0.pb"), { inputs: [portOf(output)], outputs: [] });
  const [stored, given] = [set?.feeds.get(output.name), runs.get(output.name)];
  if (stored === undefined || given === undefined || !isNear(stored, given)) {
    throw new Error(`${output.name} is not as stored`);
  }
}

export function lightModelsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => join(folder, name));
}

async function judgeRaised(original: Model, sets: readonly FeedSet[]): Promise<Outcome> {
  if ((original.opset() ?? RAISED) >= RAISED) return "unrun";
  const { model } = await rewriteModel(original, { verifyEach: true, opset: RAISED }, { evaluate });
  const runs = await outputsOf(encodeToBytes(model), sets);
  if (runs === undefined) return "unrun";
  for (const [at, { expected }] of sets.entries()) {
    for (const [name, stored] of expected ?? []) {
      const output = runs[at]?.get(name);
      if (output === undefined || !isNear(stored, output)) {
        throw new Error(`${name}, raised, is not as stored`);
      }
    }
  }
  return "raised";
}

function portsOf(model: Model): string[][] {
  // An initializer is no input before IR version 4, whatever the list says.
  const inputs = model.graph.inputs.filter(({ tensor }) => tensor === undefined);
  return [inputs, model.graph.outputs].map((values) => values.map(({ name }) => name));
}

/** Gives other numbers in every run. */
function isRandom(model: Model): boolean {
  return [...model.nodes()].some(({ opType }) => /^Random|^Bernoulli$|^Multinomial$|^Dropout$/.test(opType));
}

function dataOf(path: string, { graph }: Model): readonly FeedSet[] | undefined {
  const ports = {
    inputs: graph.inputs.filter((value) => value.tensor === undefined).map(portOf),
    outputs: graph.outputs.map(portOf),
  };
  return known(() => testDataFolders(path).flatMap((folder) => readFeeds(folder, ports)));
}

function portOf({ name, type }: Value): DataPort {
  return { name, dtype: type?.kind === "tensor" ? type.dtype : undefined };
}

async function outputsOf(
  bytes: Uint8Array,
  sets: readonly FeedSet[],
): Promise<readonly TensorMap[] | undefined> {
  try {
    const session = await (await defaultRuntime()).open({ kind: "bytes", bytes });
    try {
      const runs: TensorMap[] = [];
      for (const { feeds } of sets) runs.push(await session.run(feeds));
      return runs;
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof NormfoldError && error.code !== "internal") return undefined;
    throw error;
  }
}

/** undefined for data of kinds that the runtime's interface does not carry. */
function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NormfoldError && error.code === "unsupported") return undefined;
    throw error;
  }
}

/** The backend tests' own bound: a thousandth of the element, or 1e-7. */
function isNear(a: RuntimeTensor, b: RuntimeTensor): boolean {
  const { mismatch, nonFinite, differing, maxAbsolute, maxRelative } = compareTensors(a, b);
  if (mismatch !== undefined || nonFinite > 0) return false;
  if (!(a.data instanceof Uint8Array)) return differing === 0;
  return maxAbsolute <= 1e-7 || maxRelative <= 1e-3;
}

function isSame(a: RuntimeTensor, b: RuntimeTensor): boolean {
  const { mismatch, differing } = compareTensors(a, b);
  return mismatch === undefined && differing === 0;
}

/** The name of a test: of the folder that holds it. */
export function nameOf(path: string): string {
  return dirname(path).split("/").at(-1) ?? path;
}
