import { describe, expect, it } from "vitest";
import { cloneModel } from "../../src/ir/clone.js";
import { keepInputs, raisedFrom, raiseIrVersion } from "../../src/ir/ir-version.js";
import type { Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { assertValid } from "../../src/ir/verify.js";
import { parseModel } from "../../src/text/parse.js";

const model = (ir: number): Model =>
  parseModel(
    `<ir_version: ${ir}, opset_import: ["" : 8]> g (float[2] x, bool p, float[2] w) => (float[2] y) <float[2] w = {1, 2}> {
       y = If (p) <then_branch = t () => (a) { a = Add (x, w) }, else_branch = e () => (b) { b = Mul (x, w) }> }`,
  );

const inputs = (of: Model): string[] => of.graph.inputs.map(({ name }) => name);

describe("raising the IR version", () => {
  it("from 3 makes constants of inputs with data, in bodies too", () => {
    const raised = model(3);
    raiseIrVersion(raised, 4);
    assertValid(raised);
    expect(inputs(raised)).toEqual(["x", "p"]);
    expect([...raised.graph.initializers].every((value) => value.isConstant)).toBe(true);
  });

  it("from 4 leaves defaults, and never lowers", () => {
    const raised = model(4);
    raiseIrVersion(raised, 8);
    expect(inputs(raised)).toEqual(["x", "p", "w"]);
    raiseIrVersion(raised, 5);
    expect(raised.irVersion).toBe(8);
  });
});

describe("keeping the inputs", () => {
  it("leaves a model whose constants are all inputs", () => {
    const same = model(3);
    keepInputs(same);
    expect(same.irVersion).toBe(3);
    expect(inputs(same)).toEqual(["x", "p", "w"]);
  });

  it.each(["the graph", "a body"])("raises a model with a new constant in %s", (where) => {
    const original = model(3);
    const changed = cloneModel(original);
    const body = changed.graph.first?.subgraphs[0];
    const home = where === "the graph" ? changed.graph : body;
    home?.addInitializer("k", tensorFromNumbers("float", [2], [1, 2]));
    keepInputs(changed);
    assertValid(changed);
    expect(raisedFrom(original, changed)).toBe(4);
    expect(inputs(changed)).toEqual(["x", "p"]);
  });

  it("leaves newer models", () => {
    const newer = model(5);
    newer.graph.addInitializer("k", tensorFromNumbers("float", [2], [1, 2]));
    keepInputs(newer);
    expect(raisedFrom(model(5), newer)).toBeUndefined();
    expect(inputs(newer)).toEqual(["x", "p", "w"]);
  });
});
