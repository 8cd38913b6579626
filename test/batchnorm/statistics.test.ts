import { describe, expect, it } from "vitest";
import { findSites } from "../../src/batchnorm/sites.js";
import { estimateStatistics } from "../../src/batchnorm/statistics.js";
import type { Model } from "../../src/ir/model.js";
import { modelOf } from "../support/rewrite.js";
import { constant, elementsOf, normalization, normalize } from "../support/text.js";
import { byChannel, dataOf, meanOf, numbersOf, samples, tensor, varianceOf } from "./support.js";

/** x [N, 3, 4, 4] through a 1x1 convolution to 5 channels, with a mean far from 0. */
function convolution(opset = 17): Model {
  return modelOf(
    `g (float[N,3,4,4] x) => (float[N,5,4,4] y)
     <${constant("w", [5, 3, 1, 1])}, ${constant("b", [5], { low: 8, high: 12 })}>
     { c = Conv (x, w, b)  r = Relu (c)  y = Neg (r) }`,
    opset,
  );
}

/** The convolution in float64, [sample][channel][16 places]. */
function convolve(x: readonly number[], count: number): number[][][] {
  const [w, b] = [
    elementsOf("w", [5, 3, 1, 1]).map(Math.fround),
    elementsOf("b", [5], { low: 8, high: 12 }).map(Math.fround),
  ];
  return Array.from({ length: count }, (_, n) =>
    b.map((bias, o) =>
      Array.from({ length: 16 }, (_unused, at) => {
        let sum = bias;
        for (let c = 0; c < 3; c++) sum += (w[o * 3 + c] ?? 0) * (x[(n * 3 + c) * 16 + at] ?? 0);
        return sum;
      }),
    ),
  );
}

function close(actual: ArrayLike<number>, expected: readonly number[], relative = 1e-6): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, c) => {
    expect(Math.abs((actual[c] ?? Number.NaN) / value - 1), `channel ${c}`).toBeLessThan(relative);
  });
}

const input = samples("input", [12, 3, 4, 4]);
const activations = convolve(numbersOf(input), 12);
const channels = [0, 1, 2, 3, 4];
const ofChannel = (from: number, to: number, c: number): number[] =>
  activations.slice(from, to).flatMap((sample) => sample[c] ?? []);

describe("estimateStatistics", () => {
  it.each([17, 13, 9])(
    "gives Algorithm 2 of the paper, written out in float64, at opset %i",
    async (opset) => {
      const model = convolution(opset);
      const report = await estimateStatistics(model, dataOf({ x: input }), {
        targets: findSites(model).sites,
        method: "paper",
        batchSize: 4,
      });
      expect([report.batches, report.samples]).toEqual([3, 12]);
      const m = 4 * 16;
      const batches = [0, 4, 8];
      const means = channels.map((c) => meanOf(batches.map((at) => meanOf(ofChannel(at, at + 4, c)))));
      const variances = channels.map((c) =>
        meanOf(batches.map((at) => (m / (m - 1)) * varianceOf(ofChannel(at, at + 4, c)))),
      );
      const [layer] = report.layers;
      close(layer?.mean ?? [], means);
      close(layer?.variance ?? [], variances);
      const errors = channels.map((c) => {
        const own = batches.map((at) => meanOf(ofChannel(at, at + 4, c)));
        return Math.sqrt((varianceOf(own) * 3) / 2 / 3);
      });
      close(layer?.standardError?.mean ?? [], errors, 1e-4);
    },
  );

  it("pools to the mean and variance of all data at once, an uneven last batch included", async () => {
    const model = convolution();
    const { layers, samples: count } = await estimateStatistics(model, dataOf({ x: input }), {
      targets: findSites(model).sites,
      method: "pooled",
      batchSize: 5,
    });
    expect(count).toBe(12);
    expect(layers[0]?.count).toBe(12 * 16);
    close(
      layers[0]?.mean ?? [],
      channels.map((c) => meanOf(ofChannel(0, 12, c))),
    );
    close(
      layers[0]?.variance ?? [],
      channels.map((c) => varianceOf(ofChannel(0, 12, c))),
    );
  });

  it("leaves a last batch that is not full out of Algorithm 2", async () => {
    const model = convolution();
    const { samples: count } = await estimateStatistics(model, dataOf({ x: input }), {
      targets: findSites(model).sites,
      batchSize: 5,
    });
    expect(count).toBe(10);
  });

  it("keeps a small variance beside a large mean", async () => {
    const model = modelOf(
      `g (float[N,2,8] x) => (float[N,2,8] y) <float[2,2,1] w = {1, 0, 0, 1}> { c = Conv (x, w)  r = Relu (c)  y = Neg (r) }`,
    );
    const values = elementsOf("small", [64, 2, 8]).map((value) => Math.fround(1000 + value * 0.01));
    const { layers } = await estimateStatistics(model, dataOf({ x: tensor([64, 2, 8], values) }), {
      targets: findSites(model).sites,
      method: "pooled",
      batchSize: 16,
    });
    const expected = byChannel(values, 2, 8);
    close(layers[0]?.mean ?? [], expected.map(meanOf), 1e-7);
    close(layers[0]?.variance ?? [], expected.map(varianceOf), 1e-3);
  });

  it("normalizes by the batch in front of deeper normalizations, as training does, or by the stored statistics", async () => {
    const text = `g (float[N,4] x) => (float[N,3] y)
      <${constant("w", [4, 3])}, ${constant("v", [3, 3])}, ${normalization("p", 3)}, ${normalization("q", 3)}>
      { a = MatMul (x, w)  ${normalize("n", "a", "p")}  h = MatMul (n, v)  ${normalize("y", "h", "q")} }`;
    const x = samples("rows", [8, 4]);
    const rows = Array.from({ length: 8 }, (_, n) => numbersOf(x).slice(n * 4, n * 4 + 4));
    const times = (input2: number[][], weight: number[], width: number): number[][] =>
      input2.map((row) =>
        Array.from({ length: width }, (_, o) =>
          row.reduce((sum, value, k) => sum + value * Math.fround(weight[k * width + o] ?? 0), 0),
        ),
      );
    const column = (matrix: number[][], c: number): number[] => matrix.map((row) => row[c] ?? Number.NaN);
    const first = times(rows, elementsOf("w", [4, 3]), 3);
    const parameter = (name: string, low?: number, high?: number): number[] =>
      elementsOf(`p_${name}`, [3], low === undefined || high === undefined ? {} : { low, high }).map(
        Math.fround,
      );
    const [gamma, beta] = [parameter("gamma", 0.5, 1.5), parameter("beta")];
    const normalized = (mean: number[], variance: number[]): number[][] =>
      first.map((row) =>
        row.map(
          (value, c) =>
            ((value - (mean[c] ?? 0)) / Math.sqrt((variance[c] ?? 0) + Math.fround(1e-5))) * (gamma[c] ?? 0) +
            (beta[c] ?? 0),
        ),
      );
    const three = [0, 1, 2];
    for (const opset of [17, 11]) {
      const model = modelOf(text, opset);
      const byBatch = await estimateStatistics(model, dataOf({ x }), { batchSize: 8 });
      const means = three.map((c) => meanOf(column(first, c)));
      const biased = three.map((c) => varianceOf(column(first, c)));
      close(byBatch.layers[0]?.mean ?? [], means, 5e-6);
      close(
        byBatch.layers[0]?.variance ?? [],
        biased.map((value) => (value * 8) / 7),
      );
      const second = times(normalized(means, biased), elementsOf("v", [3, 3]), 3);
      close(
        byBatch.layers[1]?.variance ?? [],
        three.map((c) => (varianceOf(column(second, c)) * 8) / 7),
        2e-6,
      );

      const stored = await estimateStatistics(model, dataOf({ x }), { batchSize: 8, normalizedBy: "stored" });
      const other = times(
        normalized(parameter("mean"), parameter("var", 0.5, 2)),
        elementsOf("v", [3, 3]),
        3,
      );
      close(
        stored.layers[1]?.variance ?? [],
        three.map((c) => (varianceOf(column(other, c)) * 8) / 7),
        2e-6,
      );
    }
  });

  it("measures the last axis of sequences over batch and time", async () => {
    const model = modelOf(
      `g (float[N,T,2] x) => (float[N,T,3] y) <${constant("w", [2, 3])}> { m = MatMul (x, w)  t = Tanh (m)  y = Neg (t) }`,
    );
    const x = samples("sequence", [4, 5, 2]);
    const { layers } = await estimateStatistics(model, dataOf({ x }), {
      targets: findSites(model).sites,
      batchSize: 4,
    });
    expect(layers[0]?.count).toBe(20);
    const [w, values] = [elementsOf("w", [2, 3]).map(Math.fround), numbersOf(x)];
    const products = Array.from({ length: 60 }, (_, i) => {
      const [row, o] = [Math.floor(i / 3), i % 3];
      return (values[row * 2] ?? 0) * (w[o] ?? 0) + (values[row * 2 + 1] ?? 0) * (w[3 + o] ?? 0);
    });
    close(
      layers[0]?.variance ?? [],
      byChannel(products, 3, 1).map((list) => (varianceOf(list) * 20) / 19),
    );
  });

  it("gives JavaScript only vectors, and computes nothing behind the last layer", async () => {
    const { instrument } = await import("../../src/batchnorm/instrument.js");
    const model = convolution();
    const { model: measuring } = instrument(model, findSites(model).sites);
    expect([...measuring.nodes()].map((node) => node.opType)).not.toContain("Neg");
    expect(measuring.graph.outputs.map((value) => value.type)).toEqual([
      { kind: "tensor", dtype: "float", shape: undefined },
      { kind: "tensor", dtype: "float", shape: undefined },
      { kind: "tensor", dtype: "int64", shape: [] },
    ]);
  });
});

describe("refusals of estimateStatistics", () => {
  const model = convolution();
  const fails = async (
    x: ReturnType<typeof tensor>,
    options: { readonly batchSize?: number; readonly limit?: number; readonly name?: string } = {},
  ): Promise<unknown> => {
    const { name = "x", ...rest } = options;
    const targets = findSites(model).sites;
    return estimateStatistics(model, dataOf({ [name]: x }), { targets, ...rest }).then(
      () => "nothing",
      (error: unknown) => error,
    );
  };

  it.each([
    ["another name", () => fails(input, { name: "z" }), "data-lacks-input", /no "x".*it has z/],
    [
      "another type",
      () => fails(samples("d", [4, 3, 4, 4], { dtype: "double" })),
      "data-type-differs-from-input",
      /"x" is double, the model wants float/,
    ],
    [
      "another shape",
      () => fails(samples("d", [4, 2, 4, 4])),
      "sample-shape-differs-from-input",
      /\[2,4,4\], the model wants \[3,4,4\]/,
    ],
    ["no samples", () => fails(tensor([0, 3, 4, 4], [])), "data-holds-no-samples", /no samples/],
    [
      "too few samples",
      () => fails(input, { batchSize: 13 }),
      "data-is-smaller-than-batch",
      /12 samples, fewer than one batch of 13/,
    ],
    [
      "more samples to a batch than may be used",
      () => fails(input, { batchSize: 8, limit: 4 }),
      "data-is-smaller-than-batch",
      /4 samples, fewer than one batch of 8/,
    ],
    ["no batch", () => fails(input, { batchSize: 0 }), "wrong-option-value", /0/],
    [
      "NaN",
      () =>
        fails(
          tensor(
            [2, 3, 4, 4],
            Array.from({ length: 96 }, (_, i) => (i === 50 ? Number.NaN : 1)),
          ),
        ),
      "batch-is-not-finite",
      /batch 1 .* "x"/,
    ],
    [
      "activations that overflow",
      () =>
        fails(
          tensor(
            [2, 3, 4, 4],
            Array.from({ length: 96 }, (_, i) => (i % 2 === 0 ? 3e38 : -3e38)),
          ),
        ),
      "activation-is-not-finite",
      /batch 1 makes channel \d NaN, infinite/,
    ],
  ])("%s", async (_, attempt, id, message) => {
    const error = await attempt();
    expect(error).toMatchObject({ id });
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain("\n");
  });

  it("one element per channel, which has no variance", async () => {
    const dense = modelOf(
      `g (float[N,2] x) => (float[N,3] y) <${constant("w", [2, 3])}> { m = MatMul (x, w)  t = Relu (m)  y = Neg (t) }`,
    );
    const { sites: targets } = findSites(dense);
    const data = dataOf({ x: samples("x", [4, 2]) });
    await expect(estimateStatistics(dense, data, { targets, batchSize: 1 })).rejects.toMatchObject({
      id: "channel-has-one-element",
    });
    // All samples together have one.
    const pooled = await estimateStatistics(dense, data, { targets, batchSize: 1, method: "pooled" });
    const whole = await estimateStatistics(dense, data, { targets, batchSize: 4, method: "pooled" });
    close(pooled.layers[0]?.variance ?? [], [...(whole.layers[0]?.variance ?? [])]);
  });

  it("to go on after it was aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(
      estimateStatistics(model, dataOf({ x: input }), { targets: findSites(model).sites, signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
  });
});
