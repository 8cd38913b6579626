import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type Attribute, type AttributeInit, attribute } from "../../src/ir/attribute.js";
import { Graph, type Node } from "../../src/ir/graph.js";
import { Model } from "../../src/ir/model.js";
import { effectiveAttributes } from "../../src/ops/attribute-defaults.js";
import { OPERATOR_NAMES } from "../../src/ops/catalogue.js";
import { spellOut } from "../../src/ops/spell-out.js";

/** The attributes of the one node that say more than the default; without an opset, the model names none. */
function left(
  opType: string,
  opset: number | undefined,
  prepare: (node: Node) => void = () => {},
): readonly Attribute[] {
  const model = new Model(new Graph(), opset === undefined ? [] : [{ domain: "", version: opset }]);
  const node = model.graph.addNode({ opType, inputs: [], outputs: ["y"] });
  prepare(node);
  return effectiveAttributes(node, createFacts(model));
}

/** The names of the attributes that say more than the default. */
function effective(
  opType: string,
  attributes: Readonly<Record<string, AttributeInit>>,
  opset: number | undefined = 21,
): readonly string[] {
  const add = (node: Node): void => {
    for (const [name, init] of Object.entries(attributes)) node.set(attribute(name, init));
  };
  return left(opType, opset, add).map(({ name }) => name);
}

const float = (value: number): AttributeInit => ({ kind: "float", value });

describe("attributes that say something", () => {
  it("are not those that passes spell out at their default", () => {
    let spelled = 0;
    for (const opType of OPERATOR_NAMES) {
      const rest = left(opType, 21, (node) => {
        spellOut(node, 21);
        spelled += node.attributes.size;
      });
      expect(rest).toEqual([]);
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
    expect(left("Elu", undefined, (node) => node.set(attribute("alpha", float(1))))).toHaveLength(1);
  });
});
