import { describe, expect, it } from "vitest";
import { findSites } from "../../src/batchnorm/sites.js";
import { Callees } from "../../src/ir/callees.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import { flattenedOutputs, probesOf } from "../../src/runtime/probes.js";
import { parseModel } from "../../src/text/parse.js";

/** A model whose operators are all replaced by functions of their names that do something else. */
function shadowed(names: readonly string[]): ReturnType<typeof parseModel> {
  const functions = names.map((name) => `<opset_import: ["" : 17]> ${name} (h, i) => (o) { o = Max (h, i) }`);
  return parseModel(
    `<ir_version: 8, opset_import: ["" : 17]>
     g (float[2,N] x) => (float[2,3] y) <float[3,3] W = {1, 2, 3, 4, 5, 6, 7, 8, 9}, float one = {1.0}> {
       a = Gemm (x, W)  r = Relu (a, one)  b = Gemm (r, W)  y = Softmax (b, one) }
     ${functions.join("\n")}`,
  );
}

describe("a function named like an operator", () => {
  it("is a call, as long as the model has it", () => {
    const model = shadowed(["Relu"]);
    const callees = new Callees(model);
    const calls = (): readonly string[] =>
      [...model.graph.nodes()].filter((node) => callees.isCall(node)).map(({ opType }) => opType);
    expect(calls()).toEqual(["Relu"]);
    model.functions = [];
    expect(calls()).toEqual([]);
  });

  it("is not the operator for insertion and the check", () => {
    const [plain, model] = [shadowed([]), shadowed(["Gemm", "Relu", "Softmax"])];
    const sitesOf = (of: typeof model): number => findSites(of).sites.length;
    expect([sitesOf(plain), sitesOf(model)]).toEqual([1, 0]);

    expect([probesOf(plain), probesOf(model)]).toEqual([["b"], []]);
    expect([flattenedOutputs(plain).size, flattenedOutputs(model).size]).toEqual([1, 0]);
    const sizesOf = (of: typeof model): unknown => describeInputs(of)[0]?.shape;
    expect([sizesOf(plain), sizesOf(model)]).toEqual([
      [2, 3],
      [2, "N"],
    ]);
    const weightOf = (of: typeof model): unknown => [...of.graph.initializers][0]?.tensor?.toFloat64();
    expect(weightOf(perturbWeights(plain, 1))).not.toEqual(weightOf(plain));
    expect(weightOf(perturbWeights(model, 1))).toEqual(weightOf(model));
  });
});
