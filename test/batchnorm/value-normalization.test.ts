import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { freeze } from "../../src/batchnorm/freeze.js";
import { writeOutValueNormalizations } from "../../src/batchnorm/value-normalization.js";
import { type ReferenceTensor, referenceTensor } from "../../src/float64/tensor.js";
import { cloneModel } from "../../src/ir/clone.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { runInOrt } from "../support/gradient.js";
import { modelOf } from "../support/rewrite.js";
import { constant, sketch } from "../support/text.js";
import { dataOf, samples } from "./support.js";

const channels = (count: number): string =>
  ["s", "b", "m", "v"].map((name) => constant(name, [count])).join(", ");
const normalize = (x: string): string =>
  `n, p, q = BatchNormalization<training_mode = 1, epsilon = 0.001>(${x}, s, b, m, v)`;

const CASES: Readonly<Record<string, { text: string; of: "constant" | "sample"; dims: readonly number[] }>> =
  {
    "a weight, standardized as one sample": {
      text: `g (float[N,2,5,5] x) => (float[N,3,5,5] y) <${constant("w", [3, 2, 3, 3])}, ${channels(3)}, int64[3] k = {1, 3, -1}, int64[4] l = {3, 2, 3, 3}> {
      t = Reshape(w, k) ${normalize("t")} u = Reshape(n, l) y = Conv<pads = [1,1,1,1]>(x, u) }`,
      of: "constant",
      dims: [2, 2, 5, 5],
    },
    "a weight by its second axis": {
      text: `g (float[N,4] x) => (float[N,3] y) <${constant("w", [4, 3])}, ${channels(3)}> { ${normalize("w")} y = MatMul(x, n) }`,
      of: "constant",
      dims: [2, 4],
    },
    "a computed weight of four axes": {
      text: `g (float[N,3,5,5] x) => (float[N,2,3,3] y) <${constant("w", [2, 3, 3, 3])}, ${channels(3)}> { a = Tanh(w) ${normalize("a")} y = Conv(x, n) }`,
      of: "constant",
      dims: [1, 3, 5, 5],
    },
    "each sample, with the batch among the channels": {
      text: `g (float[N,3,4,4] x) => (float[N,3,4,4] y) <${channels(3)}, int64[4] k = {1, -1, 4, 4}, int64[1] flat = {-1}, int64[1] zero = {0}, int64[1] one = {1}> {
      h = Shape(x) c = Slice(h, zero, one) S = Tile(s, c) B = Tile(b, c) M = Tile(m, c) V = Tile(v, c)
      t = Reshape(x, k) n, p, q = BatchNormalization<training_mode = 1, epsilon = 0.001>(t, S, B, M, V) y = Reshape(n, h) }`,
      of: "sample",
      dims: [2, 3, 4, 4],
    },
  };

function written(text: string): {
  model: Model;
  original: Model;
  found: ReturnType<typeof writeOutValueNormalizations>;
} {
  const original = modelOf(text);
  const model = cloneModel(original);
  return { model, original, found: writeOutValueNormalizations(model) };
}

async function outputs(model: Model, dims: readonly number[]): Promise<ReferenceTensor> {
  const random = createRandom(5);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const x = referenceTensor(
    "float",
    dims,
    Array.from({ length: size }, () => random.normal()),
  );
  const y = (await runInOrt(model, new Map([["x", x]]), false)).get("y");
  if (y === undefined) throw new Error("y");
  return y;
}

describe("a normalization of a value by its own statistics", () => {
  it.each(Object.entries(CASES))("%s is written as InstanceNormalization", async (_, { text, of, dims }) => {
    const { model, original, found } = written(text);
    expect(found).toMatchObject([{ of }]);
    expect(verify(model)).toEqual([]);
    const operators = sketch(model).join("\n");
    expect(operators).toContain("InstanceNormalization");
    expect(operators).not.toContain("BatchNormalization");
    const [before, after] = [await outputs(original, dims), await outputs(model, dims)];
    after.data.forEach((value, index) => {
      expect(value).toBeCloseTo(before.data[index] ?? Number.NaN, 5);
    });
  });

  it.each([
    ["a layer", "g (float[N,3,4] x) => (float[N,3,4] n)", "x", ""],
    ["a layer of a model for one sample", "g (float[1,3,4] x) => (float[1,3,4] n)", "x", ""],
    ["a layer behind a view", "g (float[1,12] x) => (float[1,3,4] n)", "t", "t = Reshape(x, k)"],
    ["the inference form", "g (float[N,3,4] x) => (float[N,3,4] n)", "x", "inference"],
  ])("%s stays a BatchNormalization", (_, signature, x, nodes) => {
    const isInference = nodes === "inference";
    const node = isInference ? "n = BatchNormalization(x, s, b, m, v)" : normalize(x);
    const { model, found } = written(
      `${signature} <${channels(3)}, int64[3] k = {1, 3, 4}> { ${isInference ? "" : nodes} ${node} }`,
    );
    expect(found).toEqual([]);
    expect(sketch(model).join()).toContain("BatchNormalization");
  });

  it("is found in a body, and not in what draws at random", () => {
    const inner = `${normalize("w")} z = Identity(n)`;
    const body = (nodes: string): string =>
      `g (bool c, float[N,4] x) => (float[4,3] y) <${constant("w", [4, 3])}, ${channels(3)}> { y = If(c) <then_branch = t () => (float[4,3] z) { ${nodes} }, else_branch = e () => (float[4,3] v2) { v2 = Identity(w) }> }`;
    expect(written(body(inner)).found).toMatchObject([{ of: "constant" }]);
    expect(
      written(body(inner.replace("(w,", "(r,").replace("n, p", "r = RandomNormalLike(w) n, p"))).found,
    ).toEqual([]);
  });

  it("stays where something reads its updated statistics", () => {
    const { found } = written(
      `g (float[N,4] x) => (float[N,3] y, float[3] r) <${constant("w", [4, 3])}, ${channels(3)}> { ${normalize("w")} y = MatMul(x, n) r = Neg(p) }`,
    );
    expect(found).toEqual([]);
  });

  it("keeps its function when a model is frozen, and is nothing to calibrate", async () => {
    const { text = "", dims = [] } = CASES["a weight, standardized as one sample"] ?? {};
    const original = modelOf(text);
    const { model, report } = freeze(original);
    expect(report).toMatchObject({ frozen: [], operators: [{ of: "constant" }], unmeasured: [] });
    const [before, after] = [await outputs(original, dims), await outputs(model, dims)];
    after.data.forEach((value, index) => {
      expect(value).toBeCloseTo(before.data[index] ?? Number.NaN, 5);
    });
    await expect(calibrate(original, dataOf({ x: samples("s", [8, 2, 5, 5]) }))).rejects.toThrow(
      expect.objectContaining({ id: "no-normalization-to-calibrate" }),
    );
  });

  it("is told from a layer that nobody measured, of which freezing warns", () => {
    const { report } = freeze(
      modelOf(
        `g (float[N,2,4] x) => (float[N,2,4] y) <float[2] s = {1, 2}, float[2] m = {0, 0}, float[2] v = {1, 1}, float[2] w = {1, 2}> {
          [new] a, p, q = BatchNormalization<training_mode = 1>(x, s, m, m, v)
          [old] y, r, t = BatchNormalization<training_mode = 1>(a, s, m, m, w) }`,
      ),
    );
    expect(report.unmeasured).toEqual(["new"]);
  });
});
