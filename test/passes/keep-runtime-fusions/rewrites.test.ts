import { describe, expect, it } from "vitest";
import { executedOperators } from "../../support/executed.js";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal, modelText } from "../../support/text.js";

const GELU = "float r = {1.4142135}, float one = {1}, float half = {0.5}";
const gelu = (x: string, y: string): string =>
  `${y}d = Div (${x}, r) ${y}e = Erf (${y}d) ${y}p = Add (${y}e, one) ${y}m = Mul (${x}, ${y}p) ${y} = Mul (${y}m, half)`;
const SPELLED = ["Div", "Erf", "Add", "Mul", "Mul"];

const NORMALIZATION = "float two = {2}, float eps = {0.00001}";
const normalization = (x: string, y: string, scale = "scale", bias = "bias"): string =>
  `${y}m = ReduceMean <axes = [-1]> (${x}) ${y}c = Sub (${x}, ${y}m) ${y}p = Pow (${y}c, two)
   ${y}v = ReduceMean <axes = [-1]> (${y}p) ${y}e = Add (${y}v, eps) ${y}s = Sqrt (${y}e)
   ${y}d = Div (${y}c, ${y}s) ${y}g = Mul (${y}d, ${scale}) ${y} = Add (${y}g, ${bias})`;
const old = (graph: string, opset = 13): string => modelText(graph, { opset });

const operators = (ops: readonly string[]): string[] => ops.map((line) => /= (\w+)/.exec(line)?.[1] ?? line);

describe("a Gelu that is spelled out", () => {
  const before = graphText(
    "float[N,4,8] x",
    [GELU, constant("W", [8, 6])],
    `${gelu("x", "z")} y = MatMul (z, W)`,
  );

  it("stays whole in front of a weight, so that onnxruntime fuses it", async () => {
    const { model, ops, rewrites, refusalText } = await rewrite(before);
    expect(rewrites).toEqual([]);
    expect(operators(ops)).toEqual([...SPELLED, "MatMul"]);
    expect(await executedOperators(model)).toEqual(["com.microsoft.Gelu", "MatMul"]);
    expect(refusalText).toMatch(/it spells out Gelu, which opset 17 does not have/);
  });

  it("is folded for any other runtime", async () => {
    const { model, ops } = await rewrite(before, { target: "any" });
    expect(operators(ops)).toEqual(["Div", "Erf", "Add", "Mul", "MatMul"]);
    expect(await executedOperators(model)).not.toContain("com.microsoft.Gelu");
  });

  it("lets a Transpose pass around it", async () => {
    const { model } = await rewrite(
      graphText(
        "float[2,4,8] x",
        [GELU],
        `t = Transpose <perm = [0, 2, 1]> (x) ${gelu("t", "z")} y = Transpose <perm = [0, 2, 1]> (z)`,
      ),
    );
    expect(await executedOperators(model)).toEqual(["com.microsoft.Gelu"]);
  });

  it("is one of two equal ones", async () => {
    const { ops, model } = await rewrite(
      graphText(
        "float[N,8] x",
        [GELU],
        `${gelu("x", "a")} ${gelu("x", "b")} c = Exp (a) d = Sin (b) y = Add (c, d)`,
      ),
    );
    expect(operators(ops)).toEqual([...SPELLED, "Exp", "Sin", "Add"]);
    expect([...(await executedOperators(model))].sort()).toEqual(["Add", "Exp", "Sin", "com.microsoft.Gelu"]);
  });

  it("stays whole in a body, and in the copy of a function's body", async () => {
    const branch = await rewrite(
      graphText(
        "float[2,8] x, bool p",
        [GELU, constant("W", [8, 6])],
        `y = If (p) <then_branch = t () => (u) { ${gelu("x", "z")} u = MatMul (z, W) },
                     else_branch = f () => (v) { v = MatMul (x, W) }>`,
      ),
    );
    expect(operators(branch.ops).filter((name) => SPELLED.includes(name))).toEqual(SPELLED);
    const called = await rewrite(
      `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
       ${graphText("float[N,4,8] x", [constant("W", [8, 6])], "z = local.G (x) y = MatMul (z, W)")}
       <domain: "local", opset_import: ["" : 17]>
       G (x) => (z) {
         r = Constant <value_float = 1.4142135> () one = Constant <value_float = 1.0> ()
         half = Constant <value_float = 0.5> () ${gelu("x", "z")}
       }`,
      { inlineFunctions: true },
    );
    expect(await executedOperators(called.model)).toEqual(["com.microsoft.Gelu", "MatMul"]);
  });

  it("is no Gelu where others read a value inside", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,4,8] x",
        [GELU, constant("W", [8, 6])],
        `${gelu("x", "z")} y = MatMul (z, W) q = Exp (ze)`,
        "y, q",
      ),
    );
    expect(operators(ops)).not.toEqual([...SPELLED, "MatMul", "Exp"]);
  });
});

describe("a LayerNormalization that is spelled out", () => {
  it("takes a map behind it into its scale and bias", async () => {
    const { model, rewrites } = await rewrite(
      old(
        graphText(
          "float[N,4,8] x",
          [
            NORMALIZATION,
            constant("scale", [8]),
            constant("bias", [8]),
            constant("k", [8]),
            constant("t", [8]),
          ],
          `${normalization("x", "z")} a = Mul (z, k) b = Add (a, t) y = Exp (b)`,
        ),
      ),
    );
    expect(rewrites.length).toBeGreaterThan(0);
    expect(await executedOperators(model)).toEqual(["LayerNormalization", "Exp"]);
  });

  it("takes it where its parameters have axes of one before their own", async () => {
    const { model } = await rewrite(
      old(
        graphText(
          "float[N,4,8] x",
          [NORMALIZATION, constant("scale", [1, 1, 8]), constant("bias", [1, 1, 8]), constant("k", [8])],
          `${normalization("x", "z")} a = Mul (z, k) y = Exp (a)`,
        ),
      ),
    );
    expect(await executedOperators(model)).toEqual(["LayerNormalization", "Exp"]);
  });

  it("keeps a scale of one and a bias of zero, which onnxruntime asks for", async () => {
    const before = old(
      graphText(
        "float[N,4,8] x",
        [NORMALIZATION, literal("scale", [8], Array(8).fill(1)), literal("bias", [8], Array(8).fill(0))],
        normalization("x", "y"),
      ),
    );
    const { model, rewrites } = await rewrite(before);
    expect(rewrites).toEqual([]);
    expect(await executedOperators(model)).toEqual(["LayerNormalization"]);
    const other = await rewrite(before, { target: "any" });
    expect(operators(other.ops)).toEqual(["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div"]);
  });

  it("lets Transposes pass around it that leave its axes in place", async () => {
    const { model, ops } = await rewrite(
      old(
        graphText(
          "float[5,4,6] x",
          [NORMALIZATION, constant("scale", [6]), constant("bias", [6])],
          `t = Transpose <perm = [1, 0, 2]> (x) ${normalization("t", "z")} y = Transpose <perm = [1, 0, 2]> (z)`,
        ),
      ),
    );
    expect(operators(ops)).not.toContain("Transpose");
    expect(await executedOperators(model)).toEqual(["LayerNormalization"]);
  });
});
