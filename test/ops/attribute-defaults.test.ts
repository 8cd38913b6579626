import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import type { AttributeInit } from "../../src/ir/attribute.js";
import { Graph } from "../../src/ir/graph.js";
import { effectiveAttributes } from "../../src/ops/attribute-defaults.js";
import { OPERATOR_NAMES } from "../../src/ops/catalogue.js";
import { spellOut } from "../../src/ops/spell-out.js";

/** The names of the attributes that say more than the default. */
function effective(
  opType: string,
  attributes: Readonly<Record<string, AttributeInit>>,
  opset: number | undefined = 21,
): readonly string[] {
  const node = new Graph().addNode({ opType, inputs: [], outputs: ["y"], attributes });
  return effectiveAttributes(present(node, "a node"), opset).map(({ name }) => name);
}

const float = (value: number): AttributeInit => ({ kind: "float", value });

describe("attributes that say something", () => {
  it("are not those that passes spell out at their default", () => {
    let spelled = 0;
    for (const opType of OPERATOR_NAMES) {
      const node = new Graph().addNode({ opType, inputs: [], outputs: ["y"] });
      spellOut(node, 21);
      spelled += node.attributes.size;
      expect(effectiveAttributes(node, 21)).toEqual([]);
    }
    expect(spelled).toBeGreaterThan(5);
  });

  it("are told by kind and value", () => {
    expect(effective("LeakyRelu", { alpha: float(0.01) })).toEqual([]);
    expect(effective("LeakyRelu", { alpha: float(Math.fround(0.01)) })).toEqual([]);
    expect(effective("LeakyRelu", { alpha: float(0.011) })).toEqual(["alpha"]);
    expect(effective("Shrink", { bias: float(-0) })).toEqual(["bias"]);
    expect(effective("Elu", { alpha: 1n })).toEqual(["alpha"]);
    expect(effective("Gemm", { transA: 0, transB: 1 })).toEqual(["transB"]);
    expect(effective("DepthToSpace", { blocksize: 2, mode: "DCR" })).toEqual(["blocksize"]);
    expect(effective("Conv", { pads: [0, 0, 0, 1], strides: [1, 1], dilations: [1, 2] })).toEqual([
      "pads",
      "dilations",
    ]);
    expect(effective("Transpose", { perm: [2, 1, 0] })).toEqual([]);
    expect(effective("Transpose", { perm: [0, 1, 2] })).toEqual(["perm"]);
  });

  it("are all of them where the opset or the operator is not known, and where an opset changed the default", () => {
    expect(effective("Softmax", { axis: -1 }, 13)).toEqual([]);
    expect(effective("Softmax", { axis: -1 }, 12)).toEqual(["axis"]);
    expect(effective("NoSuchOperator", { axis: 0 })).toEqual(["axis"]);
    const node = new Graph().addNode({
      opType: "Elu",
      inputs: [],
      outputs: ["y"],
      attributes: { alpha: float(1) },
    });
    expect(effectiveAttributes(node, undefined)).toHaveLength(1);
  });
});
