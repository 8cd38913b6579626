import { expect, it } from "vitest";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { scalarOf } from "../../src/training/scalar-output.js";

it("a scalar is read in its type; anything else is a bug", () => {
  const outputs = new Map([
    ["loss", { dtype: "double" as const, dims: [], data: encodeNumbers("double", [0.1]) }],
    ["half", { dtype: "float16" as const, dims: [1], data: encodeNumbers("float16", [2.5]) }],
    ["text", { dtype: "string" as const, dims: [], data: ["a"] }],
  ]);
  expect([scalarOf(outputs, "loss"), scalarOf(outputs, "half")]).toEqual([0.1, 2.5]);
  for (const name of ["text", "none"]) {
    expect(() => scalarOf(outputs, name)).toThrow(expect.objectContaining({ code: "internal" }));
  }
});
