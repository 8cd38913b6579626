import type { Model } from "../ir/model.js";
import { Tensor, tensorFromBytes } from "../ir/tensor.js";
import { encodeToBytes } from "../proto/encode.js";
import { errors } from "./errors.js";
import type { Runtime, RuntimeTensor } from "./runtime.js";

const utf8 = new TextEncoder();

/**
 * Runs a model without inputs once and gives the values of its outputs by name: how constant folding computes, since
 * only the runtime's own kernels give the bits that the unfolded graph would have given. Throws NormfoldError
 * "unsupported" or "invalid" with the runtime's reason.
 */
export async function evaluateConstants(
  runtime: Runtime,
  constants: Model,
  outputs: readonly string[],
): Promise<Map<string, Tensor>> {
  if (constants.graph.inputs.some((input) => input.tensor === undefined))
    throw errors.constantModelHasInputs();
  if (outputs.length === 0) return new Map();
  const session = await runtime.open({ kind: "bytes", bytes: encodeToBytes(constants) });
  try {
    const values = await session.run(new Map(), outputs);
    return new Map([...values].map(([name, value]) => [name, toTensor(value)]));
  } finally {
    await session.close();
  }
}

/** A tensor of the runtime as one of a model. */
export function toTensor({ dtype, dims, data }: RuntimeTensor): Tensor {
  if (data instanceof Uint8Array) {
    // Copied, because the runtime frees its memory with the session, and may hold more than the tensor.
    return tensorFromBytes(dtype, dims, data.slice());
  }
  return new Tensor(dtype, dims, { kind: "strings", values: data.map((text) => utf8.encode(text)) });
}
