import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import { referenceTensor } from "../../../src/float64/tensor.js";
import {
  checkGradient,
  emit,
  expectClose,
  expectRuleRefuses,
  finiteDifferences,
  modelOf,
  referenceRun,
} from "../../support/gradient.js";

const positive = (_: unknown, index: number): number => 0.5 + ((index * 7) % 5) / 4;

function batchText(sizes: readonly number[], attributes: string, outputs = "y, m, v"): string {
  const c = sizes[1] ?? 0;
  const parameters = ["s", "b", "mean", "var"].map((name) => `float[${c}] ${name}`).join(", ");
  return `g (float[${sizes.join()}] x, ${parameters}) => (float[${sizes.join()}] y)
    { ${outputs} = BatchNormalization <${attributes}> (x, s, b, mean, var) }`;
}

describe("BatchNormalization", () => {
  it.each([[[7, 3]], [[2, 3, 4]], [[3, 2, 2, 3]]])("in training form on %j", async (sizes) => {
    const feeds = { mean: () => 0, var: () => 1 };
    const options = { wrt: ["x", "s", "b"], feeds, rankless: false };
    await checkGradient(batchText(sizes, "training_mode = 1, epsilon = 0.01"), options);
    await checkGradient(batchText(sizes, "training_mode = 1, momentum = 0.0"), options);
  });

  it.each([[[4, 3]], [[2, 3, 2, 3]]])("in inference form on %j", async (sizes) => {
    await checkGradient(batchText(sizes, "epsilon = 0.01", "y"), {
      feeds: { var: positive },
      rankless: false,
    });
  });

  it("gives no gradient to running statistics, and refuses one through them", () => {
    const model = modelOf(`g (float[4,3] x, float[3] s, float[3] mean) => (float[3] m)
      { y, m, v = BatchNormalization <training_mode = 1> (x, s, s, mean, s) }`);
    expectRuleRefuses(model, "m", "x", "running-statistics-have-no-gradient");
  });

  it("has a gradient of x that sums to 0 in each channel", async () => {
    const text = batchText([5, 3, 2, 2], "training_mode = 1");
    const gradients = await checkGradient(text, { wrt: ["x"], feeds: { var: positive }, symbolic: false });
    const { data } = gradients.get("x_grad") ?? { data: [] };
    const sums = [0, 0, 0];
    data.forEach((value, index) => {
      const channel = Math.floor(index / 4) % 3;
      sums[channel] = (sums[channel] ?? 0) + value;
    });
    for (const sum of sums) expect(Math.abs(sum)).toBeLessThan(1e-12);
  });

  it("makes a scaled weight give the same y and a gradient that is scaled back, and a bias before it give none", () => {
    const model =
      modelOf(`g (float[8,4] x, float[4,3] w, float[3] bias, float[3] s, float[3] b) => (float[8,3] y)
      <float[3] zeros = {0,0,0}, float[3] ones = {1,1,1}>
      { z = Gemm (x, w, bias)  y, m, v = BatchNormalization <training_mode = 1, epsilon = 1e-30> (z, s, b, zeros, ones) }`);
    const random = createRandom(3);
    const draw = (...dims: readonly number[]) =>
      referenceTensor(
        "float",
        dims,
        Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal()),
      );
    const feeds = new Map([
      ["x", draw(8, 4)],
      ["w", draw(4, 3)],
      ["bias", draw(3)],
      ["s", draw(3)],
      ["b", draw(3)],
      ["gradient_in", draw(8, 3)],
    ]);
    const gradients = emit(model, "y", ["w", "bias"]);
    const plain = referenceRun(gradients, feeds);
    const w = feeds.get("w") ?? draw(4, 3);
    const scaled = referenceRun(
      gradients,
      new Map([...feeds, ["w", { ...w, data: w.data.map((x) => x * 8) }]]),
    );
    const [y, dw, dbias] = ["y", "w_grad", "bias_grad"].map((name) => plain.get(name) ?? draw(0));
    const [y8, dw8] = ["y", "w_grad"].map((name) => scaled.get(name) ?? draw(0));
    if (y === undefined || y8 === undefined || dw === undefined || dw8 === undefined)
      throw new Error("no outputs");
    expectClose(y8, y, 1e-12, "y");
    expectClose({ ...dw8, data: dw8.data.map((x) => x * 8) }, dw, 1e-10, "the gradient of the weight");
    for (const value of dbias?.data ?? [1]) expect(Math.abs(value)).toBeLessThan(1e-12);
  });
});

describe("normalizations of each sample", () => {
  it.each([
    ["the last axis", "float[3,2,4] x, float[4] s, float[4] b", ""],
    ["two axes", "float[3,2,4] x, float[2,4] s, float[2,4] b", "axis = 1, epsilon = 0.01"],
    ["a scale that is repeated", "float[3,2,4] x, float[4] s, float[2,1] b", "axis = -2"],
  ])("LayerNormalization over %s", async (_, inputs, attributes) => {
    const head = attributes === "" ? "LayerNormalization" : `LayerNormalization <${attributes}>`;
    await checkGradient(`g (${inputs}) => (float[3,2,4] y) { y = ${head} (x, s, b) }`, { rankless: false });
  });

  it("LayerNormalization without bias, of doubles, and with its statistics given already", async () => {
    await checkGradient("g (float[3,4] x, float[4] s) => (float[3,4] y) { y = LayerNormalization (x, s) }", {
      rankless: false,
    });
    const double = "g (double[3,4] x, double[4] s) => (double[3,4] y) { y = LayerNormalization (x, s) }";
    await checkGradient(double, { rankless: false, rounding: 1e-12 });
    const given =
      "g (float[3,4] x, float[4] s) => (float[3,4] y) { y, mean, deviation = LayerNormalization (x, s) }";
    await checkGradient(given, { rankless: false });
  });

  it("RMSNormalization", async () => {
    const text =
      "g (float[3,2,4] x, float[4] s) => (float[3,2,4] y) { y = RMSNormalization <axis = -1> (x, s) }";
    await checkGradient(text, { opset: 23, rankless: false });
  });

  it.each(["2,3,5", "2,3,2,3"])("InstanceNormalization of [%s]", async (sizes) => {
    const text = `g (float[${sizes}] x, float[3] s, float[3] b) => (float[${sizes}] y) { y = InstanceNormalization (x, s, b) }`;
    await checkGradient(text, { rankless: false, seed: 2 });
  });

  it.each([18, 21])("GroupNormalization of opset %d", async (opset) => {
    const count = opset < 21 ? 2 : 6;
    const text = `g (float[2,6,2,3] x, float[${count}] s, float[${count}] b) => (float[2,6,2,3] y)
      { y = GroupNormalization <num_groups = 2> (x, s, b) }`;
    await checkGradient(text, { opset, rankless: false });
  });

  it("MeanVarianceNormalization", async () => {
    await checkGradient("g (float[2,3,2,3] x) => (float[2,3,2,3] y) { y = MeanVarianceNormalization (x) }", {
      rankless: false,
    });
  });

  it.each([1, 3, 5])("LRN over %d channels", async (size) => {
    const text = `g (float[2,6,2,3] x) => (float[2,6,2,3] y)
      { y = LRN <size = ${size}, alpha = 0.5, beta = 0.6, bias = 1.5> (x) }`;
    await checkGradient(text, { rankless: false });
  });

  it("LRN over an even number of channels, which onnxruntime does not run", () => {
    const model = modelOf("g (float[1,5,2] x) => (float[1,5,2] y) { y = LRN <size = 4, alpha = 0.5> (x) }");
    const random = createRandom(5);
    const draw = () =>
      referenceTensor(
        "float",
        [1, 5, 2],
        Array.from({ length: 10 }, () => random.normal()),
      );
    const [x, g] = [draw(), draw()];
    const gradients = referenceRun(
      emit(model, "y", ["x"]),
      new Map([
        ["x", x],
        ["gradient_in", g],
      ]),
    );
    const differences = finiteDifferences(model, "y", "x", new Map([["x", x]]), g);
    expectClose(gradients.get("x_grad") ?? g, differences, 1e-6, "x");
  });

  it.each([1, 2])("LpNormalization with p = %d", async (p) => {
    const feeds = {
      x: (_: unknown, index: number) => (index % 3 === 0 ? -1 : 1) * (0.5 + ((index * 5) % 7) / 3),
    };
    const text = (axis: number): string =>
      `g (float[3,2,4] x) => (float[3,2,4] y) { y = LpNormalization <p = ${p}, axis = ${axis}> (x) }`;
    await checkGradient(text(1), { feeds });
    await checkGradient(text(-1), { feeds });
  });
});

describe("Softmax and LogSoftmax", () => {
  it.each(["Softmax", "LogSoftmax"])("%s", async (op) => {
    for (const axis of [-1, 1, 0])
      await checkGradient(`g (float[3,2,4] x) => (float[3,2,4] y) { y = ${op} <axis = ${axis}> (x) }`);
  });
});
