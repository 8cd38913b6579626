import { describe, expect, it } from "vitest";
import { executedOperators } from "../support/executed.js";
import { rewrite } from "../support/rewrite.js";
import { constant, graphText, literal, modelText } from "../support/text.js";

const zeros = (name: string): string => literal(name, [8], Array(8).fill(0));

/** An encoder's attention as BERT was exported: [2, 3, 8] in two heads of 4. */
function attention(bias: (name: string) => string): string {
  const layer = (name: string): string => `${name}m = MatMul (n, ${name}W) ${name}a = Add (${name}m, ${name}b)
    ${name}r = Reshape (${name}a, heads)`;
  return modelText(
    graphText(
      "float[2,3,8] x, float[2,1,1,3] mask",
      [
        "int64[4] heads = {0, 0, 2, 4}, int64[3] joined = {0, 0, 8}, float root = {2}",
        constant("scale", [8]),
        constant("shift", [8]),
        ...["q", "k", "v", "o"].flatMap((name) => [constant(`${name}W`, [8, 8]), bias(`${name}b`)]),
      ],
      `n = LayerNormalization <axis = -1> (x, scale, shift)
       ${layer("q")} qt = Transpose <perm = [0, 2, 1, 3]> (qr)
       ${layer("k")} kt = Transpose <perm = [0, 2, 3, 1]> (kr)
       ${layer("v")} vt = Transpose <perm = [0, 2, 1, 3]> (vr)
       s = MatMul (qt, kt) d = Div (s, root) a = Add (d, mask) p = Softmax <axis = 3> (a)
       w = MatMul (p, vt) t = Transpose <perm = [0, 2, 1, 3]> (w) j = Reshape (t, joined)
       om = MatMul (j, oW) oa = Add (om, ob) y = Add (oa, n)`,
    ),
    { opset: 17 },
  );
}

describe("an attention that onnxruntime fuses", () => {
  it.each([
    ["with biases", (name: string): string => constant(name, [8])],
    ["with biases of zero", zeros],
  ])("keeps its scale, %s", async (_, bias) => {
    const { model, refusals } = await rewrite(attention(bias));
    const scales = [...model.nodes()].filter((node) => node.is("Div"));
    expect(scales).toHaveLength(1);
    expect(refusals.map(({ id }) => id)).toContain("runtime-fuses-attention");
    expect([...model.nodes()].filter((node) => node.is("Add"))).toHaveLength(6);
  });

  it("gives its scale to the queries for any other runtime", async () => {
    const { model } = await rewrite(
      attention((name) => constant(name, [8])),
      { target: "any" },
    );
    expect([...model.nodes()].some((node) => node.is("Div"))).toBe(false);
  });

  it("is none without a normalization in front", async () => {
    const text = attention((name) => constant(name, [8])).replace(
      /n = LayerNormalization[^)]*\)/,
      "n = Exp (x)",
    );
    const { model } = await rewrite(text);
    expect([...model.nodes()].some((node) => node.is("Div"))).toBe(false);
    expect(await executedOperators(model)).not.toContain("com.microsoft.Attention");
  });
});
