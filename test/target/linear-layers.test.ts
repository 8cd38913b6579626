import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { excessOfLinearLayer, isSkip } from "../../src/target/linear-layers.js";
import { executedOperators } from "../support/executed.js";
import { modelOf } from "../support/rewrite.js";
import { constant, graphText, modelText } from "../support/text.js";

const CONSTANTS = [constant("W", [6, 6]), constant("b", [6]), constant("gamma", [6]), constant("beta", [6])];
const model = (input: string, behind: string) =>
  modelOf(
    modelText(graphText(input, CONSTANTS, `p = MatMul (x, W) a = Add (p, b) ${behind}`), { opset: 20 }),
  );

describe("a linear layer", () => {
  it.each([
    ["of known sizes", "float[2,5,6] x", "y = Exp (a)"],
    ["of a matrix for each of a batch", "float[N,5,6] x", "y = Exp (a)"],
    ["in front of a Gelu", "float[N,5,6] x", "y = Gelu (a)"],
    ["in front of a Gelu, of known sizes", "float[2,5,6] x", "y = Gelu (a)"],
    [
      "in front of a sum that is normalized",
      "float[N,5,6] x",
      "s = Add (a, x) y = LayerNormalization (s, gamma, beta)",
    ],
    [
      "in front of a sum that others read too",
      "float[N,5,6] x",
      "s = Add (a, x) n = LayerNormalization (s, gamma, beta) y = Sub (n, s)",
    ],
  ])("%s runs as many operators more than one Gemm as onnxruntime executes", async (_, input, behind) => {
    const network = model(input, behind);
    const [product, sum] = [...network.nodes()];
    const facts = createFacts(network);
    const layer = { product: present(product, "a product"), sum: present(sum, "a sum") };
    const executed = await executedOperators(network);
    const own = ["Exp", "Gelu", "LayerNormalization", "Sub"].filter((name) => behind.includes(`${name} (`));
    const adds =
      behind.includes("s = Add") && !executed.includes("com.microsoft.SkipLayerNormalization") ? 1 : 0;
    expect(excessOfLinearLayer(layer, facts)).toBe(executed.length - own.length - adds - 1);
  });
});

describe("a sum and its normalization", () => {
  it.each([
    ["float[N,5,6] x", "s = Add (a, x) y = LayerNormalization (s, gamma, beta)"],
    ["float[N,4,5,6] x", "s = Add (a, x) y = LayerNormalization (s, gamma, beta)"],
    ["float[N,5,6] x", "s = Add (a, x) n = LayerNormalization (s, gamma, beta) y = Sub (n, s)"],
    ["float[N,5,6] x", "s = Add (a, gamma) y = LayerNormalization (s, gamma, beta)"],
  ])("are one kernel of %s, %s, where onnxruntime makes one", async (input, behind) => {
    const network = model(input, behind);
    const sum = present([...network.nodes()][2], "a sum");
    const isOne = (await executedOperators(network)).includes("com.microsoft.SkipLayerNormalization");
    expect(isSkip(sum, createFacts(network))).toBe(isOne);
  });
});
