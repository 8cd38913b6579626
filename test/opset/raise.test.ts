import { describe, expect, it } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import { createModel } from "../../src/ir/model.js";
import { tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import { raiseOpset } from "../../src/opset/index.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { parseModel } from "../../src/text/parse.js";
import { expectSame, raise, tooHardTable } from "../support/raise.js";
import { compare, modelOf } from "../support/rewrite.js";
import { sketch } from "../support/text.js";

/** Raises a model too old for onnxruntime, and compares with what it should have become, written by hand. */
async function expectBecomes(before: string, opset: number, after: string): Promise<void> {
  const raised = raise(modelOf(before, opset), 13);
  const expected = modelOf(after, 13);
  const report = await compare(expected, raised, "exact");
  expect(`${report.status} ${report.reason ?? ""}`.trim()).toBe("equal");
}

describe("opsets before 7", () => {
  const x = "float[2,3,4] x";
  it.each<readonly [string, number, string, string]>([
    [
      "broadcast from an axis",
      6,
      `g (${x}, float[3] b) => (y) { y = Sub <broadcast = 1, axis = 1> (x, b) }`,
      `g (${x}, float[3] b) => (y) <int64[1] a = {1}> { c = Unsqueeze (b, a) y = Sub (x, c) }`,
    ],
    [
      "broadcast from the last axis",
      1,
      `g (${x}, float[4] b) => (y) { y = Mul <broadcast = 1, consumed_inputs = [0,0]> (x, b) }`,
      `g (${x}, float[4] b) => (y) { y = Mul (x, b) }`,
    ],
    [
      "a slope for each channel",
      6,
      `g (${x}) => (y) <float[3] s = {0.5,0.25,-1}> { y = PRelu (x, s) }`,
      `g (${x}) => (y) <float[3,1] s = {0.5,0.25,-1}> { y = PRelu (x, s) }`,
    ],
    [
      "shape, padding, cast and repeats as attributes",
      1,
      `g (${x}) => (y, z) <int64 two = {2}, int64 axis = {1}> {
         r = Reshape <shape = [6,4]> (x) p = Pad <paddings = [1,0,0,2], value = 3.0> (r)
         y = Cast <to = "INT32"> (p) z = Tile (r, two, axis) }`,
      `g (${x}) => (y, z) <int64[2] s = {6,4}, int64[4] q = {1,0,0,2}, float v = {3}, int64[2] n = {1,2}> {
         r = Reshape (x, s) p = Pad (r, q, v) y = Cast <to = 6> (p) z = Tile (r, n) }`,
    ],
    [
      "BatchNormalization, Dropout and Selu in their first form",
      1,
      `g (${x}) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> {
         n = BatchNormalization <is_test = 1, consumed_inputs = [0,0,0,1,1]> (x, s, s, s, v)
         d, m = Dropout <is_test = 1> (n) y = Selu (d) }`,
      `g (${x}) => (y) <float[3] s = {1,2,3}, float[3] v = {4,5,6}> {
         n = BatchNormalization (x, s, s, s, v) y = Selu <alpha = 1.6732, gamma = 1.0507> (n) }`,
    ],
    [
      "a concatenation without an axis, and an Upsample of images",
      1,
      `g (float[1,2,3,3] x) => (y) { c = Concat (x, x) y = Upsample <height_scale = 2.0, width_scale = 3.0> (c) }`,
      `g (float[1,2,3,3] x) => (y) <float[0] r = {}, float[4] s = {1,1,2,3}> { c = Concat <axis = 1> (x, x)
         y = Resize <coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (c, r, s) }`,
    ],
  ])("%s", (_, opset, before, after) => expectBecomes(before, opset, after));
});

describe("bodies, functions and domains", () => {
  it("nodes in bodies, with what is known of values around them", async () => {
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
  it("names of nodes and of what others refer to stay", () => {
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

  it.each<readonly [number, RegExp]>([
    [12, /of opset 17, and opsets are only raised; choose 17 or higher/],
    [27, /choose one from 1 to 26/],
    [18.5, /opset 18.5/],
  ])("opset %s is refused", (target, message) => {
    expect(() => raiseOpset(modelOf("g (float[2] x) => (y) { y = Neg (x) }", 17), target)).toThrow(message);
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
  ["g (float[2] x) => (y) { y = Affine <alpha = 1.0> (x) }", 9, 13, /not one of the standard domain/],
  ["g (float[2] x) => (y) { y = Made (x) y2 = constructor (x) }", 17, 18, /not one of the standard domain/],
]);
