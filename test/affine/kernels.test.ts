import { describe, expect, it } from "vitest";
import { addKernels, alignTaps, diagonalKernel, type Kernel } from "../../src/affine/kernels.js";
import { isRefusal } from "../../src/base/refusal.js";
import type { FloatDType } from "../../src/ir/dtype.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { elementsOf } from "../support/text.js";

function tensor(name: string, dims: readonly number[], dtype: FloatDType = "float"): Tensor {
  return tensorFromNumbers(dtype, dims, elementsOf(name, dims));
}

function kernel(weight: Tensor, group: number, pad: number): Kernel {
  const rank = weight.dims.length - 2;
  const ones = new Array<number>(rank).fill(1);
  return { weight, group, strides: ones, dilations: ones, pads: [...ones, ...ones].map((one) => one * pad) };
}

function sum(host: Kernel, guest: Kernel, dtype: FloatDType = "float"): Tensor {
  const taps = alignTaps(host, guest, false);
  if (isRefusal(taps)) throw new Error(taps.reason);
  return addKernels(dtype, host, guest, taps);
}

/** Read through `readInto` and a moving window of `step` bytes, which cuts elements and rows anywhere. */
function readInBlocks(tensor: Tensor, step: number): Uint8Array {
  const bytes = new Uint8Array(tensor.byteLength);
  for (let at = 0; at < bytes.length; at += step)
    tensor.readInto(bytes.subarray(at, Math.min(at + step, bytes.length)), at);
  return bytes;
}

describe("the sum of two kernels", () => {
  for (const dtype of ["float", "double", "float16", "bfloat16"] as const) {
    it(`is the same read whole and in blocks of any size, ${dtype}`, () => {
      const host = kernel(tensor("host", [6, 2, 3, 2], dtype), 2, 1);
      const guest = { ...kernel(tensor("guest", [6, 2, 2, 1], dtype), 2, 0), pads: [0, 0, 1, 1] };
      const lazy = sum(host, guest, dtype);
      for (const step of [1, 3, 5, 8, 24, 100]) expect(readInBlocks(lazy, step)).toEqual(lazy.bytes());
    });
  }

  it("adds a diagonal at the tap that looks at the place itself", () => {
    const weight = tensorFromNumbers("float", [4, 2, 3], new Float64Array(24));
    const lazy = sum(kernel(weight, 2, 1), diagonalKernel(Float64Array.of(1, 2, 3, 4), 1));
    expect([...lazy.toFloat64()]).toEqual(
      [
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 2, 0],
        [0, 3, 0, 0, 0, 0],
        [0, 0, 0, 0, 4, 0],
      ].flat(),
    );
  });

  it("rounds once", () => {
    const one = tensorFromNumbers("float", [1, 1, 1], [1]);
    const lazy = sum(kernel(one, 1, 0), diagonalKernel(Float64Array.of(2 ** -24 * 3), 1));
    expect([...lazy.toFloat64()]).toEqual([Math.fround(1 + 2 ** -24 * 3)]);
  });
});
