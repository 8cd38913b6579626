import { describe, expect, it } from "vitest";
import type { Model } from "../../../src/ir/model.js";
import { verify } from "../../../src/ir/verify.js";
import { type Knowledge, RaiseContext, Workbench } from "../../../src/rules/raise/context.js";
import { parseGraph, parseModel } from "../../../src/text/parse.js";
import { nodeOf } from "../../support/facts.js";
import { sketch } from "../../support/text.js";

function contextOf(model: Model, know?: Knowledge, target = 17): RaiseContext {
  const node = nodeOf(model, "y");
  const { graph } = node;
  if (graph === undefined) throw new Error("no graph");
  return new RaiseContext(node, new Workbench(graph), () => know, 13, target);
}

const modelOf = (node: string): Model =>
  parseGraph(`g (float[2,3] x) => (float y) { y = ${node} z = Neg (y) }`, { opset: 11 });

describe("RaiseContext", () => {
  it("turns attributes into constants, and adds equal ones once", () => {
    const model = modelOf("Made <axes = [1, 2], scales = [0.5], alpha = 0.25> (x)");
    const at = contextOf(model);
    const [axes, scales, alpha] = [at.takeInts("axes"), at.takeFloats("scales"), at.takeFloat("alpha")];
    expect([...(axes?.tensor?.toIntegers() ?? [])]).toEqual([1, 2]);
    expect([...(scales?.tensor?.toFloat64() ?? [])]).toEqual([0.5]);
    expect([alpha?.tensor?.dims, ...(alpha?.tensor?.toFloat64() ?? [])]).toEqual([[], 0.25]);
    expect(at.node.attributes.size).toBe(0);
    expect(at.takeInts("axes")).toBeUndefined();
    expect(at.ints([1, 2])).toBe(axes);
  });

  it("gives a scalar the type of an input, at run time where that is not known", () => {
    const half = contextOf(modelOf("Made <alpha = 0.25> (x)"), {
      dtype: "float16",
      shape: undefined,
      numbers: undefined,
    });
    expect(half.takeFloatLike("alpha", 0)?.tensor?.dtype).toBe("float16");
    const unknown = contextOf(modelOf("Made <alpha = 0.25> (x)"));
    expect(unknown.takeFloatLike("alpha", 0)?.producer?.opType).toBe("CastLike");
    const early = contextOf(modelOf("Made <alpha = 0.25> (x)"), undefined, 14);
    expect(() => early.takeFloatLike("alpha", 0)).toThrow(
      expect.objectContaining({ id: "input-type-is-unknown" }),
    );
  });

  it("puts nodes in front of the node, behind it, and in its place", () => {
    const model = modelOf("Relu (x)");
    const at = contextOf(model);
    at.node.setInput(0, at.op("Abs", [at.input(0) ?? null]));
    at.after(0, "Reshape", [at.ints([3, 2])]);
    at.retype("Exp");
    expect(sketch(model).map((line) => line.replace(/\(.*/, ""))).toEqual([
      expect.stringMatching(/= Abs$/),
      expect.stringMatching(/= Exp$/),
      "y = Reshape",
      "z = Neg",
    ]);
    expect(nodeOf(model, "z").input(0)?.name).toBe("y");
    expect(at.origin).toBe("Relu");
    expect(verify(model)).toEqual([]);
  });

  it("sets defaults where nothing is given", () => {
    const at = contextOf(modelOf("Made <axis = 1> (x)"));
    at.setDefault("axis", 5);
    at.setDefault("keepdims", 0);
    expect([at.int("axis", 9), at.int("keepdims", 9), at.int("other", 9)]).toEqual([1, 0, 9]);
  });

  it("refuses to decide by an attribute that the caller of a function sets", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 11, "local" : 1]>
      g (float[2] x) => (float[2] v) { v = local.f <k = 1> (x) }
      <domain: "local", opset_import: ["" : 11]> f <k> (a) => (y) { y = Softmax <axis: int = @k> (a) }`);
    const [made] = model.functions.values();
    const node = made?.body.first;
    if (made === undefined || node === undefined) throw new Error("no function");
    const at = new RaiseContext(node, new Workbench(made.body), () => undefined, 13, 17);
    expect(() => at.int("axis", 1)).toThrow(
      expect.objectContaining({
        id: "attribute-is-set-by-caller",
        message: expect.stringMatching(/^cannot be raised to opset 13: /),
        where: { element: 'Softmax "y"' },
      }),
    );
  });
});
