import { expect, it } from "vitest";
import { addedOperators, emit, gradientTable, graphOf, modelOf } from "../../support/gradient.js";

gradientTable("the same elements in another shape", [
  ["y = Reshape(x, s)", "[2,3,4]", "[4,6]", "int64[2] s = {4, -1}"],
  ["y = Flatten <axis = 2> (x)", "[2,3,4]", "[6,4]"],
  ["y = Squeeze(x, a)", "[2,1,3,1]", "[2,3]", "int64[2] a = {1, -1}"],
  ["y = Squeeze(x)", "[2,1,3,1]", "[2,3]"],
  ["y = Unsqueeze(x, a)", "[2,3]", "[1,2,3,1]", "int64[2] a = {0, -1}"],
  ["y = Identity(x)", "[2,3]", "[2,3]"],
]);

it("a Flatten into the same shape adds no node", () => {
  const model = modelOf(graphOf("[4,3]", "[4,3]", "", "y = Flatten(x)"));
  expect(addedOperators(model, emit(model, "y", ["x"]))).toBe("");
});
