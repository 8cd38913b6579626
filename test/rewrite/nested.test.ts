import { expect, it } from "vitest";
import { flatten, isNested, type NestedIn, namesOf } from "../../src/rewrite/nested.js";
import { parseGraph } from "../../src/text/parse.js";

const { graph } = parseGraph(
  `g (float[2] a, float[2] b, float[2] c, float[2] d) => (float[2] y) {
     p = Max (a, b) q = Max (p, c) n = Neg (q) r = Max (q, d) y = Max (r, n) }`,
  { opset: 17 },
);
const maxInMax: NestedIn = (value, _, outer) => {
  const node = value.producer;
  return node?.is("Max") && outer.is("Max") && value.uses.size === 1 ? node : undefined;
};
const [p, q, , r, y] = [...graph.nodes()];

it("operands of nodes in a node stand in their place, in order", () => {
  if (y === undefined || q === undefined) throw new Error("nodes");
  const { operands, gone } = flatten(y, maxInMax);
  expect(operands.map((value) => value?.name)).toEqual(["q", "d", "n"]);
  expect(gone).toEqual([r]);
  expect(flatten(q, maxInMax).operands.map((value) => value?.name)).toEqual(["a", "b", "c"]);
});

it("a node is nested when its only reader can take over its operands", () => {
  if (p === undefined || q === undefined || r === undefined || y === undefined) throw new Error("nodes");
  expect([p, q, r, y].map((node) => isNested(node, maxInMax))).toEqual([true, false, true, false]);
});

it("summaries name two, and count more", () => {
  if (p === undefined || q === undefined || r === undefined) throw new Error("nodes");
  expect([[], [p], [p, q], [p, q, r]].map(namesOf)).toEqual([
    "nothing",
    'Max "p"',
    'Max "p" and Max "q"',
    'Max "p" and 2 more',
  ]);
});
