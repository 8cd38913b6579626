import { describe, expect, it } from "vitest";
import { addScaled } from "../../src/affine/matrices.js";
import type { FloatDType } from "../../src/ir/dtype.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { elementsOf } from "../support/text.js";

function tensor(name: string, dims: readonly number[], dtype: FloatDType = "float"): Tensor {
  return tensorFromNumbers(dtype, dims, elementsOf(name, dims));
}

/** Read through `readInto` and a moving window of `step` bytes, which cuts elements and rows anywhere. */
function readInBlocks(tensor: Tensor, step: number): Uint8Array {
  const bytes = new Uint8Array(tensor.byteLength);
  for (let at = 0; at < bytes.length; at += step)
    tensor.readInto(bytes.subarray(at, Math.min(at + step, bytes.length)), at);
  return bytes;
}

describe("a sum of multiples", () => {
  it("is the same read whole and in blocks of any size", () => {
    const terms = [
      { factor: 0.5, tensor: tensor("a", [5, 3]) },
      { factor: -3, tensor: tensor("b", [5, 3]) },
    ];
    const lazy = addScaled("float", [5, 3], terms);
    const [a = new Float64Array(), b = new Float64Array()] = terms.map((term) => term.tensor.toFloat64());
    expect([...lazy.toFloat64()]).toEqual(
      Array.from(a, (value, i) => Math.fround(0.5 * value - 3 * (b[i] ?? NaN))),
    );
    for (const step of [1, 7, 16]) expect(readInBlocks(lazy, step)).toEqual(lazy.bytes());
  });
});
