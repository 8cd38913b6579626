import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import { cloneModel } from "../../src/ir/clone.js";
import { OPERATOR_NAMES, OPERATORS } from "../../src/ops/catalogue.js";
import { spellOut } from "../../src/ops/spell-out.js";
import { compare, modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

const CHANNELS = ["s", "b", "m"].map((name) => constant(name, [4]));
const VARIANCE = "float[4] v = {0.5, 1, 2, 3}";

/** A node that leaves all attributes to their defaults which it may leave, and what it reads beside x, float[2,4,6,6]. */
const NODES: Readonly<Record<string, { readonly node: string; readonly constants?: readonly string[] }>> = {
  BatchNormalization: { node: "BatchNormalization (x, s, b, m, v)", constants: [...CHANNELS, VARIANCE] },
  Celu: { node: "Celu (x)" },
  Elu: { node: "Elu (x)" },
  Flatten: { node: "Flatten (x)" },
  Gather: { node: "Gather (x, at)", constants: ["int64[3] at = {1, 0, 1}"] },
  Gelu: { node: "Gelu (x)" },
  Gemm: {
    node: "Gemm (m, V, c)",
    constants: [constant("m", [3, 5]), constant("V", [5, 7]), constant("c", [7])],
  },
  GroupNormalization: { node: "GroupNormalization <num_groups = 2> (x, s, b)", constants: CHANNELS },
  HardSigmoid: { node: "HardSigmoid (x)" },
  Hardmax: { node: "Hardmax (x)" },
  InstanceNormalization: { node: "InstanceNormalization (x, s, b)", constants: CHANNELS },
  LayerNormalization: { node: "LayerNormalization (x, w)", constants: [constant("w", [6])] },
  LeakyRelu: { node: "LeakyRelu (x)" },
  LogSoftmax: { node: "LogSoftmax (x)" },
  Pad: { node: "Pad (x, p)", constants: ["int64[8] p = {0, 0, 1, 2, 0, 1, 0, 1}"] },
  RMSNormalization: { node: "RMSNormalization (x, w)", constants: [constant("w", [6])] },
  Selu: { node: "Selu (x)" },
  Softmax: { node: "Softmax (x)" },
  Split: { node: "Split (x, parts)", constants: ["int64[1] parts = {2}"] },
  ThresholdedRelu: { node: "ThresholdedRelu (x)" },
};

/** The operators whose attributes have a default for every version and every input. */
const SPELLED = OPERATOR_NAMES.filter((name) =>
  Object.values(OPERATORS[name].spelledOut ?? {}).some((init) => init !== null),
);

describe("spellOut", () => {
  it("is tested for every operator that has such attributes", () => {
    expect(Object.keys(NODES)).toEqual(SPELLED);
  });

  it.each(SPELLED)("writes the defaults of %s as onnxruntime has them", async (name) => {
    const { node, constants = [] } = present(NODES[name], "the test before holds the table");
    const text = graphText("float[2,4,6,6] x", constants, `y = ${node} z = Neg (x)`, "y, z");
    const original = modelOf(text, 23);
    const spelled = cloneModel(original);
    const first = present(spelled.graph.first, "a node is given");
    const before = first.attributes.size;
    spellOut(first, 23);
    const wanted = Object.entries(OPERATORS[name].spelledOut ?? {});
    expect(first.attributes.size - before).toBe(wanted.filter(([, init]) => init !== null).length);
    const report = await compare(original, spelled, "exact");
    expect(report.status, report.reason).toBe("equal");
  });

  it.each(["Softmax", "LogSoftmax", "Hardmax"])(
    "writes the default that %s had before opset 13",
    async (name) => {
      const original = modelOf(graphText("float[2,4,6] x", [], `y = ${name} (x)`), 12);
      const spelled = cloneModel(original);
      const first = present(spelled.graph.first, "a node is given");
      spellOut(first, 12);
      expect(first.int("axis")).toBe(1);
      const report = await compare(original, spelled, "exact");
      expect(report.status, report.reason).toBe("equal");
    },
  );

  it("leaves what is given, and what has no default for every version", () => {
    const model = modelOf(
      graphText(
        "float[2,3] x",
        [constant("W", [4, 3])],
        "p = Gemm <transB = 1, alpha = 0.5> (x, W) q = Softmax (p) y = Transpose (q)",
      ),
    );
    for (const node of model.nodes()) spellOut(node, undefined);
    const [gemm, softmax, transpose] = [...model.nodes()];
    expect(gemm?.float("alpha", 1)).toBe(0.5);
    expect(gemm?.int("transB")).toBe(1);
    expect(gemm?.int("transA")).toBe(0);
    expect([softmax?.attributes.size, transpose?.attributes.size]).toEqual([0, 0]);
  });
});
