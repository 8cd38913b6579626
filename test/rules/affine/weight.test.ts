import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { readWeight, scaleWeight } from "../../../src/rules/affine/weight.js";
import { parseGraph } from "../../../src/text/parse.js";
import { valueNamed } from "../../support/facts.js";

const model = parseGraph(
  `g (float[N,2] x) => (float[N,3] y) <float[2,3] w = {1, 2, 3, 4, 5, 6}, int8[2,3] q = {1, 2, 3, 4, 5, 6}, float s = {0.5}> {
     d = DequantizeLinear (q, s) a = MatMul (x, w) b = MatMul (x, d) y = Add (a, b) }`,
  { opset: 17 },
);
const facts = createFacts(model);
const weight = (name: string) => readWeight(valueNamed(model, name), "weight", facts);

describe("a weight", () => {
  it("is a constant of floats, or the output of a DequantizeLinear of a constant", () => {
    expect(weight("w")).toMatchObject({ dtype: "float", dims: [2, 3] });
    expect(weight("d")).toEqual({ dtype: "float", dims: [2, 3], tensor: undefined });
    for (const name of ["x", "q"]) expect(weight(name)).toMatchObject({ kind: "refusal" });
  });

  it("takes a scale into its elements, or hands it on to its own scale", () => {
    const scale = Float64Array.of(2, 1, 0.5);
    const [own, dequantized] = [weight("w"), weight("d")];
    if (isRefusal(own) || isRefusal(dequantized)) throw new Error("weights");
    const scaled = scaleWeight(own, 1, scale, { inner: 1, axis: 1 });
    if (isRefusal(scaled)) throw new Error(scaled.reason);
    expect([...(scaled.constants.get(1)?.toFloat64() ?? [])]).toEqual([2, 2, 1.5, 8, 5, 3]);
    const handed = scaleWeight(dequantized, 1, scale, { inner: 1, axis: 1 });
    if (isRefusal(handed)) throw new Error(handed.reason);
    expect([
      handed.constants.size,
      handed.operands?.get(1)?.axis,
      [...(handed.operands?.get(1)?.map.scale ?? [])],
    ]).toEqual([0, 1, [2, 1, 0.5]]);
    expect(scaleWeight(dequantized, 1, scale, { inner: 1, axis: undefined })).toMatchObject({
      kind: "refusal",
    });
  });

  it("of half precision does not overflow", () => {
    const { graph } = parseGraph(
      "g (float16[1] x) => (float16[1] y) <float16[1] w = {31743}> { y = Mul (x, w) }",
      {
        opset: 17,
      },
    );
    const [value] = graph.initializers;
    const half = readWeight(value, "weight", facts);
    if (isRefusal(half)) throw new Error(half.reason);
    expect(scaleWeight(half, 1, Float64Array.of(2), { inner: 1, axis: 0 })).toMatchObject({
      kind: "refusal",
    });
  });
});
