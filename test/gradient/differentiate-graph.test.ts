import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type ReferenceTensor, referenceTensor } from "../../src/float64/tensor.js";
import { differentiateGraph } from "../../src/gradient/differentiate-graph.js";
import { Builder } from "../../src/ir/builder.js";
import { cloneModel } from "../../src/ir/clone.js";
import type { Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import { onesLike } from "../../src/rules/gradient/support.js";
import { valueNamed } from "../support/facts.js";
import { modelOf, referenceRun } from "../support/gradient.js";

function vector(...data: readonly number[]): ReferenceTensor {
  return referenceTensor("float", [data.length], data);
}

/** Gradients by name, of float64, at x. */
function gradientsAt(model: Model, x: ReferenceTensor): Record<string, readonly number[]> {
  const results = referenceRun(model, new Map([["x", x]]));
  return Object.fromEntries([...results].map(([name, { data }]) => [name, [...data]] as const));
}

describe("differentiateGraph", () => {
  it("takes several seeds, and reports values that were replaced", () => {
    const model = cloneModel(
      modelOf(
        `g (float[4] x) => (float[2] y, float[4] z) <int64[1] k = {2}> { y = TopK(x, k) z = Mul(x, x) }`,
      ),
    );
    const facts = createFacts(model);
    const build = new Builder(model.graph);
    const [x, y, z] = ["x", "y", "z"].map((name) => valueNamed(model, name));
    if (x === undefined || y === undefined || z === undefined) throw new Error("values are missing");
    const seeds = new Map([y, z].map((value) => [value, onesLike({ facts, build }, value)] as const));
    const renewed = new Map<Value, Value>();
    const gradients = differentiateGraph({ facts, build, seeds, wrt: [x], renewed });
    expect(renewed.get(y)).toBe(valueNamed(model, "y"));
    expect(y.uses.size).toBe(0);
    const gradient = gradients.get(x);
    if (gradient === undefined) throw new Error("no gradient");
    model.graph.addOutput(gradient);
    gradient.info = { name: gradient.name, type: tensorType("float", [4]) };
    expect(verify(model)).toEqual([]);
    expect(gradientsAt(model, vector(1, 4, 3, 2))[gradient.name]).toEqual([2, 9, 7, 4]);
  });
});
