import { describe, expect, it } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import { createModel } from "../../src/ir/model.js";
import { tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import { raiseOpset } from "../../src/opset/raise.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { parseModel } from "../../src/text/parse.js";
import { expectSame, raise, tooHardTable } from "../support/raise.js";
import { compare, modelOf } from "../support/rewrite.js";
import { sketch } from "../support/text.js";

describe("bodies, functions and domains", () => {
  it("nodes in bodies, with the facts of outer values", async () => {
    const ops = await expectSame(
      modelOf(
        `g (float[2,3,4] x, bool p) => (y) { u = Slice <starts = [1], ends = [2]> (x)
           y = If (p) <then_branch = t () => (a) { a = Clip <min = 0.0> (u) }, else_branch = e () => (b) { b = Softmax (u) }> }`,
        9,
      ),
      21,
    );
    expect(ops).toContain("  b = Reshape(b_before, Shape)");
  });

  it("functions by their own imports, whose attributes their callers set", async () => {
    const original = parseModel(`<ir_version: 8, opset_import: ["" : 12, "local" : 1]>
      g (float[2,1,3] x) => (y) { y = local.f <axes = [1]> (x) }
      <opset_import: ["" : 12], domain: "local"> f <axes> (p) => (q) { t = Squeeze <axes: ints = @axes> (p) q = Softmax <axis = 0> (t) }`);
    const ops = await expectSame(original, 21);
    expect(ops[0]).toBe("y = f(x)");
    const raised = raise(original, 21);
    const [fn] = raised.functions;
    expect(fn?.opsetImports).toEqual([{ domain: "", version: 21 }]);
    expect([...(fn?.body.nodes() ?? [])].map((node) => node.opType)).toEqual([
      ...["Constant", "Squeeze", "Flatten", "Shape", "Softmax", "Reshape"],
    ]);
  });

  it("a function named as an operator is no operator", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 12]>
      g (float[2,3] x) => (y) { y = Softmax (x) }
      <opset_import: ["" : 12], domain: ""> Softmax (p) => (q) { q = Neg (p) }`);
    raiseOpset(model, 13);
    expect(sketch(model)).toEqual(["y = Softmax(x)", "Softmax: q = Neg(p)"]);
  });

  it("other domains stay", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 12, "com.made.up" : 3]>
      g (float[2,3] x) => (y) { y = com.made.up.Softmax <axis = 0> (x) }`);
    const [before] = [...model.nodes()];
    raiseOpset(model, 21);
    expect([...model.nodes()]).toEqual([before]);
    expect(model.opset("com.made.up")).toBe(3);
  });
});

describe("the model around", () => {
  it("names of nodes, and of values that others refer to, stay", () => {
    const model = modelOf(
      "g (float[2,3,4] x) => (y) { y = Softmax (x) z = Scatter (y, y, y) w = Neg (z) }",
      9,
    );
    for (const node of model.nodes()) node.name = `the ${node.opType}`;
    const before = [...model.nodes()].map((node) => node.name);
    raiseOpset(model, 21);
    expect(verify(model)).toEqual([]);
    const names = [...model.nodes()].flatMap((node) => node.name ?? []);
    expect(names).toEqual(before);
    expect(sketch(model)).toContain("z = ScatterElements(y, y, y)");
  });

  it("constants that had to be inputs before IR version 4 stay constants", async () => {
    const original = parseModel(
      `<ir_version: 3, opset_import: ["" : 8]> g (float[2,3] x, float[3] w = {1,2,3}) => (y) { y = Add (x, w) }`,
    );
    const raised = raise(original, 13);
    expect(raised.irVersion).toBe(7);
    expect(raised.graph.inputs.map((value) => value.name)).toEqual(["x"]);
    expect([...raised.graph.initializers].every((value) => value.isConstant)).toBe(true);
    expect((await compare(original, raised, "exact")).status).toBe("equal");
  });

  it("an IR version that is high enough stays, and defaults stay defaults", () => {
    const original = parseModel(
      `<ir_version: 12, opset_import: ["" : 8]> g (float[2,3] x, float[3] w = {1,2,3}) => (y) { y = Add (x, w) }`,
    );
    const raised = raise(original, 21);
    expect(raised.irVersion).toBe(12);
    expect(raised.graph.inputs).toHaveLength(2);
  });

  it("the same opset is no change", () => {
    const model = modelOf("g (float[2] x) => (y) { y = Made (x) }", 17);
    const before = encodeToBytes(model);
    raiseOpset(model, 17);
    expect(Buffer.compare(encodeToBytes(model), before)).toBe(0);
  });

  it.each<readonly [number, id: string, RegExp]>([
    [12, "target-opset-is-lower", /of opset 17, and opsets are only raised; choose 17 or higher/],
    [27, "target-opset-does-not-exist", /no opset 27 to raise to; choose one from 17 to 26/],
    [18.5, "target-opset-does-not-exist", /opset 18.5/],
  ])("opset %s is refused", (target, id, message) => {
    expect(() => raiseOpset(modelOf("g (float[2] x) => (y) { y = Neg (x) }", 17), target)).toThrow(
      expect.objectContaining({ id, message: expect.stringMatching(message) }),
    );
  });

  it("takes time that grows with the nodes, not with their square", () => {
    const time = (count: number): number => {
      const model = createModel(9);
      let value = model.graph.addInput({ name: "x", type: tensorType("float", [2, 3]) });
      const build = new Builder(model.graph);
      for (let i = 0; i < count; i++) value = build.op("Softmax", [value], { axis: 0 });
      model.graph.addOutput(value);
      const start = performance.now();
      raiseOpset(model, 21);
      return performance.now() - start;
    };
    time(400);
    expect(time(3200)).toBeLessThan(40 * Math.max(time(400), 5));
  });
});

tooHardTable("an operator that no opset has", [
  ["g (float[2] x) => (y) { y = Affine <alpha = 1.0> (x) }", 9, 13, "operator-is-not-standard"],
  ["g (float[2] x) => (y) { y = Made (x) y2 = constructor (x) }", 17, 18, "operator-is-not-standard"],
]);
