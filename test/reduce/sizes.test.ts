import { describe, expect, it } from "vitest";
import { verify } from "../../src/ir/verify.js";
import { shrunk, shrunkInput, sizesOf, smallerSizes } from "../../src/reduce/sizes.js";
import { printGraph } from "../../src/text/print.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const DEPTHWISE = graphText(
  "float[2,6,8,8] x",
  ["float[6,1,1,1] W = {1, 2, 3, 4, 5, 6}", "int64[3] target = {2, 6, 64}"],
  "c = Conv <group = 6> (x, W) y = Reshape (c, target)",
);

describe("smaller sizes", () => {
  it("are tried for each size above 1, largest first", () => {
    expect(sizesOf(modelOf(DEPTHWISE))).toEqual([8, 6, 3, 2]);
    expect(smallerSizes(8)).toEqual([1, 2, 3, 4]);
    expect(smallerSizes(100)).toEqual([1, 2, 3, 4, 8, 16, 50]);
  });

  it("crop constants, and change attributes and targets where asked to", () => {
    const model = modelOf(DEPTHWISE);
    // Without the group, the operators contradict each other.
    expect(shrunk(model, { from: 6, to: 2, everywhere: false })).toBeUndefined();
    const small = shrunk(model, { from: 6, to: 2, everywhere: true });
    const text = small === undefined ? "" : printGraph(small.graph);
    expect(text).toContain("float[2,2,8,8] x");
    expect(text).toContain("float[2,1,1,1] W = {1.0, 2.0}");
    expect(text).toContain("group = 2");
    expect(text).toContain("target = {2, 2, 64}");
    expect(small === undefined ? [] : verify(small)).toEqual([]);
  });

  it("take the first elements along each axis", () => {
    const model = modelOf(
      graphText("float[4,3] x", ["int64[4,3] k = {1,2,3,4,5,6,7,8,9,10,11,12}"], "y = GatherElements (x, k)"),
    );
    const small = shrunk(model, { from: 3, to: 2, everywhere: false });
    expect(small === undefined ? "" : printGraph(small.graph)).toContain("k = {1, 2, 4, 5, 7, 8, 10, 11}");
  });

  it("change one input alone", () => {
    const model = modelOf(graphText("float[4,5] x, float[5,4] w", [], "r = MatMul (x, w) y = Relu (r)"));
    const small = shrunkInput(model, 0, 0, 1);
    expect(small === undefined ? "" : printGraph(small.graph)).toContain("float[1,5] x, float[5,4] w");
    expect(shrunkInput(model, 0, 1, 1)).toBeUndefined();
  });
});
