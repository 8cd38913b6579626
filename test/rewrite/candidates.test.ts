import { expect, it } from "vitest";
import { candidatesOf, freedBy } from "../../src/rewrite/candidates.js";
import { parseGraph } from "../../src/text/parse.js";

const { graph } = parseGraph(
  `g (float[4] x) => (float[4] y, float[4] z) <float[4] k = {1,2,3,4}, float[4] l = {1,1,1,1}, float[4] m = {2,2,2,2}> {
     a = Exp (k) b = Add (a, l) c = Neg (b) d = Mul (b, m) y = Add (x, c) z = Add (x, d) }`,
  { opset: 17 },
);
const foldable = new Set([...graph.nodes()].filter((node) => ["a", "b", "c", "d"].includes(node.key)));

it("results are the values with a reader that is not computed from constants", () => {
  expect(candidatesOf(foldable).map(({ value }) => value.name)).toEqual(["c", "d"]);
});

it("a constant counts for the one result that it leads to", () => {
  // k and l lead to both results; m, of 16 bytes, to d alone.
  const freed = [...freedBy(foldable)].map(([node, bytes]) => [node.key, bytes]);
  expect(freed).toEqual([["d", 16]]);
});
