import { describe, expect, it } from "vitest";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { executedOperators } from "../support/executed.js";
import { evaluate, modelOf } from "../support/rewrite.js";
import { constant, graphText, modelText } from "../support/text.js";

// onnxruntime fuses no FastGelu that gives an output of the graph. Copies of a body are written out by spell.ts, since only the first is known as it was.
const copied = (body: string, constants: string, opset: number): string => `
  <ir_version: 8, opset_import: ["" : ${opset}, "local" : 1]>
  ${graphText("float[N,4,8] x", [constant("scale", [8]), constant("bias", [8])], "a = local.F (x, scale, bias) b = local.F (a, scale, bias) y = Exp (b)")}
  <domain: "local", opset_import: ["" : ${opset}]>
  F (x, scale, bias) => (z) { ${constants} ${body} }`;

const scalar = (name: string, value: number): string =>
  `${name} = Constant <value_float = ${value.toFixed(7)}> ()`;

const RMS_CONSTANTS = `${scalar("two", 2)} ${scalar("eps", 1e-5)} ${scalar("g", 1.5)} axes = Constant <value = int64[1] {-1}> ()`;
const rms = (mean: string): string =>
  `p = Pow (x, two) v = ReduceMean ${mean} e = Add (v, eps) s = Sqrt (e) w = Reciprocal (s) d = Mul (x, w) z = Mul (d, g)`;

describe("the form that onnxruntime fuses", () => {
  it.each([
    [
      "Gelu",
      17,
      `${scalar("r", Math.SQRT2)} ${scalar("one", 1)} ${scalar("half", 0.5)}`,
      "d = Div (x, r) e = Erf (d) p = Add (e, one) m = Mul (x, p) z = Mul (m, half)",
      "com.microsoft.Gelu",
    ],
    [
      "Gelu by tanh",
      17,
      `${scalar("three", 3)} ${scalar("k", 0.044715)} ${scalar("r", Math.sqrt(2 / Math.PI))} ${scalar("one", 1)} ${scalar("half", 0.5)}`,
      `q = Pow (x, three) c = Mul (q, k) s = Add (x, c) a = Mul (s, r) t = Tanh (a) p = Add (t, one)
       h = Mul (x, half) z = Mul (h, p)`,
      "com.microsoft.FastGelu",
    ],
    ["RMSNormalization", 17, RMS_CONSTANTS, rms("<axes = [-1]> (p)"), "SimplifiedLayerNormalization"],
    ["RMSNormalization, axes as input", 18, RMS_CONSTANTS, rms("(p, axes)"), "SimplifiedLayerNormalization"],
  ])("is written for a copy of %s", async (_, opset, constants, body, kernel) => {
    const { model } = await rewriteModel(
      modelOf(copied(body, constants, opset)),
      { inlineFunctions: true },
      { evaluate },
    );
    expect(await executedOperators(model)).toEqual([kernel, kernel, "Exp"]);
  });

  it("is written for a LayerNormalization whose scale has another shape than it had", async () => {
    const { model } = await rewriteModel(
      modelOf(
        modelText(
          graphText(
            "float[N,4,8] x",
            [
              "float two = {2}, float eps = {0.00001}",
              constant("scale", [1, 1, 8]),
              constant("bias", [8]),
              constant("k", [8]),
            ],
            `m = ReduceMean <axes = [-1]> (x) c = Sub (x, m) p = Pow (c, two) v = ReduceMean <axes = [-1]> (p)
             e = Add (v, eps) s = Sqrt (e) d = Div (c, s) g = Mul (d, scale) z = Add (g, bias) y = Mul (z, k)`,
          ),
          { opset: 13 },
        ),
      ),
      {},
      { evaluate },
    );
    expect(model.graph.nodeCount).toBe(9);
    expect(await executedOperators(model)).toEqual(["LayerNormalization"]);
  });
});
