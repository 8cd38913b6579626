import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { lackingOpset } from "../../src/rewrite/fuse-compound.js";
import { fusionOf, lacksOperator } from "../../src/target/fusions.js";
import { executedOperators } from "../support/executed.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText, modelText } from "../support/text.js";

const NUMBERS = "float two = {2}, float eps = {0.00001}";
const deviation = (square: string): string =>
  `m = ReduceMean <axes = [-1]> (x) c = Sub (x, m) ${square} v = ReduceMean <axes = [-1]> (p)
   e = Add (v, eps) s = Sqrt (e)`;

/** Expressions of LayerNormalization, and whether onnxruntime fuses them. */
const NORMALIZATIONS: readonly (readonly [what: string, nodes: string, fused: boolean])[] = [
  [
    "with scale and bias",
    `${deviation("p = Pow (c, two)")} d = Div (c, s) g = Mul (d, scale) y = Add (g, bias)`,
    true,
  ],
  ["without a bias", `${deviation("p = Pow (c, two)")} d = Div (c, s) y = Mul (d, scale)`, false],
  ["without both", `${deviation("p = Pow (c, two)")} y = Div (c, s)`, false],
  [
    "by a reciprocal",
    `${deviation("p = Pow (c, two)")} i = Reciprocal (s) d = Mul (c, i) g = Mul (d, scale) y = Add (g, bias)`,
    false,
  ],
];

describe("what onnxruntime fuses", () => {
  it.each(NORMALIZATIONS)("is known of a LayerNormalization %s", async (_, nodes, fused) => {
    const model = modelOf(
      modelText(
        graphText("float[N,4,8] x", [NUMBERS, constant("scale", [8]), constant("bias", [8])], nodes),
        {
          opset: 13,
        },
      ),
    );
    const facts = createFacts(model);
    const found = [...model.nodes()].flatMap((node) => lackingOpset(node, facts) ?? []);
    expect(found.some(({ compound }) => fusionOf(compound) !== undefined)).toBe(fused);
    expect((await executedOperators(model)).includes("LayerNormalization")).toBe(fused);
  });

  it("is an expression only below the opset that has the operator", () => {
    for (const [opset, lacks] of [
      [19, true],
      [20, false],
    ] as const) {
      const model = modelOf("g (float[N,4] x) => (y) { y = Gelu (x) }", opset);
      const [node] = model.nodes();
      expect(node !== undefined && lacksOperator(node, createFacts(model))).toBe(lacks);
    }
  });
});
