import { describe, expect, it } from "vitest";
import { describeModel } from "../../src/library/description.js";
import { parseModel } from "../../src/text/parse.js";

describe("describeModel", () => {
  const model = parseModel(
    `<ir_version: 8, opset_import: ["" : 17, "f" : 2], producer_name: "test", producer_version: "3", metadata_props: ["author" : "a"]>
     g (bool p, float[N,2] x, float[2] d) => (float[N,2] y) <float[2] d = {1, 2}, float[2] s = {1, 2}, float[2,2] W = {1, 2, 3, 4}> {
       c = MatMul (x, W) n = BatchNormalization (c, s, s, s, s) r = Relu (n) e = f.Layer (n)
       y = If (p) <then_branch = t () => (u) { u = Add (r, e) }, else_branch = h () => (v) { v = Add (r, d) }> }
     <domain: "f", opset_import: ["" : 17]> Layer (a) => (b) { b = Neg (a) }`,
  );
  const description = describeModel(model);

  it("is plain data about the file's interface", () => {
    expect(JSON.parse(JSON.stringify(description))).toMatchObject({
      irVersion: 8,
      opsets: [
        { domain: "ai.onnx", version: 17 },
        { domain: "f", version: 2 },
      ],
      producer: "test 3",
      graph: "g",
      inputs: [
        { name: "p", type: "bool", optional: false },
        { name: "x", type: "float[N,2]", optional: false },
        { name: "d", type: "float[2]", optional: true },
      ],
      outputs: [{ name: "y", type: "float[N,2]" }],
      metadata: { author: "a" },
      functions: ["f::Layer"],
      subgraphs: { If: 2 },
      external: [],
    });
  });

  it("names the largest weights first, and the neighbours of each normalization", () => {
    expect(description.largest.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["W", 16],
      ["d", 8],
      ["s", 8],
    ]);
    expect(description.normalizations).toEqual([
      { node: "n", before: "MatMul", after: ["Relu", "f::Layer"] },
    ]);
  });

  it("before IR version 4 initializers are no inputs", () => {
    model.irVersion = 3;
    expect(describeModel(model).inputs.map(({ name }) => name)).toEqual(["p", "x"]);
    model.irVersion = 8;
  });
});
