import { expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";

// Tensors of one element repeated are made as far as they are read: a network of them is as large as one with weights.
it.each([
  ["float", "1.5"],
  ["double", "2.5"],
  ["int64", "-7"],
  ["bool", "1"],
])("a filled %s tensor is the same read whole and in pieces", async (dtype, element) => {
  const { model } = await rewrite(
    `g (${dtype}[N,11] x) => (y) <int64[2] dims = {3, 11}>
      { c = ConstantOfShape <value = ${dtype}[1] {${element}}> (dims) k = Concat <axis = 0> (x, c) y = Identity (k) }`,
  );
  const tensor = [...model.graph.initializers].find(({ name }) => name === "c")?.tensor;
  if (tensor === undefined) throw new Error("it was not folded");
  const whole = tensor.bytes();
  expect(whole.length).toBe(tensor.byteLength);
  for (const [offset, length] of [
    [0, 1],
    [5, 3],
    [6, 19],
    [whole.length - 2, 2],
  ] as const) {
    const piece = new Uint8Array(length);
    tensor.readInto(piece, offset);
    expect(piece).toEqual(whole.slice(offset, offset + length));
  }
  expect(new Set(tensor.dtype === "int64" ? tensor.toIntegers() : tensor.toFloat64())).toEqual(
    new Set([Number(element)]),
  );
});
