import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type Count, countModel } from "../../src/profile/count.js";
import { parseGraph } from "../../src/text/parse.js";

function countOf(text: string, opset = 20): Count {
  const model = parseGraph(text, { opset });
  return countModel(model, createFacts(model));
}

describe("the operations of a run", () => {
  it.each([
    [
      "a Conv",
      "g (float[2,4,9,9] x, float[6,2,3,3] w) => (y) { y = Conv <group = 2> (x, w) }",
      2 * 6 * 49 * 18,
      0,
    ],
    [
      "a dilated Conv",
      "g (float[1,2,9] x, float[3,2,3] w) => (y) { y = Conv <dilations = [2]> (x, w) }",
      3 * 5 * 6,
      0,
    ],
    ["an Add that broadcasts", "g (float[4,5] x, float[5] z) => (y) { y = Add (x, z) }", 0, 20],
    ["a Sum of three", "g (float[4,5] x) => (y) { y = Sum (x, x, x) }", 0, 40],
    ["a Clip", "g (float[4,5] x, float lo, float hi) => (y) { y = Clip (x, lo, hi) }", 0, 20],
    ["a Softmax", "g (float[4,5] x) => (y) { y = Softmax (x) }", 0, 100],
    [
      "a BatchNormalization",
      "g (float[2,3,4] x, float[3] s) => (y) { y = BatchNormalization (x, s, s, s, s) }",
      24,
      0,
    ],
    ["a LayerNormalization", "g (float[2,3] x, float[3] s) => (y) { y = LayerNormalization (x, s) }", 12, 18],
    ["a mean", "g (float[4,5] x) => (y) { y = ReduceMean <keepdims = 0> (x) }", 0, 20],
    [
      "a linear Resize",
      'g (float[1,2,3,3] x) => (y) <int64[4] n = {1,2,6,6}> { y = Resize <mode = "linear"> (x, "", "", n) }',
      72 * 4,
      0,
    ],
    ["what moves elements", "g (float[4,5] x) => (y) { t = Transpose (x) y = Flatten (t) }", 0, 0],
    ["sizes", "g (float[4,5] x) => (y) { y = Shape (x) }", 0, 0],
  ])("of %s", (_, text, multiplyAdds, others) => {
    expect(countOf(text)).toMatchObject({
      multiplyAdds,
      others,
      uncounted: [],
      atMost: [],
    });
  });

  it("adds up by operator, the most work first, and gives a constant to its first reader", () => {
    const { operators } = countOf(
      `g (float[2,3] x) => (y) <float[3,4] w = {...}, float[4] b = {1,2,3,4}> {
      a = MatMul (x, w)  c = Add (a, b)  y = Mul (c, b) }`.replace(
        "{...}",
        `{${Array.from({ length: 12 }, () => 1)}}`,
      ),
    );
    expect(operators).toEqual([
      { operator: "MatMul", nodes: 1, multiplyAdds: 24, others: 0, parameters: 12, bytesWritten: 32 },
      { operator: "Add", nodes: 1, multiplyAdds: 0, others: 8, parameters: 4, bytesWritten: 32 },
      { operator: "Mul", nodes: 1, multiplyAdds: 0, others: 8, parameters: 0, bytesWritten: 32 },
    ]);
  });

  it("multiplies a body by its iterations", () => {
    const loop = (count: string): string => `g (float[2] x, bool c) => (y) <int64 n = {5}, bool on = {1}> {
      y = Loop (${count}, on, x) <body = b (int64 i, bool d, float[2] s) => (bool e, float[2] t) {
        e = Identity (d)  t = Add (s, s) }> }`;
    expect(countOf(loop("n"))).toMatchObject({ others: 10, uncounted: [] });
    const free = countOf(
      loop("n").replace("<int64 n = {5}, bool on", "<bool on").replace("bool c)", "bool c, int64 n)"),
    );
    expect(free).toMatchObject({ others: 2, uncounted: [{ operator: "Loop", nodes: 1, reason: "trips" }] });
  });

  it("takes the branch that is known to be taken, else both at most", () => {
    const branches = (condition: string): string => `g (float[2] x, bool c) => (y) <bool yes = {1}> {
      y = If (${condition}) <then_branch = t () => (a) { a = Neg (x) },
        else_branch = e () => (b) { n = Neg (x)  m = Abs (n)  b = Exp (m) }> }`;
    expect(countOf(branches("yes"))).toMatchObject({ others: 2, atMost: [] });
    expect(countOf(branches("c"))).toMatchObject({ others: 8, atMost: ["If"] });
  });

  it("says what it cannot count", () => {
    expect(countOf("g (float[N,5] x) => (y) { z = Neg (x)  y = Neg (z) }").uncounted).toEqual([
      { operator: "Neg", nodes: 2, reason: "size" },
    ]);
    const boxes = "g (float[1,9,4] b, float[1,2,9] s) => (y) { y = NonMaxSuppression (b, s) }";
    expect(countOf(boxes)).toMatchObject({ others: 162, atMost: ["NonMaxSuppression"] });
  });
});
