import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isDifferentiable, reachFrom } from "../../src/gradient/reach.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const model = parseGraph(
  `g (bool p, float[4] x, float[4] z) => (float[4] y) <float s = {0.5}, uint8 o = {3}> {
     a = Exp (x) i = Cast <to = 7> (a) f = Cast <to = 1> (i) q = QuantizeLinear (a, s, o) d = DequantizeLinear (q, s, o)
     e = Neg (z) c = If (p) <then_branch = t () => (u) { u = Abs (d) }, else_branch = h () => (v) { v = Abs (e) }> y = Add (f, c) }`,
  { opset: 17 },
);
const facts = createFacts(model);

it("gradients end at integers, and pass quantized values", () => {
  const reached = reachFrom(model.graph, [valueNamed(model, "x")], facts);
  const carried = ["x", "a", "i", "q", "f"].map((name) => reached.has(valueNamed(model, name)));
  expect(carried).toEqual([true, true, false, true, false]);
  expect(["x", "i", "q"].map((name) => isDifferentiable(facts, valueNamed(model, name)))).toEqual([
    true,
    false,
    false,
  ]);
});

it("reach follows values that carry gradients, through bodies too", () => {
  const reached = [...reachFrom(model.graph, [valueNamed(model, "x")], facts)].map(({ name }) => name);
  expect(reached).toEqual(["x", "a", "q", "d", "c", "y"]);
  const fromZ = [...reachFrom(model.graph, [valueNamed(model, "z")], facts)].map(({ name }) => name);
  expect(fromZ).toEqual(["z", "e", "c", "y"]);
});
