import { describe, expect, it } from "vitest";
import { readNpy } from "../../src/node/npy.js";
import { numbers } from "../support/runtime.js";

/** An .npy file as NumPy writes it: the header padded so that the data begins at a multiple of 64. */
function npy(descr: string, shape: readonly number[], data: Uint8Array, fortran = false): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${tuple}), }`;
  const length = Math.ceil((header.length + 11) / 64) * 64 - 10;
  const text = new TextEncoder().encode(`${header.padEnd(length - 1)}\n`);
  return Uint8Array.of(0x93, 78, 85, 77, 80, 89, 1, 0, length & 255, length >> 8, ...text, ...data);
}

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const doubles = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

describe("readNpy", () => {
  it.each([
    ["<f4", floats(1.5, -2), "float", [1.5, -2]],
    ["<f8", doubles(1e-300, 2), "double", [1e-300, 2]],
    ["<f2", Uint8Array.of(0, 0x3c, 0, 0xc0), "float16", [1, -2]],
    ["<i8", new Uint8Array(BigInt64Array.of(-1n, 5n).buffer), "int64", [-1, 5]],
    ["|u1", Uint8Array.of(0, 255), "uint8", [0, 255]],
    ["|b1", Uint8Array.of(1, 0), "bool", [1, 0]],
  ])("reads %s", (descr, data, dtype, values) => {
    const array = readNpy(npy(descr, [2], data));
    expect(array).toMatchObject({ dtype, dims: [2] });
    expect(numbers(array)).toEqual(values);
  });

  it("turns Fortran order into C order", () => {
    const array = readNpy(npy("<f4", [2, 3], floats(0, 3, 1, 4, 2, 5), true));
    expect(numbers(array)).toEqual([0, 1, 2, 3, 4, 5]);
    const cube = readNpy(npy("|u1", [2, 2, 2], Uint8Array.of(0, 4, 2, 6, 1, 5, 3, 7), true));
    expect(numbers(cube)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("turns big-endian elements around, each number of a complex one by itself", () => {
    expect(numbers(readNpy(npy(">i2", [2], Uint8Array.of(1, 2, 0xff, 0xfe))))).toEqual([258, -2]);
    expect(numbers(readNpy(npy(">i2", [2, 1], Uint8Array.of(1, 2, 0xff, 0xfe), true)))).toEqual([258, -2]);
    expect(readNpy(npy(">U1", [1], Uint8Array.of(0, 1, 0xf6, 0))).data).toEqual(["\u{1f600}"]);
    const complex = readNpy(npy(">c8", [1], Uint8Array.of(0x3f, 0x80, 0, 0, 0x40, 0, 0, 0)));
    expect(complex.data).toEqual(floats(1, 2));
  });

  it("reads scalars, empty arrays and text", () => {
    expect(readNpy(npy("<f4", [], floats(7)))).toMatchObject({ dims: [] });
    expect(numbers(readNpy(npy("<f4", [0, 3], floats())))).toEqual([]);
    const text = new Uint8Array(Uint32Array.of(97, 0x1f600, 98, 0).buffer);
    expect(readNpy(npy("<U2", [2], text)).data).toEqual(["a\u{1f600}", "b"]);
  });

  it.each([
    ["objects", npy("|O", [1], floats(1)), "invalid", "npy-holds-objects", /pickled/],
    ["2^50 elements", npy("<f4", [2 ** 25, 2 ** 25], floats(1)), "invalid", "array-is-cut-off", /./],
    ["2^80 elements", npy("<f4", [2 ** 40, 2 ** 40], floats(1)), "invalid", "npy-header-is-damaged", /./],
    ["a size beyond numbers", npy("<f4", [2 ** 60, 0], floats()), "invalid", "npy-header-is-damaged", /./],
    ["an unknown type", npy("<f16", [1], floats(1, 1, 1, 1)), "unsupported", "npy-type-has-no-dtype", /f16/],
    [
      "a cut file",
      npy("<f4", [3], floats(1)),
      "invalid",
      "array-is-cut-off",
      /takes 12 bytes, and there are 4/,
    ],
    ["something else", Uint8Array.of(1, 2, 3), "invalid", "file-is-not-npy", /./],
    ["a cut header", npy("<f4", [3], floats(1)).subarray(0, 40), "invalid", "npy-header-is-damaged", /./],
  ])("refuses %s in one line", (_, bytes, code, id, message) => {
    expect(() => readNpy(bytes)).toThrow(
      expect.objectContaining({ code, id, message: expect.stringMatching(message) }),
    );
  });
});
