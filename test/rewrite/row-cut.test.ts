import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { bestRows } from "../../src/rewrite/row-cut.js";
import { growRows } from "../../src/rewrite/row-region.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

const turns = (nodes: string, input: string, target: "onnxruntime" | "any" = "onnxruntime") => {
  const constants = ["V", "W"].map((name) => constant(name, [6, 6]));
  const shape = "int64[4] heads = {-1, 5, 2, 3}";
  const model = modelOf(graphText(input, [...constants, constant("b", [6]), shape], nodes));
  const facts = createFacts(model);
  return bestRows(growRows(model.graph, target, facts), target, facts).map(({ gain, members }) => [
    gain,
    members.map(({ output }) => output.name),
  ]);
};
const TWO = "p = MatMul (x, W) a = Add (p, b) e = Tanh (a) q = MatMul (e, V) c = Add (q, b)";

it.each([
  ["two layers in a row", "float[N,5,6] x", `${TWO} y = Reshape (c, heads)`, [[1, ["a", "e", "c"]]]],
  [
    "of known sizes, with two Reshapes around each",
    "float[2,5,6] x",
    `${TWO} y = Reshape (c, heads)`,
    [[3, ["a", "e", "c"]]],
  ],
  ["as many Reshapes as layers are no gain", "float[N,5,6] x", TWO.replace("c =", "y ="), []],
  [
    "layers without anything in common",
    "float[2,5,6] x",
    "p = MatMul (x, W) a = Add (p, b) s = Softmax <axis = 1> (a) q = MatMul (s, V) c = Add (q, b) y = Reshape (c, heads)",
    [[1, ["c"]]],
  ],
] as const)("%s", (_, input, nodes, expected) => {
  expect(turns(nodes, input)).toEqual(expected);
});

it("counts the operators of the file for any runtime", () => {
  expect(turns(`${TWO} y = Reshape (c, heads)`, "float[2,5,6] x", "any")).toEqual([[1, ["a", "e", "c"]]]);
});
