import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Refusal } from "../../src/base/refusal.js";
import { relayout } from "../../src/relayout/relayout.js";
import type { Relayout } from "../../src/rules/layout/facet.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { nodeOf } from "../support/facts.js";

const NHWC = [0, 2, 3, 1];

/** The node of y for its input 0 in channels-last order. */
function turned(body: string, type = "float[2,3,4,5]"): Relayout | Refusal {
  const model = parseGraph(`g (${type} x) => (float y) { ${body} }`, { opset: 17 });
  return relayout(nodeOf(model, "y"), { side: "input", index: 0, perm: NHWC }, createFacts(model));
}

describe("relayout", () => {
  it("gives the inputs and outputs their order, and renames axes", () => {
    expect(turned("y = Softmax <axis = 1> (x)")).toMatchObject({
      attributes: { axis: 3 },
      inputs: new Map([[0, NHWC]]),
      outputs: new Map([[0, NHWC]]),
    });
  });

  it("leaves out values that are the same in both orders", () => {
    expect(turned("y = ReduceMean <axes = [1, 2, 3]> (x)")).toMatchObject({ outputs: new Map() });
    expect(turned("y = Relu (x)", "float[2,1,1,1]")).toMatchObject({ inputs: new Map(), outputs: new Map() });
  });

  it("refuses with the reason that the operator's row gives", () => {
    const id = "needs-axes-in-order";
    expect(turned("y = LRN <size = 3> (x)")).toMatchObject({
      id,
      reason: expect.stringMatching(/^LRN "y" .*no rule .*its spatial axes could change places$/),
    });
    expect(turned("y = NonZero (x)")).toMatchObject({
      id,
      reason: 'NonZero "y" keeps the order of its axes: it lists places in the order of the axes',
    });
  });

  it("takes a model's function for no operator, whatever its name", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
      g (float[2,3,4,5] x) => (float y) { y = local.Relu (x) }
      <domain: "local", opset_import: ["" : 17]> Relu (a) => (b) { b = Neg (a) }`);
    const anchor = { side: "input", index: 0, perm: NHWC } as const;
    expect(relayout(nodeOf(model, "y"), anchor, createFacts(model))).toMatchObject({
      id: "needs-axes-in-order",
    });
  });
});
