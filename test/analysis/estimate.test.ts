import { describe, expect, it } from "vitest";
import { Estimator } from "../../src/analysis/estimate.js";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parseGraph } from "../../src/text/parse.js";

function last(text: string, sizes?: ReadonlyMap<string, number>): ReturnType<Estimator["node"]> {
  const model = parseGraph(text, { opset: 20 });
  const estimator = new Estimator(createFacts(model), sizes);
  return [...model.graph.nodes()].map((node) => estimator.node(node)).at(-1);
}

describe("what a node takes", () => {
  it("is its outputs, and an operation for each element that it reads and writes", () => {
    expect(last("g (float[4,5] x) => (y) { y = Relu (x) }")).toEqual({ bytes: 80, operations: 40 });
    expect(last("g (double[4,5] x, double[5] z) => (y) { y = Add (x, z) }")).toEqual({
      bytes: 160,
      operations: 45,
    });
  });

  it("reads nothing for sizes and views", () => {
    expect(last("g (float[4,5] x) => (y) { y = Shape (x) }")).toEqual({ bytes: 16, operations: 2 });
    expect(last("g (float[4,5] x) => (y) { y = Flatten (x) }")).toEqual({ bytes: 80, operations: 20 });
  });

  it("includes the work that the operator declares, and what it holds besides", () => {
    expect(last("g (float[1,2,9] x, float[3,2,5] w) => (y) { y = Conv (x, w) }")).toEqual({
      bytes: 4 * 15 + 4 * 5 * 10,
      operations: 15 * 10 + 15 + 18 + 30,
    });
  });

  it("follows the sizes of a run", () => {
    const text = "g (float[N,5] x) => (y) { y = Concat <axis = 0> (x, x) }";
    expect(last(text)).toBeUndefined();
    expect(last(text, new Map([["N", 7]]))).toEqual({ bytes: 280, operations: 140 });
  });

  it("goes beyond 2^53 without wrapping, and a size of 0 is nothing", () => {
    const filled = (dims: string): string =>
      `g (float x) => (y) <int64[2] s = {${dims}}> { c = ConstantOfShape (s) y = Cos (c) }`;
    expect(last(filled("1099511627776, 1099511627776"))).toEqual({ bytes: 2 ** 82, operations: 2 ** 81 });
    expect(last(filled("1099511627776, 0"))).toEqual({ bytes: 0, operations: 0 });
  });

  it("is bounded where only a run tells sizes, and not known behind that", () => {
    expect(last("g (float[4,5] x) => (y) { y = NonZero (x) }")).toEqual({ bytes: 320, operations: 60 });
    expect(last("g (float[4,5] x) => (y) { z = NonZero (x) y = Neg (z) }")).toBeUndefined();
  });

  it("is not known for computed strings, calls and bodies", () => {
    expect(last("g (string[4] x) => (y) { y = StringConcat (x, x) }")).toBeUndefined();
    expect(
      last(
        "g (bool c, float[2] x) => (y) { y = If (c) <then_branch = t () => (a) { a = Neg (x) }, else_branch = e () => (b) { b = Abs (x) }> }",
      ),
    ).toBeUndefined();
  });
});
