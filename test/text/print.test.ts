import { describe, expect, test } from "vitest";
import { modelsEqual } from "../../src/ir/equal.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { printGraph, printModel } from "../../src/text/print.js";

describe("print", () => {
  test("a graph reads as it is written by hand", () => {
    const text = `agraph (float[N,3,8,9] x) => (float[N,4,8,9] y)
<
  float[4,3,1,1] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0},
  float[4] b = {0.1, -0.5, 1e-7, 16777216.0}
> {
  c = Conv <pads = [0, 0, 0, 0], group = 1> (x, w, b)
  [last] y = com.microsoft.Gelu(c)
}
`;
    expect(printGraph(parseGraph(text).graph)).toBe(text);
  });

  test("bodies are indented", () => {
    const text = `g (bool c, float[2] x) => (float[2] y) {
  y = If(c) <
    then_branch = yes () => (float[2] p) <float[2] k = {1.0, 2.0}> {
      p = Add(x, k)
    },
    else_branch = no () => (float[2] q) {
      q = Neg(x)
    }
  >
}
`;
    expect(printGraph(parseGraph(text).graph)).toBe(text);
  });

  test("long signatures take a line for each value", () => {
    const names = Array.from({ length: 6 }, (_, i) => `float[N,3,224,224] input_number_${i}`);
    const printed = printGraph(parseGraph(`g (${names.join(", ")}) => (input_number_0) {}`).graph);
    expect(Math.max(...printed.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(printed).toContain("\n  float[N,3,224,224] input_number_5\n)");
  });

  test("large data is marked as left out, without being read", () => {
    const { graph } = parseGraph(`g () => (w) <float[17] w = {${Array(17).fill("1.0").join(", ")}}> {}`);
    const model = parseGraph("g () => (w) <float[2] w = {1, 2}> {}");
    expect(printGraph(graph)).toContain("float[17] w = {...}");
    expect(printGraph(graph, { maxElements: 17 })).toContain("w = {1.0, 1.0,");
    expect(printModel(model, { maxElements: 1 })).toMatch(/^# Data printed as {\.\.\.} cannot be read back/);
    expect(printModel(model)).not.toContain("#");
  });

  test("names that would be read as something else are quoted", () => {
    const text = 'g (float "float", float "a/b", float "inf", float "9", float "q\\"") => ("float") {}';
    const model = parseGraph(text);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["float", "a/b", "inf", "9", 'q"']);
    expect(modelsEqual(model, parseModel(printModel(model)))).toBeUndefined();
  });

  test("names that ONNX cannot spell still parse back: of operators, attributes and bodies", () => {
    const model = parseGraph(`g (bool c) => (y) {
      y = "my-domain"."aten::op":"over load" <"an attribute" = 1, body = "then/1" () => (c) {}> (c)
    }`);
    expect(model.graph.first).toMatchObject({
      domain: "my-domain",
      opType: "aten::op",
      overload: "over load",
    });
    expect(modelsEqual(model, parseModel(printModel(model)))).toBeUndefined();
  });
});
