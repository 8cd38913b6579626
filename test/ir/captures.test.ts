import { expect, it } from "vitest";
import { capturesOf } from "../../src/ir/captures.js";
import { parseGraph } from "../../src/text/parse.js";

it("captures are the outer values that bodies read, each once, through bodies in bodies", () => {
  const { graph } = parseGraph(
    `g (bool p, float[2] x, float[2] z) => (float[2] y) <float[2] w = {1, 2}> {
       y = If (p) <
         then_branch = t () => (a) { s = Add (x, w) a = If (p) <
           then_branch = u () => (b) { b = Add (s, z) }, else_branch = v () => (c) { c = Neg (x) }> },
         else_branch = e () => (d) { d = Identity (x) }>
     }`,
    { opset: 17 },
  );
  const names = [...graph.nodes()].map((node) => capturesOf(node).map(({ name }) => name));
  expect(names.map((list) => [...list].sort())).toEqual([["p", "w", "x", "z"]]);
});

it("a node without bodies captures nothing", () => {
  const { graph } = parseGraph("g (float[2] x) => (float[2] y) { y = Relu (x) }", { opset: 17 });
  expect([...graph.nodes()].flatMap((node) => capturesOf(node))).toEqual([]);
});
