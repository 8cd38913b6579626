import { describe, expect, it } from "vitest";
import type { Model } from "../../../src/ir/model.js";
import { RaiseContext, Workbench } from "../../../src/rules/raise/context.js";
import { dropConsumed, inferenceMode, intsToInput } from "../../../src/rules/raise/steps.js";
import { parseGraph } from "../../../src/text/parse.js";
import { nodeOf } from "../../support/facts.js";

function contextOf(node: string): { readonly at: RaiseContext; readonly model: Model } {
  const model = parseGraph(`g (float[2,3] x) => (float z) { ${node} z = Neg (y) }`, { opset: 6 });
  const made = nodeOf(model, "y");
  return { model, at: new RaiseContext(made, new Workbench(model.graph), () => undefined, 7, 17) };
}

describe("the steps that several operators share", () => {
  it("turn an attribute into an input", () => {
    const { at } = contextOf("y = ReduceSum <axes = [1]> (x)");
    intsToInput("axes", 1)(at);
    expect([...(at.node.input(1)?.tensor?.toIntegers() ?? [])]).toEqual([1]);
    expect(at.node.attributes.has("axes")).toBe(false);
    const { at: without } = contextOf("y = ReduceSum (x)");
    intsToInput("axes", 1)(without);
    expect(without.node.inputs).toHaveLength(1);
  });

  it("drop hints", () => {
    const { at } = contextOf("y = Relu <consumed_inputs = [0]> (x)");
    dropConsumed(at);
    expect(at.node.attributes.size).toBe(0);
  });

  it("refuse training mode, which further outputs mean", () => {
    const { at } = contextOf("y = Dropout <is_test = 1> (x)");
    inferenceMode(at);
    expect(at.node.attributes.size).toBe(0);
    const { at: training } = contextOf("y, mask = Dropout (x) used = Not (mask)");
    expect(() => inferenceMode(training)).toThrow(
      expect.objectContaining({ id: "training-outputs-are-used" }),
    );
  });
});
