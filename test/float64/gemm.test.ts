import { expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { addProduct } from "../../src/float64/gemm.js";

const row = (data: Float64Array, columns: number) => ({ data, base: 0, rowStride: columns, columnStride: 1 });

it.each([
  [1, 1, 1],
  [3, 5, 2],
  [5, 300, 7],
  [6, 4, 131],
  [4, 257, 129],
])("a product of %i x %i x %i equals that of three loops", (rows, depth, columns) => {
  const random = createRandom(rows * depth + columns);
  const [a, b] = [rows * depth, depth * columns].map((size) =>
    Float64Array.from({ length: size }, () => random.integer(-4, 5)),
  );
  if (a === undefined || b === undefined) throw new Error("two matrices");
  const out = new Float64Array(rows * columns + 2).fill(1);
  addProduct({ rows, depth, columns, a: row(a, depth), b: row(b, columns), out, outBase: 2 });
  const expected = new Float64Array(rows * columns + 2).fill(1);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < depth; k++) {
        const at = 2 + i * columns + j;
        expected[at] = (expected[at] ?? 0) + (a[i * depth + k] ?? 0) * (b[k * columns + j] ?? 0);
      }
  expect(out).toEqual(expected);
});

it("reads transposed matrices by their strides, and blocks that are computed", () => {
  const a = Float64Array.of(1, 2, 3, 4);
  const out = new Float64Array(4);
  addProduct({
    rows: 2,
    depth: 2,
    columns: 2,
    a: { data: a, base: 0, rowStride: 1, columnStride: 2 },
    b: (target, k0, depth, j0, columns) => {
      for (let k = 0; k < depth; k++)
        for (let j = 0; j < columns; j++) target[k * columns + j] = 10 * (k0 + k) + j0 + j;
    },
    out,
    outBase: 0,
  });
  // [1 3; 2 4] * [0 1; 10 11]
  expect([...out]).toEqual([30, 34, 40, 46]);
});

it("nothing to multiply leaves the target alone", () => {
  const out = Float64Array.of(7);
  addProduct({
    rows: 1,
    depth: 0,
    columns: 1,
    a: row(new Float64Array(), 0),
    b: row(new Float64Array(), 1),
    out,
    outBase: 0,
  });
  expect([...out]).toEqual([7]);
});
