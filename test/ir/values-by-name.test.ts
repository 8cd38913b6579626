import { expect, it } from "vitest";
import { valuesByName } from "../../src/ir/values-by-name.js";
import { parseGraph } from "../../src/text/parse.js";

it("has inputs, initializers and outputs of nodes, but no values of bodies", () => {
  const { graph } = parseGraph(
    `g (bool p, float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
       a = Add (x, w) y = If (p) <then_branch = t () => (b) { b = Neg (a) }, else_branch = e () => (c) { c = Exp (a) }> }`,
    { opset: 17 },
  );
  const values = valuesByName(graph);
  expect([...values.keys()]).toEqual(["p", "x", "w", "a", "y"]);
  expect(values.get("a")?.producer?.opType).toBe("Add");
  expect(values.get("w")?.tensor?.dims).toEqual([2]);
});
