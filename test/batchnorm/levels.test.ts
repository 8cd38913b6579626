import { expect, it } from "vitest";
import { levelsOf } from "../../src/batchnorm/levels.js";
import { parseGraph } from "../../src/text/parse.js";

it("a node's level is the number of chosen nodes on the longest way to it", () => {
  const { graph } = parseGraph(
    `g (bool p, float[2] x) => (float[2] y) {
       a = Relu (x) b = Relu (x) c = Exp (a) d = Relu (c) e = Add (b, d) f = Relu (e)
       y = If (p) <then_branch = t () => (u) { u = Neg (f) }, else_branch = s () => (v) { v = Abs (x) }> }`,
    { opset: 17 },
  );
  const chosen = [...graph.nodes()].filter((node) => node.is("Relu", "If"));
  const levels = levelsOf(graph, chosen).map((level) => level.map((node) => node.key));
  expect(levels).toEqual([["a", "b"], ["d"], ["f"], ["y"]]);
});

it("nothing chosen has no levels", () => {
  const { graph } = parseGraph("g (float[2] x) => (float[2] y) { y = Relu (x) }", { opset: 17 });
  expect(levelsOf(graph, [])).toEqual([]);
});
