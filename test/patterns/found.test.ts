import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type Context, NOTHING, near, producerOf, withNode, withNumber } from "../../src/patterns/found.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";

const model = parseGraph("g (float[2] x) => (float y) { a = Exp (x) y = Neg (a) }", { opset: 17 });
const context: Context = { facts: createFacts(model), root: nodeOf(model, "y"), dtype: "float", opset: 17 };

it("near allows the rounding of the computation's type", () => {
  expect(near(0.3333333, 1 / 3, context)).toBe(true);
  expect(near(0.33333, 1 / 3, context)).toBe(false);
  expect(near(0.3333, 1 / 3, { ...context, dtype: "float16" })).toBe(true);
  expect(near(0.3333333, 1 / 3, { ...context, dtype: "double" })).toBe(false);
  expect(near(undefined, 0, context)).toBe(false);
});

it("readings grow without a change to the ones before", () => {
  const one = withNode(withNumber(NOTHING, "c", 2), context.root);
  expect([one.numbers.get("c"), one.nodes.size]).toEqual([2, 1]);
  expect([NOTHING.numbers.size, NOTHING.nodes.size]).toEqual([0, 0]);
});

it("producerOf finds the operator, and no function of its name", () => {
  expect(producerOf(valueNamed(model, "a"), "Exp", context)).toBe(nodeOf(model, "a"));
  expect(producerOf(valueNamed(model, "a"), "Log", context)).toBeUndefined();
  expect(producerOf(valueNamed(model, "x"), "Exp", context)).toBeUndefined();
  const calling = parseModel(`<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float[2] x) => (float y) { a = local.Exp (x) y = Neg (a) }
    <domain: "local", opset_import: ["" : 17]> Exp (v) => (w) { w = Neg (v) }`);
  const inside = { ...context, facts: createFacts(calling), root: nodeOf(calling, "y") };
  expect(producerOf(valueNamed(calling, "a"), "Exp", inside)).toBeUndefined();
});
