import { describe, expect, it } from "vitest";
import {
  constantBehind,
  ownStatistics,
  tiedNames,
  untieConstants,
} from "../../src/batchnorm/own-constants.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

/** Two normalizations as PyTorch writes them when their tensors are equal. */
const MERGED = `g (float[N,3] x) => (float[N,3] y)
  <float[3] one = {1, 1, 1}, float[3] zero = {0, 0, 0}> {
    m2 = Identity(zero) v2 = Identity(one) w2 = Identity(one)
    a = BatchNormalization(x, one, zero, zero, one)
    y = BatchNormalization(a, w2, zero, m2, v2) }`;

function numbers(model: Model, name: string): readonly number[] {
  return [...(valueNamed(model, name).tensor?.toFloat64() ?? [])];
}

describe("ownStatistics", () => {
  it("gives each layer a mean and a variance of its own, with the names that the exporter gave", () => {
    const model = parseGraph(MERGED, { opset: 17 });
    expect(ownStatistics(model)).toEqual([
      { name: "zero_1", of: "zero" },
      { name: "one_1", of: "one" },
      { name: "m2", of: "zero" },
      { name: "v2", of: "one" },
    ]);
    expect(verify(model)).toEqual([]);
    expect(sketch(model)).toEqual([
      "w2 = Identity(one)",
      "a = BatchNormalization(x, one, zero, zero_1, one_1)",
      "y = BatchNormalization(a, w2, zero, m2, v2)",
    ]);
    expect([numbers(model, "zero_1"), numbers(model, "v2")]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(ownStatistics(model)).toEqual([]);
  });

  it.each([
    ["a layer that is run twice", "m, v", "m, v", 2],
    ["one constant for mean and variance", "v, v", "m, m", 4],
    ["its own already", "m, v", "n, w", 0],
  ])("parts %s", (_, first, second, count) => {
    const model = parseGraph(
      `g (float[N,2] x) => (float[N,2] y)
       <float[2] s = {1, 2}, float[2] b = {3, 4}, float[2] m = {5, 6}, float[2] v = {7, 8}, float[2] n = {5, 6}, float[2] w = {7, 8}> {
         a = BatchNormalization(x, s, b, ${first}) y = BatchNormalization(a, s, b, ${second}) }`,
      { opset: 17 },
    );
    const made = ownStatistics(model);
    // The last reader of a constant keeps it.
    expect(made.length).toBe(count === 4 ? 2 : count === 2 ? 2 : 0);
    const read = [...model.graph.nodes()].flatMap((node) => [node.input(3)?.name, node.input(4)?.name]);
    expect(new Set(read).size).toBe(4);
    expect(verify(model)).toEqual([]);
  });

  it("computes what comes through Cast, Reshape, Transpose and a Constant node", () => {
    const model = parseGraph(
      `g (float[N,4] x) => (float[N,4] y)
       <float[4] s = {1, 1, 1, 1}, float[2,2] grid = {1, 2, 3, 4}, double[4] wide = {0.5, 1, 2, 4}, int64[1] flat = {4}> {
         turned = Transpose<perm = [1, 0]>(grid) mean = Reshape(turned, flat)
         variance = Cast<to = 1>(wide)
         bias = Constant<value = float[4] {5, 6, 7, 8}>()
         y = BatchNormalization(x, s, bias, mean, variance) }`,
      { opset: 17 },
    );
    expect(ownStatistics(model)).toEqual([
      { name: "mean", of: "grid" },
      { name: "variance", of: "wide" },
    ]);
    expect(numbers(model, "mean")).toEqual([1, 3, 2, 4]);
    expect(valueNamed(model, "variance").tensor?.dtype).toBe("float");
    expect(sketch(model)[0]).toMatch(/^bias = Constant/);
  });

  it("leaves a statistic alone that the model computes from its input", () => {
    const model = parseGraph(
      `g (float[N,2] x, float[2] m) => (float[N,2] y) <float[2] s = {1, 2}, float[2] v = {7, 8}> {
         mean = Neg(m) y = BatchNormalization(x, s, s, mean, v) }`,
      { opset: 17 },
    );
    expect(ownStatistics(model)).toEqual([]);
    expect(constantBehind(valueNamed(model, "mean"))).toBeUndefined();
  });
});

describe("untieConstants", () => {
  const TIED = `g (int64[N] ids, float[N,2] x) => (float[N,3] y, float[N,2] z)
    <float[3,2] table = {1, 2, 3, 4, 5, 6}, float[2] b = {1, 2}> {
      e = Gather(table, ids) t = Transpose<perm = [1, 0]>(table) y = MatMul(e, t)
      p = Add(x, b) z = Add(p, b) }`;

  it("parts what a pattern names, and leaves the rest as it is", () => {
    const model = parseGraph(TIED, { opset: 17 });
    expect(tiedNames(model.graph)).toEqual([["table", "t"], ["b"]]);
    expect(untieConstants(model, ["t"])).toEqual([{ name: "t", of: "table" }]);
    expect(numbers(model, "t")).toEqual([1, 3, 5, 2, 4, 6]);
    expect(tiedNames(model.graph)).toEqual([["b"]]);
    expect(verify(model)).toEqual([]);
  });

  it("gives each reader but the first a copy, and all where all is asked for", () => {
    const model = parseGraph(TIED, { opset: 17 });
    expect(untieConstants(model, ["all"])).toEqual([
      { name: "t", of: "table" },
      { name: "b_1", of: "b" },
    ]);
    expect(sketch(model).at(-1)).toBe("z = Add(p, b_1)");
    expect(tiedNames(model.graph)).toEqual([]);
    expect(untieConstants(model, ["all"])).toEqual([]);
  });

  it("refuses a name that stands for nothing that is tied", () => {
    const model = parseGraph(TIED, { opset: 17 });
    expect(() => untieConstants(model, ["t", "x*"])).toThrow(
      expect.objectContaining({ code: "usage", id: "glob-matches-no-tied-constant" }),
    );
  });
});
