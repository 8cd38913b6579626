import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal } from "../../src/base/refusal.js";
import { isLinear, readLinear } from "../../src/batchnorm/linear.js";
import type { LinearLayer } from "../../src/batchnorm/site.js";
import { attribute } from "../../src/ir/attribute.js";
import { modelOf } from "../support/rewrite.js";
import { constant } from "../support/text.js";

/** The first linear layer of a graph, or the reason why it cannot be normalized. */
function read(inputs: string, nodes: string, constants = "", opset = 17): ReturnType<typeof readLinear> {
  const model = modelOf(`g (${inputs}) => (y) <${constants}> { ${nodes} }`, opset);
  const facts = createFacts(model);
  const node = [...model.nodes()].find((candidate) => isLinear(candidate, facts));
  if (node === undefined) throw new Error("there is no linear operator");
  return readLinear(node, facts);
}

function layer(...args: Parameters<typeof read>): LinearLayer {
  const found = read(...args);
  if (isRefusal(found)) throw new Error(found.reason);
  return found;
}

const W = constant("W", [4, 3]);
const B = constant("B", [3]);

describe("readLinear", () => {
  it.each([
    ["Gemm", "float[N,4] x", "y = Gemm (x, W, B)", `${W}, ${B}`, { axis: 1, channels: 3 }],
    ["Gemm, transposed", "float[N,3] x", "y = Gemm <transB = 1> (x, W)", W, { axis: 1, channels: 4 }],
    ["MatMul of sequences", "float[N,T,4] x", "y = MatMul (x, W)", W, { axis: -1, channels: 3 }],
    ["Conv", "float[N,4,5] x", "y = Conv (x, K)", constant("K", [6, 4, 2]), { axis: 1, channels: 6 }],
    [
      "ConvTranspose in groups",
      "float[N,4,5] x",
      "y = ConvTranspose <group = 2> (x, K)",
      constant("K", [4, 3, 2]),
      { axis: 1, channels: 6 },
    ],
    [
      "a stored weight in another form",
      "float[N,3] x",
      "t = Transpose (W)  y = MatMul (x, t)",
      W,
      { channels: 4 },
    ],
  ])("reads %s", (_, inputs, nodes, constants, expected) => {
    expect(layer(inputs, nodes, constants)).toMatchObject(expected);
  });

  it("takes the Add behind a product for its bias", () => {
    const found = layer("float[N,4] x", "m = MatMul (x, W)  y = Add (B, m)", `${W}, ${B}`);
    expect([found.raw.name, found.output.name, found.biasAdd?.opType]).toEqual(["m", "y", "Add"]);
    expect(found.bias).toHaveLength(3);
  });

  it.each([
    ["left-hand weights", "float[3,N] x", "y = MatMul (W, x)", W, "weight-is-left-operand"],
    [
      "two computed values",
      "float[N,4] x, float[4,3] z",
      "y = MatMul (x, z)",
      "",
      "layer-multiplies-computed-values",
    ],
    ["integers", "int32[N,4] x", "y = MatMul (x, V)", "int32[4,1] V = {1,2,3,4}", "layer-type-is-not-float"],
    ["a vector", "float[4] x", "y = MatMul (x, W)", W, "layer-gives-vector"],
    [
      "a weight without channels",
      "float[N,4] x",
      "y = MatMul (x, v)",
      constant("v", [4]),
      "layer-channels-are-unknown",
    ],
  ])("says why it does not read %s", (_, inputs, nodes, constants, id) => {
    const found = read(inputs, nodes, constants);
    expect(found).toMatchObject({ kind: "refusal", id });
  });

  it.each([
    ["computed", "b = Neg (B)  y = Gemm (x, W, b)", B, "layer-bias-is-not-constant"],
    ["one for each element", "y = Gemm (x, W, E)", constant("E", [2, 3]), "layer-bias-is-not-per-channel"],
  ])("keeps a bias that is %s", (_, nodes, bias, id) => {
    const found = layer("float[2,4] x", nodes, `${W}, ${bias}`);
    expect(found.bias).toBeUndefined();
    expect(found.biasKept?.id).toBe(id);
  });
});

it("a layer in a function whose attributes the caller gives is not read", () => {
  const model = modelOf(`g (float[N,4] x) => (y) <${W}> { y = Gemm (x, W) }`);
  const node = [...model.nodes()][0];
  if (node === undefined) throw new Error("there is no node");
  node.set(attribute("transB", { kind: "ref", ref: "given", type: "int" }));
  expect(readLinear(node, createFacts(model))).toMatchObject({ id: "attribute-belongs-to-caller" });
});
