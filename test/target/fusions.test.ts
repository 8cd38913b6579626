import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { lackingOpset } from "../../src/rewrite/fuse-compound.js";
import { FUSED, fusionOf, lacksOperator } from "../../src/target/fusions.js";
import { executedOperators } from "../support/executed.js";
import { modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText, modelText } from "../support/text.js";

const CONSTANTS = [
  "float two = {2}, float three = {3}, float one = {1}, float half = {0.5}, float eps = {0.00001}",
  "float r = {1.4142135}, float i = {0.70710677}, float k = {0.044715}, float q = {0.7978846}, float kq = {0.035677407}",
  constant("scale", [8]),
  constant("bias", [8]),
];

const centered = "m = ReduceMean <axes = [-1]> (x) c = Sub (x, m)";
const variance = "v = ReduceMean <axes = [-1]> (p) e = Add (v, eps)";
const squares = "p = Pow (x, two) v = ReduceMean <axes = [-1]> (p) e = Add (v, eps)";
const affine = "g = Mul (d, scale) z = Add (g, bias)";

/** Expressions from x to z, whether onnxruntime fuses them as they are, and into what. */
const EXPRESSIONS: readonly (readonly [what: string, nodes: string, fused: boolean, kernel: string])[] = [
  [
    "Div, half last",
    "d = Div (x, r) e = Erf (d) p = Add (e, one) m = Mul (x, p) z = Mul (m, half)",
    true,
    "Gelu",
  ],
  [
    "Div, half first",
    "d = Div (x, r) e = Erf (d) p = Add (e, one) h = Mul (x, half) z = Mul (h, p)",
    true,
    "Gelu",
  ],
  ["turned", "d = Div (x, r) e = Erf (d) p = Add (one, e) m = Mul (p, x) z = Mul (half, m)", true, "Gelu"],
  [
    "Div, half between",
    "d = Div (x, r) e = Erf (d) p = Add (e, one) h = Mul (p, half) z = Mul (x, h)",
    false,
    "Gelu",
  ],
  [
    "Div by two",
    "d = Div (x, r) e = Erf (d) p = Add (e, one) m = Mul (x, p) z = Div (m, two)",
    false,
    "Gelu",
  ],
  [
    "Mul, half last",
    "d = Mul (x, i) e = Erf (d) p = Add (e, one) m = Mul (x, p) z = Mul (m, half)",
    false,
    "Gelu",
  ],
  [
    "Mul, half first",
    "d = Mul (x, i) e = Erf (d) p = Add (e, one) h = Mul (x, half) z = Mul (h, p)",
    false,
    "Gelu",
  ],
  [
    "Mul, half between",
    "d = Mul (x, i) e = Erf (d) p = Add (e, one) h = Mul (p, half) z = Mul (x, h)",
    false,
    "Gelu",
  ],
  [
    "Pow, half first",
    "u = Pow (x, three) c = Mul (u, k) t = Add (x, c) a = Mul (t, q) h = Tanh (a) p = Add (h, one) f = Mul (x, half) z = Mul (f, p)",
    true,
    "FastGelu",
  ],
  [
    "Pow, half last",
    "u = Pow (x, three) c = Mul (u, k) t = Add (x, c) a = Mul (t, q) h = Tanh (a) p = Add (h, one) f = Mul (x, p) z = Mul (f, half)",
    false,
    "FastGelu",
  ],
  [
    "Mul, Mul",
    "s = Mul (x, x) u = Mul (x, s) c = Mul (u, k) t = Add (x, c) a = Mul (t, q) h = Tanh (a) p = Add (h, one) f = Mul (x, half) z = Mul (f, p)",
    false,
    "FastGelu",
  ],
  [
    "x outside",
    "s = Mul (x, x) c = Mul (s, kq) t = Add (c, q) a = Mul (x, t) h = Tanh (a) p = Add (h, one) f = Mul (x, half) z = Mul (f, p)",
    false,
    "FastGelu",
  ],
  [
    "Pow",
    `${centered} p = Pow (c, two) ${variance} s = Sqrt (e) d = Div (c, s) ${affine}`,
    true,
    "LayerNormalization",
  ],
  [
    "Pow of a second Sub",
    `${centered} b = Sub (x, m) p = Pow (b, two) ${variance} s = Sqrt (e) d = Div (c, s) ${affine}`,
    true,
    "LayerNormalization",
  ],
  [
    "Mul",
    `${centered} p = Mul (c, c) ${variance} s = Sqrt (e) d = Div (c, s) ${affine}`,
    false,
    "LayerNormalization",
  ],
  [
    "Reciprocal",
    `${centered} p = Pow (c, two) ${variance} s = Sqrt (e) w = Reciprocal (s) d = Mul (c, w) ${affine}`,
    false,
    "LayerNormalization",
  ],
  [
    "root by Pow",
    `${centered} p = Pow (c, two) ${variance} s = Pow (e, half) d = Div (c, s) ${affine}`,
    false,
    "LayerNormalization",
  ],
  [
    "over the root",
    `${squares} s = Sqrt (e) d = Div (x, s) z = Mul (d, scale)`,
    true,
    "SimplifiedLayerNormalization",
  ],
  [
    "times one over the root",
    `${squares} s = Sqrt (e) w = Div (one, s) d = Mul (x, w) z = Mul (scale, d)`,
    true,
    "SimplifiedLayerNormalization",
  ],
  [
    "times the reciprocal of the root",
    `${squares} s = Sqrt (e) w = Reciprocal (s) d = Mul (x, w) z = Mul (scale, d)`,
    false,
    "SimplifiedLayerNormalization",
  ],
];

/** Without an operand that the runtime's form needs: they stay as they are. */
const PARTS: readonly (readonly [what: string, nodes: string])[] = [
  [
    "without a bias",
    `${centered} p = Pow (c, two) ${variance} s = Sqrt (e) d = Div (c, s) z = Mul (d, scale)`,
  ],
  [
    "without a scale",
    `${centered} p = Pow (c, two) ${variance} s = Sqrt (e) d = Div (c, s) z = Add (d, bias)`,
  ],
  ["without both", `${centered} p = Pow (c, two) ${variance} s = Sqrt (e) z = Div (c, s)`],
];

const textOf = (nodes: string, behind = "y = Exp (z)"): string =>
  modelText(graphText("float[N,4,8] x", CONSTANTS, `${nodes} ${behind}`), { opset: 13 });

/** The constants that a letter names, which a second expression shares. */
const CONSTANT = /^[rikq]$/;

const isKernel =
  (kernel: string) =>
  (name: string): boolean =>
    name === kernel || name === `com.microsoft.${kernel}`;

describe("what onnxruntime fuses", () => {
  it.each(EXPRESSIONS)("is known of %s: %s", async (_, nodes, fused, kernel) => {
    const model = modelOf(textOf(nodes));
    const facts = createFacts(model);
    const found = [...model.nodes()].flatMap((node) => lackingOpset(node, facts, FUSED) ?? []);
    const largest = present(found.at(-1), "it is recognized").compound;
    const fusion = present(fusionOf(largest), "onnxruntime has a kernel for it");
    expect(fusion.kernel).toContain(kernel);
    expect(fusion.takes(largest)).toBe(fused);
    expect((await executedOperators(model)).some(isKernel(kernel))).toBe(fused);
  });

  it.each(EXPRESSIONS)("is written so, %s: %s", async (_, nodes, fused, kernel) => {
    const { model, rewrites } = await rewrite(textOf(nodes));
    expect((await executedOperators(model)).map((name) => isKernel(kernel)(name) || name)).toEqual([
      true,
      "Exp",
    ]);
    expect(rewrites.some(({ pass }) => pass === "keep-runtime-fusions")).toBe(!fused);
    // Two of them share their constants, so that a second run, which `rewrite` makes, merges none.
    const twice = nodes.replace(/\b(?:[a-wz])\b(?= =|[,)])/g, (name) =>
      CONSTANT.test(name) ? name : `${name}2`,
    );
    const second = twice.replaceAll(/\(x\b/g, "(l").replaceAll(/, x\)/g, ", l)");
    const both = await rewrite(textOf(`${nodes} l = Sin (z) ${second}`, "y = Exp (z2)"));
    const kernels = (await executedOperators(both.model)).filter(isKernel(kernel));
    expect(kernels).toHaveLength(2);
  });

  it.each(PARTS)("is no LayerNormalization %s", async (_, nodes) => {
    const { model, rewrites } = await rewrite(textOf(nodes));
    expect(rewrites.filter(({ pass }) => pass === "keep-runtime-fusions")).toEqual([]);
    expect((await executedOperators(model)).includes("LayerNormalization")).toBe(false);
  });

  it("is not written anew in half precision, whose roundings differ", async () => {
    // Bit patterns of 1/sqrt 2, 1 and 1/2.
    const half = graphText(
      "float16[N,4,8] x",
      ["float16 i = {14760}, float16 one = {15360}, float16 half = {14336}"],
      "d = Mul (x, i) e = Erf (d) p = Add (e, one) m = Mul (x, p) y = Mul (m, half)",
    );
    const { rewrites, refusals } = await rewrite(half, { runnable: "maybe" });
    expect(refusals.map(({ id }) => id)).toContain("opset-lacks-operator");
    expect(rewrites.filter(({ pass }) => pass === "keep-runtime-fusions")).toEqual([]);
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
