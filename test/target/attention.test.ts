import { describe, expect, it } from "vitest";
import { executedOperators } from "../support/executed.js";
import { modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText, literal, modelText } from "../support/text.js";

interface Variant {
  readonly opset?: number;
  /** Batch and length: symbols, or numbers. */
  readonly sizes?: readonly [string, string];
  readonly scale?: string;
  readonly sum?: string;
  readonly views?: string;
  readonly bias?: (name: string) => string;
  /** The layer behind has no bias. */
  readonly withoutLast?: boolean;
  /** No normalization is in front. */
  readonly plain?: boolean;
}

const zeros = (name: string): string => literal(name, [8], Array(8).fill(0));

function normalization(x: string, y: string): string {
  return `${y}m = ReduceMean <axes = [-1]> (${x}) ${y}c = Sub (${x}, ${y}m) ${y}p = Pow (${y}c, two)
    ${y}v = ReduceMean <axes = [-1]> (${y}p) ${y}e = Add (${y}v, eps) ${y}s = Sqrt (${y}e) ${y}d = Div (${y}c, ${y}s)
    ${y}g = Mul (${y}d, scale) ${y} = Add (${y}g, shift)`;
}

/** An encoder's attention as BERT was exported, with 8 channels in two heads. */
function attention(variant: Variant = {}): string {
  const { opset = 11, sizes = ["N", "S"], bias = (name: string) => constant(name, [8]) } = variant;
  const { scale = "d = Div (s, root)", sum = "a = Add (d, mask)" } = variant;
  const { views = "u = Unsqueeze <axes = [1]> (seen) f = Unsqueeze <axes = [2]> (u)" } = variant;
  const layer = (name: string): string => `${name}m = MatMul (n, ${name}W) ${name}a = Add (${name}m, ${name}b)
    ${name}r = Reshape (${name}a, heads)`;
  return modelText(
    graphText(
      `float[${sizes},8] x, int64[${sizes}] seen`,
      [
        "int64[4] heads = {0, 0, 2, 4}, int64[3] joined = {0, 0, 8}, float root = {2}, float half = {0.5}",
        "int64[1] first = {1}, int64[1] second = {2}, float one = {1}, float low = {-10000}",
        "float two = {2}, float eps = {0.00001}",
        constant("scale", [8]),
        constant("shift", [8]),
        ...["q", "k", "v", "o"].flatMap((name) => [constant(`${name}W`, [8, 8]), bias(`${name}b`)]),
      ],
      `${variant.plain ? "n = Exp (x)" : normalization("x", "n")}
       ${views} b = Cast <to = 1> (f) h = Sub (one, b) mask = Mul (h, low)
       ${layer("q")} qt = Transpose <perm = [0, 2, 1, 3]> (qr)
       ${layer("k")} kt = Transpose <perm = [0, 2, 3, 1]> (kr)
       ${layer("v")} vt = Transpose <perm = [0, 2, 1, 3]> (vr)
       s = MatMul (qt, kt) ${scale} ${sum} p = Softmax <axis = 3> (a)
       w = MatMul (p, vt) t = Transpose <perm = [0, 2, 1, 3]> (w) j = Reshape (t, joined) om = MatMul (j, oW)
       ${variant.withoutLast ? "r = Add (om, n)" : "oa = Add (om, ob) r = Add (oa, n)"} ${normalization("r", "y")}`,
    ),
    { opset },
  );
}

/** Variants, and whether onnxruntime makes one operator of them. */
const VARIANTS: readonly (readonly [what: string, variant: Variant, fused: boolean])[] = [
  ["as it was exported", {}, true],
  ["with biases of zero", { bias: zeros }, true],
  ["at opset 9", { opset: 9 }, true],
  ["at opset 12", { opset: 12 }, true],
  ["with a known length", { sizes: ["N", "3"] }, true],
  ["with a known batch", { sizes: ["2", "S"] }, true],
  ["with all sizes known", { sizes: ["2", "3"] }, false],
  ["at opset 13", { opset: 13, views: "u = Unsqueeze (seen, first) f = Unsqueeze (u, second)" }, false],
  ["with a Mul for the Div", { scale: "d = Mul (s, half)" }, false],
  ["with the mask in front", { sum: "a = Add (mask, d)" }, false],
  ["with one Unsqueeze", { views: "f = Unsqueeze <axes = [1, 2]> (seen)" }, false],
  ["without a bias behind", { withoutLast: true }, false],
  ["without a normalization", { plain: true }, false],
];

const ATTENTION = "com.microsoft.Attention";

describe("an attention that is spelled out", () => {
  it.each(VARIANTS)(
    "%s: kept whole where onnxruntime fuses it, folded where not",
    async (_, variant, fused) => {
      const text = attention(variant);
      const before = await executedOperators(modelOf(text));
      const { model, refusals } = await rewrite(text);
      const after = await executedOperators(model);
      expect([before.includes(ATTENTION), after.includes(ATTENTION)]).toEqual([fused, fused]);
      expect(after.length).toBeLessThanOrEqual(before.length);
      const ids = refusals.map(({ id }) => id);
      expect(ids.includes("runtime-fuses-attention")).toBe(fused);
      expect(ids.includes("mask-of-fused-attention")).toBe(fused);
      // The scale has gone into the weights of the queries.
      if (!fused) expect(model.graph.nodeCount).toBeLessThan(modelOf(text).graph.nodeCount);
    },
  );

  it("keeps biases of zero, which the kernel takes", async () => {
    const { refusals } = await rewrite(attention({ bias: zeros }));
    expect(refusals.filter(({ id }) => id === "bias-of-fused-attention")).toHaveLength(4);
  });

  it("is folded for any other runtime", async () => {
    const { model } = await rewrite(attention(), { target: "any" });
    expect(await executedOperators(model)).not.toContain(ATTENTION);
    expect([...model.nodes()].filter((node) => node.is("Unsqueeze"))).toHaveLength(1);
  });
});
