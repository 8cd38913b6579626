import { describe, expect, it } from "vitest";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { modelOf } from "../support/rewrite.js";
import { constant, sketch } from "../support/text.js";
import { dataOf, samples } from "./support.js";

describe("freeze", () => {
  it("takes Dropout out and refuses statistics that are computed", async () => {
    const text = `g (float[N,2,4] x) => (float[N,2,4] y) <float[2] s = {1, 2}, float[2] b = {0, 1}, float[2] m = {0, 1}, float[2] v = {1, 2}, float ratio = {0.5}, bool on = {1}>
      { d = Dropout (x, ratio, on)  y, p, q = BatchNormalization <training_mode = 1> (d, s, b, m, v) }`;
    const { model, report } = freeze(modelOf(text));
    expect(sketch(model)).toEqual(["y = BatchNormalization(x, s, b, m, v)"]);
    expect(report).toMatchObject({ dropouts: 1, outputs: [], frozen: [{ form: "training" }] });
    const computed = text.replace("{ d =", "{ k = Neg (m)  d =").replace("b, m, v)", "b, k, v)");
    expect(() => freeze(modelOf(computed))).toThrow(
      expect.objectContaining({ id: "statistic-is-not-stored", message: expect.stringContaining('"k"') }),
    );
    const read = text
      .replace("float[N,2,4] y)", "float[N,2,4] y, float[2] z)")
      .replace("m, v) }", "m, v)  z = Neg (p) }");
    expect(() => freeze(modelOf(read))).toThrow(
      expect.objectContaining({
        id: "updated-statistic-is-read",
        message: expect.stringContaining('"p" is read by Neg'),
      }),
    );
  });
});

describe("a normalization that changes nothing", () => {
  const text = (scale: number, body: string): string =>
    `g (float[N,2,4] x) => (float[N,2,4] y) <float[2] s = {${scale}, 1}, float[2] z = {0, 0}, float[2] v = {1, 1}> { ${body} }`;
  const inner = "n = BatchNormalization <epsilon = 0.0> (x, s, z, z, v) y = Relu (n)";

  it("is dropped, where it really changes nothing", () => {
    expect(sketch(freeze(modelOf(text(1, inner))).model)).toEqual(["y = Relu(x)"]);
    expect(sketch(freeze(modelOf(text(2, inner))).model)).toHaveLength(2);
  });

  it("stays as the only node between an input and an output", () => {
    const only = text(1, "y = BatchNormalization <epsilon = 0.0> (x, s, z, z, v)");
    expect(sketch(freeze(modelOf(only)).model)).toEqual(["y = BatchNormalization(x, s, z, z, v)"]);
  });
});

describe("a model with Dropout in training mode", () => {
  const text = `g (float[N,4] x) => (float[N,2] y) <${constant("w", [4, 16])}, ${constant("v", [16, 2])}, float ratio = {0.5}, bool on = {1}>
    { a = MatMul (x, w)  r = Relu (a)  [drop] d = Dropout (r, ratio, on)  y = MatMul (d, v) }`;
  const data = dataOf({ x: samples("s", [16, 4]) });

  it("cannot be proven, and the reason names the command that removes Dropout", async () => {
    const { report } = await insertBatchNorm(modelOf(text), { data });
    expect(report.check).toMatchObject({
      status: "unchecked",
      reason: expect.stringMatching(
        /another output each time it is run; Dropout "drop" drops elements at random; "normfold freeze" takes it out$/,
      ),
    });
  });

  it("is told from another random model, which has a third operand elsewhere", async () => {
    const random = `g (float[N,4] x) => (float[N,2] y) <${constant("w", [4, 16])}, ${constant("b", [16])}, ${constant("v", [16, 2])}>
      { a = Gemm (x, w, b)  r = Relu (a)  u = RandomNormalLike (r)  s = Add (r, u)  y = MatMul (s, v) }`;
    const { report } = await insertBatchNorm(modelOf(random), { data });
    expect(report.check?.reason).toMatch(/another output each time it is run$/);
  });

  it("is proven once it is frozen", async () => {
    const { report } = await insertBatchNorm(freeze(modelOf(text)).model, { data });
    expect(report.check?.status).toBe("equal");
  });
});
