import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { demandOf, growRows, isMatrixOf, matrixShape, ownersOf } from "../../src/rewrite/row-region.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

const grown = (nodes: string, input = "float[N,5,6] x") => {
  const constants = [
    constant("W", [6, 6]),
    constant("b", [6]),
    constant("k", [5, 6]),
    "int64[2] flat = {-1, 6}, int64[3] back = {-1, 5, 6}",
  ];
  const model = modelOf(graphText(input, constants, nodes));
  const facts = createFacts(model);
  const members = growRows(model.graph, "onnxruntime", facts);
  return { model, facts, members };
};
const namesOf = ({ members }: ReturnType<typeof grown>): string[] =>
  [...members.keys()].map(({ name }) => name).sort();

describe("the operators that could work on rows", () => {
  it.each([
    ["a linear layer is one with its bias", "p = MatMul (x, W) y = Add (p, b)", ["y"]],
    [
      "elementwise operators around it",
      "e = Exp (x) p = MatMul (e, W) a = Add (p, b) y = Mul (a, e)",
      ["a", "e", "y"],
    ],
    [
      "a constant that differs from row to row ends it",
      "p = MatMul (x, W) a = Add (p, b) y = Mul (a, k)",
      ["a"],
    ],
    [
      "an operator over another axis ends it",
      "p = MatMul (x, W) a = Add (p, b) y = Softmax <axis = 1> (a)",
      ["a"],
    ],
    ["a view in front", "u = Relu (x) v = Reshape (u, back) p = MatMul (v, W) y = Add (p, b)", ["v", "y"]],
    ["nothing without a product", "e = Exp (x) y = Mul (e, e)", []],
  ])("%s", (_, nodes, names) => {
    expect(namesOf(grown(nodes))).toEqual(names);
  });
});

it("knows the matrix of a value, and what gives it", () => {
  const { model, facts, members } = grown("p = MatMul (x, W) y = Add (p, b) m = Reshape (y, flat)");
  const named = (name: string) =>
    [...model.nodes()].map((node) => node.output(0)).find((each) => each?.name === name);
  const value = present(named("y"), "y");
  expect(matrixShape(value, facts)?.[1]).toBe(6);
  expect(isMatrixOf(named("m"), value, facts)).toBe(true);
  expect(isMatrixOf(value, value, facts)).toBe(false);
  expect(demandOf(value, ownersOf(members), facts)).toEqual({ fixed: true, gives: true });
});
