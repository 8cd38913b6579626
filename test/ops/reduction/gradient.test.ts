import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/base/random.js";
import { addedOperators, checkGradient, emit, type Filling, modelOf } from "../../support/gradient.js";

const positive = (random: Random): number => 0.2 + 2 * random.uniform();
/** Elements that differ by more than finite differences reach. */
const distinct = (_: Random, index: number): number => ((index * 7) % 24) / 10 - 1.13;

const OPERATORS: readonly (readonly [op: string, x?: Filling])[] = [
  ["ReduceSum"],
  ["ReduceMean"],
  ["ReduceMax", distinct],
  ["ReduceMin", distinct],
  ["ReduceProd"],
  ["ReduceL1", distinct],
  ["ReduceL2"],
  ["ReduceSumSquare"],
  ["ReduceLogSum", positive],
  ["ReduceLogSumExp"],
];

/** Axes as text, keepdims, and the output's shape for [2,3,4]. */
const FORMS: readonly (readonly [axes: string, attributes: string, y: string])[] = [
  ["{1}", "keepdims = 1", "[2,1,4]"],
  ["{-1, 0}", "keepdims = 0", "[3]"],
  ["", "keepdims = 0", ""],
  ["", "keepdims = 1", "[1,1,1]"],
];

for (const [op, x] of OPERATORS) {
  describe(op, () => {
    const feeds: Record<string, Filling> = x === undefined ? {} : { x };
    it.each(FORMS)("over %s, %s", async (axes, attributes, y) => {
      const count = axes.split(",").length;
      const constants = axes === "" ? "" : `<int64[${count}] axes = ${axes}>`;
      const body = `y = ${op} <${attributes}> (x${axes === "" ? "" : ", axes"})`;
      await checkGradient(`g (float[2,3,4] x) => (float${y} y) ${constants} { ${body} }`, { feeds });
    });

    it("over axes that only the run knows", async () => {
      const text = `g (float[2,3,4] x, int64[1] axes) => (float[2,4] y) { y = ${op} <keepdims = 0> (x, axes) }`;
      await checkGradient(text, { feeds: { ...feeds, axes: [1] } });
    });

    it("over no axis at all", async () => {
      const text = `g (float[2,3,4] x) => (float[2,3,4] y) <int64[0] axes = {}> {
      y = ${op} <noop_with_empty_axes = 1> (x, axes)
    }`;
      await checkGradient(text, { feeds });
    });
  });
}

describe("reductions at special points", () => {
  const text = (op: string): string =>
    `g (float[3,3] x) => (float[3,1] y) <int64[1] axes = {1}> { y = ${op} (x, axes) }`;

  it("ReduceMax and ReduceMin share the gradient among ties", async () => {
    const x = [1, 3, 3, 2, 2, 2, -1, 0, -1];
    await checkGradient(text("ReduceMax"), {
      feeds: { x },
      seeds: [1, 3, 1],
      expected: { x: [0, 0.5, 0.5, 1, 1, 1, 0, 1, 0] },
    });
    await checkGradient(text("ReduceMin"), {
      feeds: { x },
      seeds: [1, 3, 1],
      expected: { x: [1, 0, 0, 1, 1, 1, 0.5, 0, 0.5] },
    });
  });

  it("ReduceProd gives a single zero the product of the others", async () => {
    await checkGradient(text("ReduceProd"), {
      feeds: { x: [2, 0, 3, 0, 0, 5, 2, -1, 3] },
      seeds: [1, 1, 2],
      expected: { x: [0, 6, 0, 0, 0, 0, -6, 12, -4] },
    });
  });

  it("ReduceL2 of zeros gives zeros", async () => {
    await checkGradient(text("ReduceL2"), {
      feeds: { x: [0, 0, 0, 3, 0, 4, 0, 0, -2] },
      seeds: [1, 5, 1],
      expected: { x: [0, 0, 0, 3, 0, 4, 0, 0, -1] },
    });
  });

  it("ReduceLogSumExp of large numbers", async () => {
    await checkGradient(text("ReduceLogSumExp"), { feeds: { x: (_, index) => 200 + index / 4 } });
  });
});

describe("CumSum and TopK", () => {
  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])("CumSum, exclusive %i, reverse %i", async (exclusive, reverse) => {
    const attributes = `exclusive = ${exclusive}, reverse = ${reverse}`;
    const text = `g (float[2,3] x) => (float[2,3] y) <int64 axis = {-1}> { y = CumSum <${attributes}> (x, axis) }`;
    await checkGradient(text);
  });

  it.each([
    ["axis = -1, largest = 1", "[3,2]"],
    ["axis = 0, largest = 0", "[2,4]"],
  ])("TopK, %s", async (attributes, y) => {
    const text = (outputs: string): string =>
      `g (float[3,4] x) => (float${y} y) <int64[1] k = {2}> { ${outputs} = TopK <${attributes}> (x, k) }`;
    await checkGradient(text("y, i"), { feeds: { x: distinct } });
    await checkGradient(text("y"), { feeds: { x: distinct } });
  });
});

describe("unsorted", () => {
  it("TopK gives in any order", async () => {
    const text = "g (float[3,4] x) => (float[3,2] y) <int64[1] k = {2}> { y = TopK <sorted = 0> (x, k) }";
    await checkGradient(text, { feeds: { x: distinct }, seeds: [1, 1, 2, 2, 3, 3] });
  });
});

describe("the nodes that are added", () => {
  it.each([
    ["ReduceSum", "float[2,3]", "Expand 1"],
    ["ReduceMean", "float[2,3]", "Div 1, Expand 1"],
    ["ReduceMean", "float[N,3]", "Div 1, Expand 1, Shape 1"],
  ])("%s of %s takes %s", (op, type, expected) => {
    const model = modelOf(`g (${type} x) => (float[2,1] y) <int64[1] a = {1}> { y = ${op} (x, a) }`);
    expect(addedOperators(model, emit(model, "y", ["x"]))).toBe(expected);
  });
});
