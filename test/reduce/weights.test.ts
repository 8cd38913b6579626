import { describe, expect, it } from "vitest";
import { verify } from "../../src/ir/verify.js";
import { generated, simplified, uniformWeights, weightsOf } from "../../src/reduce/weights.js";
import { printGraph } from "../../src/text/print.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

const TWO = graphText(
  "float[2] x",
  ["float[2] a = {1.23456, -7.891}", "int64[1] i = {1}", "float[2] b = {1, 1}"],
  "p = Add (x, a) q = Mul (p, b) y = Gather (q, i)",
);

describe("weights", () => {
  it("become zeros, ones, whole or short numbers; integers stay", () => {
    const model = modelOf(TWO);
    const weights = weightsOf(model);
    expect(weights.map(({ name }) => name)).toEqual(["a", "b"]);
    const text = (how: "zeros" | "ones" | "whole" | "short"): string => {
      const simple = simplified(model, weights, how);
      return simple === undefined ? "" : printGraph(simple.graph);
    };
    expect(text("zeros")).toContain("a = {0.0, 0.0}");
    expect(text("ones")).toContain("a = {1.0, 1.0}");
    expect(text("whole")).toContain("a = {1.0, -8.0}");
    expect(text("short")).toContain("a = {1.2, -7.9}");
    expect(text("short")).toContain("i = {1}");
    expect(simplified(model, weights.slice(1), "ones")).toBeUndefined();
  });

  it("that are one large number are made by a ConstantOfShape", () => {
    const model = modelOf(graphText("float[40,40] x", [constant("w", [40, 40])], "y = MatMul (x, w)"));
    expect(uniformWeights(model)).toEqual([]);
    const ones = simplified(model, weightsOf(model), "ones");
    const [weight] = ones === undefined ? [] : uniformWeights(ones);
    const small = ones === undefined || weight === undefined ? undefined : generated(ones, weight);
    expect(small === undefined ? "" : printGraph(small.graph)).toContain("w = ConstantOfShape");
    expect(small === undefined ? ["none"] : verify(small)).toEqual([]);
  });
});
