import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { memorySource } from "../../src/base/bytes.js";
import type { Numerics } from "../../src/base/numerics.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import type { CheckerOptions } from "../../src/runtime/checker-options.js";
import { type RuntimeModel, type RuntimeTensor, tensorSize } from "../../src/runtime/runtime.js";
import { parseGraph } from "../../src/text/parse.js";

/** The models beside the repository; undefined in a clone without them. */
const folder = fileURLToPath(new URL("../../../shared/models", import.meta.url));
export const SHARED: string | undefined = existsSync(folder) ? folder : undefined;

export function modelOf(text: string, opset = 17): Model {
  return parseGraph(text, { opset });
}

export function bytesOf(text: string, opset = 17): RuntimeModel {
  return { kind: "bytes", bytes: encodeToBytes(modelOf(text, opset)) };
}

export function bytesIn(model: RuntimeModel): Uint8Array {
  if (model.kind !== "bytes") throw new Error("not in memory");
  return model.bytes;
}

export function readModel(path: string): Model {
  return decodeModel(memorySource(readFileSync(path)));
}

export function tensor(dtype: DType, dims: readonly number[], values: ArrayLike<number>): RuntimeTensor {
  return { dtype, dims, data: encodeNumbers(dtype, values) };
}

export function numbers(value: RuntimeTensor | undefined): number[] {
  if (value === undefined || !(value.data instanceof Uint8Array)) throw new Error("no numbers");
  return [...decodeNumbers(value.dtype, value.data, tensorSize(value.dims))];
}

/** `{1, 2.5, ...}`: a constant of the text syntax. */
export function list(values: Iterable<number>): string {
  return `{${[...values].map((value) => value.toPrecision(9)).join(", ")}}`;
}

/** Compares a result with its original on generated inputs or the user's. Throws only for wrong options and abortion. */
export async function checkModels(
  original: RuntimeModel,
  result: RuntimeModel,
  options: CheckerOptions & { readonly numerics: Numerics },
): Promise<CheckReport> {
  const checker = await createChecker(original, options);
  try {
    return await checker.compare(result, options.numerics);
  } finally {
    await checker.close();
  }
}
