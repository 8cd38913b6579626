import { describe, expect, it, test } from "vitest";
import { diffModels } from "../../src/diff/diff-models.js";
import type { ModelDiff } from "../../src/diff/model-diff.js";
import { parseModel } from "../../src/text/parse.js";

const HEADER = `<ir_version: 8, opset_import: ["" : 17], producer_name: "p", metadata_props: ["k": "v"]>`;
const GRAPH = `g (float[N,3] x, bool c) => (float[N,4] y, float[N,4] z)
<float[3,4] w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[4] b = {1,2,3,4}> {
  [m] h = MatMul(x, w)
  [a] s = Add(h, b)
  [r] y = Relu(s)
  [i] z = If(c) <then_branch = t () => (float[N,4] p) { [n] p = Neg(h) }, else_branch = e () => (float[N,4] q) { q = Abs(s) }>
}`;

function diffOf(after: string, options: { ignore?: string[] } = {}, header = HEADER): ModelDiff {
  return diffModels(parseModel(`${HEADER}\n${GRAPH}`), parseModel(`${header}\n${after}`), options);
}

function changed(...replacements: readonly (readonly [string, string])[]): string {
  let text = GRAPH;
  for (const [from, to] of replacements) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  return text;
}

const NONE = { changed: [], removed: [], added: [] };

describe("diffModels", () => {
  it("finds nothing between a model and itself", () => {
    expect(diffOf(GRAPH)).toEqual({
      same: true,
      ignored: [],
      fields: [],
      opsets: [],
      metadata: [],
      inputs: [],
      outputs: [],
      operators: [],
      nodes: { same: 6, renamed: 0, ...NONE },
      weights: { same: 2, renamed: 0, ...NONE },
      other: undefined,
    });
  });

  it("names fields, opsets and metadata", () => {
    const header = `<ir_version: 9, opset_import: ["" : 18, "d" : 1], metadata_props: ["k": "w", "l": "v"]>`;
    expect(diffOf(GRAPH, {}, header)).toMatchObject({
      same: false,
      fields: [
        { name: "IR version", before: "8", after: "9" },
        { name: "producer", before: "p", after: undefined },
      ],
      opsets: [
        { name: "ai.onnx", before: "17", after: "18" },
        { name: "d", before: undefined, after: "1" },
      ],
      metadata: [
        { name: "k", before: "v", after: "w" },
        { name: "l", before: undefined, after: "v" },
      ],
    });
    expect(diffOf(GRAPH, { ignore: ["fields", "opsets", "metadata"] }, header)).toMatchObject({
      same: true,
      ignored: ["fields", "opsets", "metadata"],
    });
  });

  it("names inputs and outputs by their types, and their order", () => {
    expect(
      diffOf(changed(["float[N,3] x", "float[2,3] x"], ["(float[N,4] y, ", "(float[2,4] y, "])),
    ).toMatchObject({
      inputs: [{ name: "x", before: "float[N,3]", after: "float[2,3]" }],
      outputs: [{ name: "y", before: "float[N,4]", after: "float[2,4]" }],
    });
    expect(diffOf(changed(["(float[N,3] x, bool c)", "(bool c, float[N,3] x)"]))).toMatchObject({
      same: false,
      inputs: [{ name: "order of the inputs", before: "x, c", after: "c, x" }],
    });
  });

  it("says which node an output comes from now", () => {
    const after = changed(["[r] y = Relu(s)", "[r] t = Relu(s)\n  [l] y = Abs(h)"]);
    expect(diffOf(after).outputs).toEqual([{ name: "y", before: 'from Relu "r"', after: 'from Abs "l"' }]);
  });

  it("takes no constant for an input where older models list them", () => {
    const old = `<ir_version: 3, opset_import: ["" : 9]> g (float[2] x, float[2] w) => (float[2] y)
      <float[2] w = {1, 2}> { y = Add(x, w) }`;
    const plain = `<ir_version: 3, opset_import: ["" : 9]> g (float[2] x) => (float[2] y)
      <float[2] w = {1, 2}> { y = Add(x, w) }`;
    expect(diffModels(parseModel(old), parseModel(plain)).inputs).toEqual([]);
  });

  it("says how a weight differs", () => {
    const { weights, nodes } = diffOf(changed(["7,8,9", "7,8.5,-9"]));
    expect(weights).toEqual({
      same: 1,
      renamed: 0,
      changed: [
        {
          graph: "",
          name: "w",
          type: "float[3,4]",
          typeAfter: "float[3,4]",
          bytes: 48,
          elements: 2,
          maxDifference: 18,
        },
      ],
      removed: [],
      added: [],
    });
    expect(nodes).toEqual({ same: 6, renamed: 0, ...NONE });
    expect(diffOf(changed(["7,8,9", "7,8.5,-9"]), { ignore: ["weights"] }).same).toBe(true);
  });

  it("finds a constant again in a Constant node, and under another name", () => {
    const lifted = changed(
      [", float[4] b = {1,2,3,4}", ""],
      ["[m] h", "b = Constant <value = float[4] {1,2,3,4}> ()\n  [m] h"],
    );
    expect(diffOf(lifted)).toMatchObject({
      same: false,
      operators: [{ operator: "Constant", before: 0, after: 1 }],
      nodes: { same: 6, ...NONE },
      weights: { same: 2, renamed: 0, ...NONE },
    });
    const renamed = changed(["float[4] b", "float[4] bias"], ["(h, b)", "(h, bias)"]);
    expect(diffOf(renamed)).toMatchObject({ same: false, weights: { same: 2, renamed: 1, ...NONE } });
    expect(diffOf(renamed, { ignore: ["names"] }).same).toBe(true);
  });

  it("names the attributes and inputs of a changed node, in bodies too", () => {
    const after = changed(["Neg(h)", "Neg(s)"], ["[r] y = Relu(s)", "[r] y = Relu<k = 1>(h)"]);
    expect(diffOf(after).nodes).toEqual({
      same: 4,
      renamed: 0,
      changed: [
        {
          graph: "",
          operator: "Relu",
          name: "r",
          nameAfter: "r",
          changes: [
            { name: "attribute k", before: undefined, after: "1" },
            { name: "input 0", before: "s", after: "h" },
          ],
        },
        {
          graph: 'If "i" then_branch',
          operator: "Neg",
          name: "n",
          nameAfter: "n",
          changes: [{ name: "input 0", before: "h", after: "s" }],
        },
      ],
      removed: [],
      added: [],
    });
  });

  it("leaves a reader alone whose source is gone under the same name", () => {
    const after = changed([
      "[m] h = MatMul(x, w)\n  [a] s = Add(h, b)",
      "[f] s = Gemm(x, w, b)\n  h = Tanh(s)",
    ]);
    expect(diffOf(after)).toMatchObject({
      operators: [
        { operator: "Add", before: 1, after: 0 },
        { operator: "Gemm", before: 0, after: 1 },
        { operator: "MatMul", before: 1, after: 0 },
        { operator: "Tanh", before: 0, after: 1 },
      ],
      nodes: {
        same: 4,
        removed: [
          { operator: "MatMul", name: "m" },
          { operator: "Add", name: "a" },
        ],
        added: [
          { operator: "Gemm", name: "f" },
          { operator: "Tanh", name: "h" },
        ],
      },
    });
  });

  it("has a word for what is left: order, declared types", () => {
    const after = changed(["<float[3,4] w", "<float[N,4] s, float[3,4] w"]);
    expect(diffOf(after)).toMatchObject({ same: false, other: expect.stringContaining('"s" type') });
    expect(diffOf(after, { ignore: ["other"] })).toMatchObject({ same: true, other: undefined });
  });

  it("compares the functions that both have", () => {
    const model = (body: string, name = "f"): string => `<ir_version: 8, opset_import: ["" : 17, "d" : 1]>
      g (float[2] x) => (float[2] y) { y = d.f(x) }
      <domain: "d", opset_import: ["" : 17]> ${name} (a) => (o) { o = ${body}(a) }`;
    const diff = (a: string, b: string) => diffModels(parseModel(a), parseModel(b));
    expect(diff(model("Relu"), model("Neg")).nodes).toMatchObject({
      removed: [{ graph: "function f", operator: "Relu", name: "o" }],
      added: [{ graph: "function f", operator: "Neg", name: "o" }],
    });
    expect(diff(model("Relu"), model("Relu", "k")).fields).toEqual([
      { name: "function d::f::", before: "defined", after: undefined },
      { name: "function d::k::", before: undefined, after: "defined" },
    ]);
  });

  test("a part to ignore must be one", () => {
    expect(() => diffOf(GRAPH, { ignore: ["weight"] })).toThrow(
      'no part "weight" to ignore; give some of fields, opsets, metadata, names, weights, other',
    );
  });
});
