import { describe, expect, it } from "vitest";
import { expectRewrite, modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText, modelText, normalization, normalize } from "../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const V = constant("V", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

function either(then: string, otherwise: string): string {
  return `y = If (p) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("bodies", () => {
  it("weights inside of the branch", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either(
          `t () => (u) <${W}, ${bn}> { c = Conv (x, W) ${normalize("u", "c", "bn")} }`,
          `e () => (v) <${V}> { d = Conv (x, V) v = Neg (d) }`,
        ),
      ),
    );
    expect(ops).toEqual(["y = If(p)", "  u = Conv(x, W, W_bias)", "  d = Conv(x, V)", "  v = Neg(d)"]);
  });

  it("weights around, read in one branch", async () => {
    const { ops, model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn, V],
        either(
          `t () => (u) { c = Conv (x, W, b) ${normalize("u", "c", "bn")} }`,
          "e () => (v) { d = Conv (x, V, b) v = Neg (d) }",
        ),
      ),
    );
    expect(ops[1]).toBe("  u = Conv(x, W, b_1)");
    expect(ops[2]).toBe("  d = Conv(x, V, b)");
    expect(model.graph.initializers.size).toBe(4);
  });

  it("weights around, shared by both branches, and both normalize", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn, normalization("o", 5)],
        either(
          `t () => (u) { c = Conv (x, W, b) ${normalize("u", "c", "bn")} }`,
          `e () => (v) { d = Conv (x, W, b) ${normalize("v", "d", "o")} }`,
        ),
      ),
    );
    expect(ops).toHaveLength(3);
  });

  it("the Conv around, the BatchNormalization in one branch, whose names the other branch has too", async () => {
    const { model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b) ${either(
          `t () => (u) { s = BatchNormalization (c, bn_gamma, bn_beta, bn_mean, bn_var) u = Relu (s) }`,
          `e () => (u) { s = Neg (x) t = ReduceMax <keepdims = 0> (s) u = Neg (t) }`,
        )}`,
      ),
    );
    expect([...model.nodes()].filter((node) => node.opType === "Conv")).toHaveLength(1);
  });

  it("constants in both branches under one name", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either(
          `t () => (u) { k = Constant <value_float = 2.0> () m = Mul (x, k) u = Relu (m) }`,
          `e () => (u) { k = Constant <value_float = 3.0> () m = Mul (x, k) n = Mul (m, k) u = Relu (n) }`,
        ),
      ),
    );
    expect(ops.filter((line) => line.includes("Mul"))).toHaveLength(2);
  });

  it("a Loop whose body normalizes with weights of its own and from around", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[2,4] x",
        [
          constant("W", [4, 4], { low: -0.4, high: 0.4 }),
          normalization("bn", 4),
          "int64 trips = {3}",
          "bool go = {1}",
        ],
        `y = Loop (trips, go, x) <body = body (int64 i, bool cond, float[2,4] state) => (next, result)
           <${constant("k", [4])}> {
             next = Identity (cond)
             c = MatMul (state, W)
             a = Add (c, k)
             ${normalize("result", "a", "bn")}
           }>`,
      ),
    );
    expect(ops).toHaveLength(3);
    expect(ops[2]).toContain("Gemm(state, W, ");
  });

  it("a dead If goes with its bodies", async () => {
    const { ops, model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W],
        `z = Relu (x) ${either("t () => (u) { c = Conv (x, W) u = Relu (c) }", `e () => (v) <${V}> { v = Conv (x, V) }`)}`,
        "z",
      ),
    );
    expect(ops).toEqual(["z = Relu(x)"]);
    expect(model.graph.initializers.size).toBe(0);
  });

  it("an Identity of a value around stays as a branch's output", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either("t () => (u) { u = Identity (x) }", "e () => (v) { v = Neg (x) }"),
      ),
    );
    expect(ops).toEqual(["y = If(p)", "  u = Identity(x)", "  v = Neg(x)"]);
  });
});

describe("functions", () => {
  const header = `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>`;
  const parameters = ["gamma", "beta", "mean", "var"]
    .map((role, i) => `${role} = Constant <value = float[2] {${i + 0.5}, ${i + 1.25}}> ()`)
    .join(" ");

  it("folds in the body of a function, whose constants are nodes", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = Gemm (x, W)
          t = Constant <value_floats = [0.5, -2.0]> ()
          a = Add (t, c)
          ${parameters}
          z = BatchNormalization (a, gamma, beta, mean, var)
        }`),
    );
    const body = ops.filter((line) => line.startsWith("Layer") && !line.includes("Constant"));
    expect(body).toEqual(["Layer: z = Gemm(x, W_1, W_bias)"]);
    expect(ops).toHaveLength(4);
  });

  it("what rests on the rank of a function's input stays: it has no type", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = MatMul (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
        }`),
    );
    expect(ops).toHaveLength(8);
  });

  it("constants of a function that several nodes read are left to the others", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,1,6,6] x) => (y, u) { y, u = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z, r) {
          W = Constant <value = ${constant("w", [2, 1, 2, 3])}> ()
          c = Conv (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
          r = Conv (x, W)
        }`),
    );
    expect(ops.filter((line) => line.includes("= Conv"))).toHaveLength(2);
    expect(ops.join("\n")).not.toContain("BatchNormalization");
  });

  it("an epsilon or a kernel that the caller gives is not known", async () => {
    const { ops, refusalText } = await rewrite(
      modelOf(`${header} g (float[N,1,6,6] x) => (y) { y = f.Layer <eps = 0.5> (x) }
        <domain: "f", opset_import: ["" : 17]> Layer <eps> (x) => (z) {
          W = Constant <value = ${constant("w", [2, 1, 2, 3])}> ()
          c = Conv (x, W)
          ${parameters}
          z = BatchNormalization <epsilon: float = @eps> (c, gamma, beta, mean, var)
        }`),
    );
    expect(ops.join("\n")).toContain("BatchNormalization");
    expect(refusalText).toMatch(/function's caller/);
  });

  it("a function of an older operator set is read by its rules", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]> g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 6]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = MatMul (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
        }`),
      { runnable: "maybe" },
    );
    expect(ops.join("\n")).toContain("BatchNormalization");
  });
});

describe("IR version 3, whose initializers are inputs", () => {
  it("folds, and a new bias becomes an input with a default as well", async () => {
    const types = ["gamma", "beta", "mean", "var"].map((role) => `float[5] bn_${role}`).join(", ");
    const text = modelText(
      `g (${X}, float[5,3,2,3] W, ${types}) => (float[N,5,5,5] y) <${W}, ${bn}> { c = Conv (x, W) ${normalize("y", "c", "bn")} }`,
      { ir: 3, opset: 7 },
    );
    await expectRewrite(text, ["y = Conv(x, W, W_bias)"]);
  });
});

describe("names that callers know", () => {
  it("a name that a body in between has for a value of its own is not moved past it", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b)
         e = If (p) <then_branch = t () => (u) { y = Neg (x) u = Exp (y) }, else_branch = f () => (v) { v = Neg (x) }>
         ${normalize("y", "c", "bn")} k = Constant <value_float = 2.0> () z = Mul (k, e)`,
        "y, z",
      ),
    );
    expect(ops.join("\n")).toMatch(/^y = Add\(c, /m);
    const inner = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b)
         e = If (p) <then_branch = t () => (u) { n = Neg (x) k = Sin (n) u = Exp (k) }, else_branch = f () => (v) { v = Neg (x) }>
         ${normalize("n", "c", "bn")} k = Constant <value_float = 2.0> () y = Mul (k, e) z = Relu (n)`,
        "y, z",
      ),
      // onnxruntime takes the constant for an initializer, and then its name for one that is there twice.
      { runnable: false },
    );
    expect(inner.ops.join("\n")).not.toContain("BatchNormalization");
  });

  it("inputs, outputs and their declarations stay", async () => {
    const { model } = await rewrite(
      `g (${X}) => (float[N,5,5,5] "out/put:0", u) <${W}, ${bn}> {
        ["first"] c = Conv (x, W) ["second"] "out/put:0" = BatchNormalization (c, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Identity (x) u = Relu (d)
      }`,
    );
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["out/put:0", "u"]);
    expect(model.graph.outputs[0]?.type).toMatchObject({ dtype: "float", shape: ["N", 5, 5, 5] });
    expect([...model.nodes()].map(({ name }) => name)).toEqual(["first", undefined]);
  });
});
