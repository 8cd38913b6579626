import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { typeText, valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

/** A node that breaks a rule of its operator: nothing is concluded about what it gives. */
interface Broken {
  readonly inputs: string;
  readonly constants?: string;
  readonly nodes: string;
  readonly outputs?: string;
  readonly opset?: number;
}

function unknown(rows: Readonly<Record<string, Broken>>): void {
  it.each(Object.entries(rows))("%s", (_, { inputs, constants = "", nodes, outputs = "y", opset = 17 }) => {
    const model = modelOf(`g (${inputs}) => (${outputs}) <${constants}> { ${nodes} }`, opset);
    expect(typeText(createFacts(model).typeOf(valueNamed(model, "y")))).toBe("unknown");
  });
}

describe("nodes that break a rule of their operator", () => {
  unknown({
    "a Conv of a vector": { inputs: "float[4] x, float[2,4,3] w", nodes: "y = Conv (x, w)" },
    "a Conv whose weight has another rank": {
      inputs: "float[1,4,5,5] x, float[2,4,3] w",
      nodes: "y = Conv (x, w)",
    },
    "a ConvTranspose whose weight has another rank": {
      inputs: "float[1,4,5,5] x, float[4,2,3] w",
      nodes: "y = ConvTranspose (x, w)",
    },
    "a Gemm of a stack": { inputs: "float[2,3,4] x, float[4,5] w", nodes: "y = Gemm (x, w)" },
    "a MatMul of a number": { inputs: "float x, float[4,5] w", nodes: "y = MatMul (x, w)" },
    "an Einsum of fewer operands than terms": {
      inputs: "float[3,4] x",
      nodes: 'y = Einsum <equation = "ij,jk->ik"> (x)',
    },
    "an Einsum of another rank": {
      inputs: "float[3,4,5] x",
      nodes: 'y = Einsum <equation = "ij->ji"> (x)',
    },
    "an Einsum with an ellipsis of another rank": {
      inputs: "float[3] x",
      nodes: 'y = Einsum <equation = "...ij->...ji"> (x)',
    },
    "a Det of a vector": { inputs: "float[3] x", nodes: "y = Det (x)" },
    "a Concat of several ranks": {
      inputs: "float[3,4] x, float[3] z",
      nodes: "y = Concat <axis = 0> (x, z)",
    },
    "a Split of another number of outputs": {
      inputs: "float[6] x",
      nodes: "y, z = Split <num_outputs = 3> (x)",
      outputs: "y, z",
      opset: 18,
    },
    "a GatherND of more indices than axes": {
      inputs: "float[3,4] x, int64[2,3] i",
      nodes: "y = GatherND (x, i)",
    },
    "a Tile with too few repeats": {
      inputs: "float[3,4] x",
      constants: "int64[1] r = {2}",
      nodes: "y = Tile (x, r)",
    },
    "a DepthToSpace of a matrix": {
      inputs: "float[4,4] x",
      nodes: "y = DepthToSpace <blocksize = 2> (x)",
    },
    "a SpaceToDepth of a matrix": {
      inputs: "float[4,4] x",
      nodes: "y = SpaceToDepth <blocksize = 2> (x)",
    },
    "a pool of a vector": { inputs: "float[4] x", nodes: "y = GlobalAveragePool (x)" },
    "a pool whose window has other axes": {
      inputs: "float[1,2,4,4] x",
      nodes: "y = MaxPool <kernel_shape = [2]> (x)",
    },
    "a Reshape to a size below -1": {
      inputs: "float[4] x",
      constants: "int64[2] s = {-2, 2}",
      nodes: "y = Reshape (x, s)",
    },
    "a Reshape to another number of elements": {
      inputs: "float[4] x",
      constants: "int64[2] s = {3, 2}",
      nodes: "y = Reshape (x, s)",
    },
    "a Squeeze of an axis of several": {
      inputs: "float[4,1] x",
      nodes: "y = Squeeze <axes = [0]> (x)",
      opset: 11,
    },
    "a Flatten outside of the rank": { inputs: "float[4,2] x", nodes: "y = Flatten <axis = 5> (x)" },
    "a Resize with scales of another rank": {
      inputs: "float[1,2,4,4] x",
      constants: "float[2] s = {1, 2}",
      nodes: 'y = Resize (x, "", s)',
    },
    "a Resize with sizes of another rank": {
      inputs: "float[1,2,4,4] x",
      constants: "int64[2] s = {1, 2}",
      nodes: 'y = Resize (x, "", "", s)',
    },
    "a Sum of nothing": { inputs: "float[4] x", nodes: "y = Sum ()" },
    "a SequenceConstruct of nothing": { inputs: "float[4] x", nodes: "y = SequenceConstruct ()" },
  });
});
