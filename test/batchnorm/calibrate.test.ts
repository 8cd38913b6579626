import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { levelsOf } from "../../src/batchnorm/levels.js";
import { estimateStatistics } from "../../src/batchnorm/statistics.js";
import type { Model } from "../../src/ir/model.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { modelOf } from "../support/rewrite.js";
import { constant, normalization, normalize } from "../support/text.js";
import { byChannel, dataOf, meanOf, numbersOf, samples, tensor, varianceOf } from "./support.js";

/** Two branches side by side behind a first layer, and one behind both. */
const BRANCHES = `g (float[N,3,4,4] x) => (float[N,2,4,4] y)
  <${constant("a", [4, 3, 1, 1])}, ${constant("b", [4, 4, 1, 1])}, ${constant("c", [4, 4, 1, 1])}, ${constant("d", [2, 4, 1, 1])},
   ${normalization("p", 4)}, ${normalization("q", 4)}, ${normalization("r", 4)}, ${normalization("s", 2)}>
  { u = Conv (x, a)  ${normalize("n", "u", "p")}  h = Tanh (n)
    v = Conv (h, b)  ${normalize("o", "v", "q")}
    w = Conv (h, c)  ${normalize("k", "w", "r")}
    t = Add (o, k)  z = Relu (t)  m = Conv (z, d)  ${normalize("y", "m", "s")} }`;
const LAYERS = ["p", "q", "r", "s"];
const images = dataOf({ x: samples("images", [24, 3, 4, 4]) });

function stored(model: Model, name: string): number[] {
  const value = [...model.graph.initializers].find((initializer) => initializer.name === name);
  return [...(value?.tensor?.toFloat64() ?? [])];
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? Number.NaN)) / scale).toBeLessThan(tolerance);
  });
}

/** The default runtime, and how often it opened a model. */
async function counting(): Promise<{ readonly runtime: Runtime; readonly opened: () => number }> {
  const inner = await defaultRuntime();
  let count = 0;
  return {
    runtime: {
      ...inner,
      open: (model, options) => {
        count++;
        return inner.open(model, options);
      },
    },
    opened: () => count,
  };
}

describe("calibrate, layer by layer", () => {
  it("gives every layer the statistics of its input in inference, in one pass for each level", async () => {
    const { runtime, opened } = await counting();
    const { model, report } = await calibrate(modelOf(BRANCHES), images, {
      method: "sequential",
      batchSize: 8,
      runtime,
    });
    expect(opened()).toBe(3);
    expect(report).toMatchObject({ method: "sequential", batchSize: 8, batches: 3, samples: 24 });
    const seen = await estimateStatistics(model, images, {
      method: "pooled",
      normalizedBy: "stored",
      batchSize: 8,
    });
    seen.layers.forEach(({ mean, variance }, i) => {
      expectClose(stored(model, `${LAYERS[i]}_mean`), [...mean], 1e-6);
      expectClose(stored(model, `${LAYERS[i]}_var`), [...variance], 1e-6);
    });
    // Calibrated at once, the layers see inputs normalized by the batch. Behind the first layer these differ.
    const pooled = await calibrate(modelOf(BRANCHES), images, { method: "pooled", batchSize: 8 });
    expectClose(stored(pooled.model, "p_var"), stored(model, "p_var"), 1e-6);
    expect(stored(pooled.model, "s_var")).not.toEqual(stored(model, "s_var"));
  });

  it("takes layers together that do not see each other", () => {
    const { graph } = modelOf(BRANCHES);
    const nodes = [...graph.nodes()].filter((node) => node.is("BatchNormalization"));
    const levels = levelsOf(graph, nodes).map((level) => level.map((node) => node.output(0)?.name));
    expect(levels).toEqual([["n"], ["o", "k"], ["y"]]);
  });

  it("follows values that bodies capture", () => {
    const text = `g (float[N,2] x, bool c) => (float[N,2] y) <${normalization("p", 2)}, ${normalization("q", 2)}>
      { ${normalize("n", "x", "p")}
        h = If (c) <then_branch = t () => (float[N,2] a) { a = Relu (n) }, else_branch = e () => (float[N,2] b) { b = Neg (x) }>
        ${normalize("y", "h", "q")} }`;
    const { graph } = modelOf(text);
    const nodes = [...graph.nodes()].filter((node) => node.is("BatchNormalization"));
    expect(levelsOf(graph, nodes).map((level) => level.length)).toEqual([1, 1]);
  });
});

const ONE = `g (float[N,3,4,4] x) => (float[N,3,4,4] y) <${normalization("p", 3)}> { ${normalize("y", "x", "p", "<momentum = 0.75>")} }`;

describe("calibrate by moving averages", () => {
  it.each([undefined, 0.5, 0])(
    "follows ONNX's formula from the stored values on, momentum %s",
    async (momentum) => {
      const { model, report } = await calibrate(modelOf(ONE), images, {
        method: "moving-average",
        batchSize: 8,
        ...(momentum === undefined ? {} : { momentum }),
      });
      const weight = momentum ?? 0.75;
      const plain = modelOf(ONE);
      let [mean, variance] = [stored(plain, "p_mean"), stored(plain, "p_var")];
      for await (const { tensors } of images.batches({ size: 8 })) {
        const x = tensors.get("x");
        const lists = x === undefined ? [] : byChannel(numbersOf(x), 3, 16);
        mean = mean.map((old, c) => old * weight + meanOf(lists[c] ?? []) * (1 - weight));
        variance = variance.map((old, c) => old * weight + varianceOf(lists[c] ?? []) * (1 - weight));
      }
      expectClose(stored(model, "p_mean"), mean, 1e-6);
      expectClose(stored(model, "p_var"), variance, 1e-6);
      expect(report.layers[0]?.standardError).toBeUndefined();
    },
  );
});

describe("the report of calibrate", () => {
  it("says how far means and deviations moved, and which channels are constant", async () => {
    // Channel 2 is always 5.
    const values = samples("images", [8, 3, 4, 4]);
    const numbers = numbersOf(values).map((value, i) => (Math.floor(i / 16) % 3 === 2 ? 5 : value));
    const x = tensor([8, 3, 4, 4], numbers);
    const plain = modelOf(ONE);
    const { model, report } = await calibrate(plain, dataOf({ x }), { batchSize: 4 });
    const [layer] = report.layers;
    expect(layer?.dead).toEqual([2]);
    const [before, after] = [plain, model].map((of) => ({
      mean: stored(of, "p_mean"),
      variance: stored(of, "p_var"),
    }));
    expectClose([...(layer?.before.mean ?? [])], before?.mean ?? [], 1e-12);
    expectClose([...(layer?.after.variance ?? [])], after?.variance ?? [], 1e-12);
    const moves = [0, 1, 2].map(
      (c) => ((after?.mean[c] ?? 0) - (before?.mean[c] ?? 0)) ** 2 / ((before?.variance[c] ?? 0) + 1e-5),
    );
    expect(layer?.shift).toBeCloseTo(Math.sqrt(meanOf(moves)), 4);
    const logs = [0, 1].map(
      (c) => Math.log(((after?.variance[c] ?? 0) + 1e-5) / ((before?.variance[c] ?? 0) + 1e-5)) / 2,
    );
    expect(layer?.ratio).toBeCloseTo(Math.exp(meanOf(logs)), 4);
    expect(layer?.standardError?.mean).toHaveLength(3);
  });

  it("lists the normalizations that keep their statistics", async () => {
    const body = (nodes: string): Model =>
      modelOf(
        `g (float[N,3,4,4] x, bool[N] c) => (float[N,3,4,4] y) <${normalization("p", 3)}> {
           ${nodes}  k = ReduceMax <keepdims = 0> (i)  f = Cast <to = 9> (k)
           y = If (f) <then_branch = t () => (float[N,3,4,4] p) { ${normalize("p", "u", "p")} }, else_branch = e () => (float[N,3,4,4] q) { q = Relu (u) }> }`,
      );
    const cast = "i = Cast <to = 6> (c)";
    const data = dataOf({
      x: samples("images", [8, 3, 4, 4]),
      c: tensor([8], [1, 1, 1, 1, 1, 1, 1, 1], "bool"),
    });
    const { report } = await calibrate(body(`${cast}  ${normalize("u", "x", "p")}`), data);
    expect([report.layers.length, report.passedOver.length]).toEqual([1, 1]);
    await expect(calibrate(body(`${cast}  u = Neg (x)`), data)).rejects.toMatchObject({
      id: "only-nested-normalizations",
    });
  });

  it("nothing but statistics changes, and layers that shared them have their own", async () => {
    const shared = `g (float[N,3,4,4] x) => (float[N,3,4,4] y) <${normalization("p", 3)}, ${constant("w", [3, 3, 1, 1])}>
      { ${normalize("n", "x", "p")}  c = Conv (n, w)  ${normalize("y", "c", "p")} }`;
    const plain = modelOf(shared);
    const bytes = encodeToBytes(plain);
    const { model } = await calibrate(plain, images, { batchSize: 8 });
    expect(Buffer.compare(encodeToBytes(plain), bytes)).toBe(0);
    const [first, second] = [...model.nodes()].filter((node) => node.is("BatchNormalization"));
    expect(first?.input(1)).toBe(second?.input(1));
    expect(first?.input(3)).not.toBe(second?.input(3));
    expect(first?.input(3)?.tensor?.toFloat64()).not.toEqual(second?.input(3)?.tensor?.toFloat64());
    expect([...model.nodes()].map(({ opType }) => opType)).toEqual(
      [...plain.nodes()].map(({ opType }) => opType),
    );
  });

  it.each([
    [ONE, { momentum: 1, method: "moving-average" as const }, { id: "wrong-option-value" }],
    [ONE, { momentum: 0.5 }, { id: "option-needs-another" }],
    [
      `g (float[N,3,4,4] x) => (float[N,3,4,4] y) { y = Relu (x) }`,
      {},
      { id: "no-normalization-to-calibrate" },
    ],
    [
      ONE.replace("p_mean, p_var)", "k, p_var)").replace("{ y =", "{ k = Neg (p_mean)  y ="),
      {},
      { id: "statistic-is-not-initializer" },
    ],
    [ONE, { limit: 0 }, { message: expect.stringMatching(/limit .*0/) }],
    [ONE, { limit: Number.NaN }, { message: expect.stringMatching(/limit .*NaN/) }],
  ])("%#: a refusal", async (text, options, error) => {
    await expect(calibrate(modelOf(text), images, options)).rejects.toMatchObject(error);
  });
});
