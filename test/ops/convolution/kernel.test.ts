import { describe, expect, it } from "vitest";
import { isRefusal } from "../../../src/base/refusal.js";
import { readConv } from "../../../src/ops/convolution/kernel.js";
import { parseGraph } from "../../../src/text/parse.js";
import { constant } from "../../support/text.js";

function read(
  node: string,
  weight = constant("W", [4, 1, 3, 2]),
  bias = "float[4] b = {1, 2, 3, 4}",
): unknown {
  const { graph } = parseGraph(
    `g (float[N,2,6,6] x, float[4,1,3,2] fed) => (float[] y) <${weight}, ${bias}> { y = ${node} }`,
    {
      opset: 17,
    },
  );
  const conv = graph.first && readConv(graph.first);
  if (conv === undefined || isRefusal(conv)) return conv?.kind;
  const { group, strides, dilations, pads } = conv.kernel;
  return { group, strides, dilations, pads, bias: conv.bias && [...conv.bias] };
}

describe("a Conv with constants", () => {
  it("has its geometry, with ONNX's defaults", () => {
    expect(read("Conv <group = 2> (x, W)")).toEqual({
      group: 2,
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      bias: undefined,
    });
    expect(
      read("Conv <group = 2, strides = [2, 1], dilations = [1, 3], pads = [1, 0, 1, 2]> (x, W, b)"),
    ).toEqual({
      group: 2,
      strides: [2, 1],
      dilations: [1, 3],
      pads: [1, 0, 1, 2],
      bias: [1, 2, 3, 4],
    });
  });

  it("of ConvTranspose has a number of its bias for each channel that it gives", () => {
    const weight = constant("W", [2, 4, 3, 2]);
    expect(read("ConvTranspose (x, W, b)", weight)).toMatchObject({ group: 1, bias: [1, 2, 3, 4] });
    expect(read("ConvTranspose (x, W, b)", constant("W", [2, 3, 3, 2]))).toBe("refusal");
  });

  it.each<[string, string, string?]>([
    ["a weight that is fed", "Conv <group = 2> (x, fed)"],
    ["channels that do not divide into groups", "Conv <group = 3> (x, W)"],
    ["a bias of another length", "Conv <group = 2> (x, W, b)", constant("W", [6, 1, 3, 2])],
    ["a weight of integers", "Conv <group = 2> (x, W)", "int64[4,1,1,1] W = {1, 2, 3, 4}"],
  ])("is none for %s", (_, node, weight) => {
    expect(read(node, weight)).toBe("refusal");
  });
});
