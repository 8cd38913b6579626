import { expect, it } from "vitest";
import { staticShape, tensorType } from "../../src/ir/type.js";

it("a shape is static when all of its sizes are numbers", () => {
  expect(staticShape(tensorType("float", [2, 3]))).toEqual([2, 3]);
  expect(staticShape(tensorType("float", []))).toEqual([]);
  for (const shape of [undefined, ["N", 3], [2, undefined]] as const) {
    expect(staticShape(tensorType("float", shape))).toBeUndefined();
  }
  expect(staticShape({ kind: "sequence", element: tensorType("float", [1]) })).toBeUndefined();
  expect(staticShape(undefined)).toBeUndefined();
});
