import { describe, expect, it } from "vitest";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import type { InsertOptions } from "../../src/batchnorm/insert-options.js";
import type { InsertReport } from "../../src/batchnorm/insert-report.js";
import type { Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { compare, modelOf } from "../support/rewrite.js";
import { constant, sketch } from "../support/text.js";
import { byChannel, dataOf, distance, meanOf, run, samples, varianceOf } from "./support.js";

const opsOf = (model: Model): string[] => [...model.nodes()].map((node) => node.opType);

/** Insertion, freezing, optimizing: as many operators as at the start, and the same outputs. */
async function roundTrip(model: Model, options: InsertOptions): Promise<InsertReport> {
  const { model: normalized, report } = await insertBatchNorm(model, options);
  const { model: optimized } = await rewriteModel(freeze(normalized).model);
  const { model: plain } = await rewriteModel(model);
  expect(opsOf(optimized).length, sketch(optimized).join("\n")).toBeLessThanOrEqual(opsOf(plain).length);
  const found = await compare(model, optimized, "rounding");
  expect(found.reason).toBeUndefined();
  expect(found.status).toBe("equal");
  return report;
}

const RESIDUAL = `g (float[N,3,6,6] x) => (float[N,4,6,6] y)
  <${constant("w", [4, 3, 3, 3])}, ${constant("b", [4])}, ${constant("v", [4, 4, 3, 3])}, ${constant("c", [4])}, ${constant("u", [4, 4, 1, 1])}>
  { a = Conv <pads = [1, 1, 1, 1]> (x, w, b)  r = Relu (a)
    d = Conv <pads = [1, 1, 1, 1]> (r, v, c)  s = Add (d, r)  t = LeakyRelu (s)  y = Conv (t, u) }`;
const images = dataOf({ x: samples("images", [6, 3, 6, 6]) });

describe("identity insertion", () => {
  it("leaves the function as it is, takes the bias over and folds away again", async () => {
    const report = await roundTrip(modelOf(RESIDUAL), { data: images });
    expect(
      report.sites.map(({ opType, bias, readers, statistics }) => [opType, bias, readers, statistics]),
    ).toEqual([
      ["Conv", "taken over", "all", "measured"],
      ["Conv", "taken over", "all", "measured"],
    ]);
    expect(report.check?.status).toBe("equal");
    expect(report.samples).toBe(6);
  });

  it("stores the statistics of the layer without its bias, and gamma is the root of the stored variance", async () => {
    const plain = modelOf(RESIDUAL);
    const { model } = await insertBatchNorm(plain, { data: images, include: ["a"] });
    const node = [...model.nodes()].find((candidate) => candidate.is("BatchNormalization"));
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => [
      ...(node?.input(index)?.tensor?.toFloat64() ?? []),
    ]);
    const probe = modelOf(RESIDUAL.replace("float[N,4,6,6] y)", "float[N,4,6,6] y, float[N,4,6,6] a)"));
    const batch = await images.batches({ size: 6 })[Symbol.asyncIterator]().next();
    const lists = byChannel([...((await run(probe, batch.value.tensors)).get("a") ?? [])], 4, 36);
    const bias = [...plain.graph.initializers].find((value) => value.name === "b")?.tensor?.toFloat64() ?? [];
    lists.forEach((list, c) => {
      expect(variance?.[c]).toBeCloseTo(varianceOf(list), 5);
      expect(beta?.[c]).toBeCloseTo(meanOf(list), 5);
      expect(mean?.[c]).toBeCloseTo(meanOf(list) - (bias[c] ?? 0), 5);
      expect(gamma?.[c]).toBe(Math.fround(Math.sqrt((variance?.[c] ?? 0) + Math.fround(1e-5))));
    });
    expect([...model.graph.initializers].map((value) => value.name)).not.toContain("b");
  });

  it.each([
    [
      "sequences",
      `g (float[N,T,4] x) => (float[N,T,2] y) <${constant("w", [4, 5])}, ${constant("b", [5])}, ${constant("v", [5, 2])}> { m = MatMul (x, w)  a = Add (b, m)  t = Tanh (a)  y = MatMul (t, v) }`,
      [3, 4, 4],
    ],
    [
      "sequences of one length",
      `g (float[N,7,4] x) => (float[N,7,2] y) <${constant("w", [4, 5])}, ${constant("v", [5, 2])}> { m = MatMul (x, w)  t = Tanh (m)  y = MatMul (t, v) }`,
      [3, 7, 4],
    ],
    [
      "matrices",
      `g (float[N,4] x) => (float[N,2] y) <${constant("w", [5, 4])}, ${constant("b", [5])}, ${constant("v", [5, 2])}> { a = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (x, w, b)  t = Sigmoid (a)  y = MatMul (t, v) }`,
      [6, 4],
    ],
    [
      "transposed convolutions",
      `g (float[N,4,5] x) => (float[N,2,7] y) <${constant("w", [4, 3, 3])}, ${constant("b", [6])}, ${constant("v", [2, 6, 1])}> { a = ConvTranspose <group = 2> (x, w, b)  t = Elu (a)  y = Conv (t, v) }`,
      [3, 4, 5],
    ],
    [
      "volumes",
      `g (float[N,2,3,4,3] x) => (float[N,2,3,4,3] y) <${constant("w", [4, 2, 1, 1, 1])}, ${constant("v", [2, 4, 1, 1, 1])}> { a = Conv (x, w)  s = Sigmoid (a)  t = Mul (a, s)  y = Conv (t, v) }`,
      [2, 2, 3, 4, 3],
    ],
    [
      "pools and views",
      `g (float[N,2,8,8] x) => (float[N,3] y) <${constant("w", [4, 2, 3, 3])}, ${constant("b", [4])}, ${constant("v", [36, 3])}> { a = Conv (x, w, b)  p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)  f = Flatten (p)  r = Relu (f)  y = MatMul (r, v) }`,
      [3, 2, 8, 8],
    ],
    [
      "shared weights",
      `g (float[N,4] x) => (float[N,4] y) <${constant("w", [4, 4])}, ${constant("b", [4])}> { a = Gemm (x, w, b)  r = Relu (a)  c = Gemm (r, w, b)  s = Relu (c)  y = MatMul (s, w) }`,
      [8, 4],
    ],
  ])("comes and goes without a trace on %s", async (_, text, dims) => {
    for (const form of ["inference", "training"] as const) {
      const report = await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", dims) }), form });
      expect(report.sites.length).toBeGreaterThan(0);
      expect(report.passedOver).toEqual([]);
    }
    await roundTrip(modelOf(text), {
      data: dataOf({ x: samples("s", dims) }),
      form: "training",
      decompose: true,
    });
  });

  it.each([9, 11, 13, 18, 21])(
    "works at opset %i, raised where the training form needs it",
    async (opset) => {
      for (const form of ["inference", "training"] as const) {
        const { model } = await insertBatchNorm(modelOf(RESIDUAL, opset), { data: images, form });
        expect(model.opset()).toBe(form === "training" ? Math.max(14, opset) : opset);
        await roundTrip(modelOf(RESIDUAL, opset), { data: images, form });
      }
    },
  );

  it.each([9, 10])("leaves Gemm the C that it must have at opset %i", async (opset) => {
    const text = `g (float[N,4] x) => (float[N,2] y) <${constant("w", [4, 5])}, ${constant("b", [5])}, ${constant("v", [5, 2])}>
      { a = Gemm (x, w, b)  t = Relu (a)  y = MatMul (t, v) }`;
    await roundTrip(modelOf(text, opset), { data: dataOf({ x: samples("s", [8, 4]) }) });
    await roundTrip(modelOf(text, opset), {
      data: dataOf({ x: samples("s", [8, 4]) }),
      form: "training",
      decompose: true,
    });
  });

  it("compares the input of a sigmoid at the end, and no layer that lost its bias", async () => {
    const text = `g (float[N,4] x) => (float[N,3] p, float[N,3] y) <${constant("w", [4, 3])}, ${constant("b", [3])}, ${constant("v", [3, 3])}>
      { a = Gemm (x, w, b)  p = Sigmoid (a)  y = MatMul (p, v) }`;
    const report = await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", [8, 4]) }) });
    expect(report.sites.map(({ bias }) => bias)).toEqual(["taken over"]);
    expect(report.check?.status).toBe("equal");
  });

  it.each(["float16", "double"] as const)("works in %s", async (dtype) => {
    const text = `g (${dtype}[N,4] x) => (${dtype}[N,2] y) <${constant("w", [4, 5], { dtype })}, ${constant("b", [5], { dtype })}, ${constant("v", [5, 2], { dtype })}>
      { m = MatMul (x, w)  a = Add (m, b)  t = Relu (a)  y = MatMul (t, v) }`;
    const report = await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", [16, 4], { dtype }) }) });
    expect(report.check?.status).toBe("equal");
  });

  it("leaves the value for other readers as it was", async () => {
    const text = `g (float[N,4] x) => (float[N,3] y, float[N,3] a) <${constant("w", [4, 3])}, ${constant("b", [3])}, ${constant("v", [3, 3])}>
      { a = Gemm (x, w, b)  r = Relu (a)  y = MatMul (r, v) }`;
    const report = await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", [8, 4]) }) });
    expect(report.sites[0]).toMatchObject({ readers: "activations", bias: "kept" });
    const fresh = await insertBatchNorm(modelOf(text), { init: "fresh" });
    expect(sketch(fresh.model)[0]).toBe("a = Gemm(x, w, b)");
  });

  it("says of a bias why it is kept, and of a layer without one nothing", async () => {
    const text = `g (float[N,4] x) => (float[N,3] y, float[N,3] a) <${constant("w", [4, 3])}, ${constant("b", [3])}, ${constant("v", [3, 3])}>
      { a = Gemm (x, w, b)  r = Relu (a)  y = MatMul (r, v) }`;
    const site = async (each: string) =>
      (await insertBatchNorm(modelOf(each), { init: "fresh" })).report.sites[0];
    expect(await site(text)).toMatchObject({ bias: "kept", biasKeptId: "layer-bias-is-read-elsewhere" });
    expect(await site(text.replace("(x, w, b)", "(x, w)"))).toMatchObject({
      bias: "none",
      biasKeptId: undefined,
    });
  });

  it("normalizes a layer once, however many nonlinearities read it", async () => {
    const text = `g (float[N,4] x) => (float[N,3] y) <${constant("w", [4, 3])}, ${constant("v", [3, 3])}>
      { a = Gemm (x, w)  r = Relu (a)  t = Tanh (a)  s = Mul (r, t)  y = MatMul (s, v) }`;
    const report = await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", [8, 4]) }) });
    expect(report.sites.map((site) => site.activations.map(({ opType }) => opType))).toEqual([
      ["Relu", "Tanh"],
    ]);
  });

  it("normalizes the sum of a residual block where that is asked for", async () => {
    const { model, report } = await insertBatchNorm(modelOf(RESIDUAL), { data: images, residual: "sum" });
    expect(report.sites.map(({ opType }) => opType)).toEqual(["Conv", "Add"]);
    expect(report.check?.status).toBe("equal");
    expect(opsOf(model)).toEqual([
      "Conv",
      "BatchNormalization",
      "Relu",
      "Conv",
      "Add",
      "BatchNormalization",
      "LeakyRelu",
      "Conv",
    ]);
    await roundTrip(modelOf(RESIDUAL), { data: images, residual: "sum" });
  });

  it("survives channels without variance", async () => {
    const text = `g (float[N,2,4,4] x) => (float[N,1,4,4] y) <float[2,2,1,1] w = {0, 0, 1, 0}, float[2] b = {3, 0}, ${constant("v", [1, 2, 1, 1])}>
      { a = Conv (x, w, b)  r = Relu (a)  y = Conv (r, v) }`;
    await roundTrip(modelOf(text), { data: dataOf({ x: samples("s", [4, 2, 4, 4]) }) });
  });

  it("works in bodies where that is asked for, with statistics that leave the values as they are", async () => {
    const text = `g (bool c, float[N,4] x) => (float[N,3] y) <${constant("w", [4, 3])}, ${constant("b", [3])}, ${constant("v", [3, 3])}>
      { y = If (c) <then_branch = t () => (float[N,3] p) { a = Gemm (x, w, b)  r = Relu (a)  p = MatMul (r, v) },
                    else_branch = e () => (float[N,3] q) { q = MatMul (x, w) }> }`;
    const model = modelOf(text);
    expect((await insertBatchNorm(model)).report.passedOver[0]?.id).toBe("is-in-body");
    const { model: inserted, report } = await insertBatchNorm(model, { bodies: true });
    expect(report.sites.map(({ statistics }) => statistics)).toEqual(["neutral"]);
    expect((await compare(model, inserted, "rounding")).status).toBe("equal");
    const training = await insertBatchNorm(model, { bodies: true, form: "training" });
    expect(training.report.passedOver[0]?.id).toBe("body-gives-no-statistics");
  });
});

describe("fresh insertion", () => {
  it("starts with gamma 1 and the bias as beta, and needs no data", async () => {
    const { model, report } = await insertBatchNorm(modelOf(RESIDUAL), { init: "fresh", form: "training" });
    const node = [...model.nodes()].find((candidate) => candidate.is("BatchNormalization"));
    const plain = modelOf(RESIDUAL);
    const bias = [...plain.graph.initializers].find((value) => value.name === "b")?.tensor;
    const numbers = [1, 2, 3, 4].map((index) => [...(node?.input(index)?.tensor?.toFloat64() ?? [])]);
    expect(numbers).toEqual([[1, 1, 1, 1], [...(bias?.toFloat64() ?? [])], [0, 0, 0, 0], [1, 1, 1, 1]]);
    expect(report.check).toBeUndefined();
    expect(report.sites.flatMap((site) => site.runningOutputs)).toEqual([
      "a_bn_running_mean",
      "a_bn_running_var",
      "d_bn_running_mean",
      "d_bn_running_var",
    ]);
    expect(model.graph.outputs.map((value) => value.name)).toEqual([
      "y",
      ...report.sites.flatMap((site) => site.runningOutputs),
    ]);
  });
});

describe("the training forms", () => {
  const cases = [
    ["2-D", `float[N,4]`, [8, 4], `a = Gemm (x, w)`, [4, 3], ""],
    ["rows of 3-D", `float[N,5,4]`, [4, 5, 4], `a = MatMul (x, w)`, [4, 3], ""],
    ["3-D", `float[N,4,5]`, [4, 4, 5], `a = Conv (x, w)`, [3, 4, 1], ""],
    ["4-D", `float[N,4,3,2]`, [4, 4, 3, 2], `a = Conv (x, w)`, [3, 4, 1, 1], ""],
    ["5-D", `float[N,4,3,2,2]`, [4, 4, 3, 2, 2], `a = Conv (x, w)`, [3, 4, 1, 1, 1], ""],
  ] as const;

  it.each(cases)(
    "%s: frozen equals training fed the batch that its statistics are of",
    async (_, type, dims, layer, weight) => {
      const model = modelOf(
        `g (${type} x) => (float y) <${constant("w", weight)}> { ${layer}  r = Tanh (a)  y = Neg (r) }`,
      );
      const x = samples("batch", dims);
      for (const decompose of [false, true]) {
        const { model: training, report } = await insertBatchNorm(model, {
          init: "fresh",
          form: "training",
          momentum: 0,
          decompose,
        });
        const trained = await run(training, new Map([["x", x]]));
        for (const [name, role] of [
          ["mean", "mean"],
          ["var", "var"],
        ] as const) {
          const output =
            report.sites[0]?.runningOutputs.find((given) => given.endsWith(`running_${name}`)) ?? "";
          const stored = [...training.graph.initializers].find((value) => value.name.endsWith(`bn_${role}`));
          if (stored?.tensor === undefined) throw new Error("no running statistic");
          stored.tensor = tensorFromNumbers("float", [3], [...(trained.get(output) ?? [])]);
        }
        const { model: frozen, report: froze } = freeze(training);
        expect(froze.frozen.map(({ form }) => form)).toEqual([decompose ? "decomposed" : "training"]);
        expect(frozen.graph.outputs.map((value) => value.name)).toEqual(["y"]);
        const result = await run(frozen, new Map([["x", x]]));
        expect(distance(trained.get("y"), result.get("y"))).toBeLessThan(2e-6);
      }
    },
  );

  it("agree with each other, the op and the plain operators", async () => {
    const feeds = new Map([["x", samples("batch", [4, 3, 6, 6])]]);
    const results = await Promise.all(
      [false, true].map(async (decompose) => {
        const { model } = await insertBatchNorm(modelOf(RESIDUAL), {
          data: images,
          form: "training",
          decompose,
        });
        return run(model, feeds);
      }),
    );
    expect([...(results[0]?.keys() ?? [])]).toEqual([...(results[1]?.keys() ?? [])]);
    for (const [name, values] of results[0] ?? [])
      expect(distance(values, results[1]?.get(name))).toBeLessThan(5e-6);
  });
});

describe("refusals of insertion", () => {
  it.each([
    [{}, "identity-needs-data"],
    [{ epsilon: 0 }, "wrong-option-value"],
    [{ momentum: 1 }, "wrong-option-value"],
    [{ decompose: true, init: "fresh" as const }, "only-training-form-is-decomposed"],
  ])("%j", async (options, id) => {
    await expect(insertBatchNorm(modelOf(RESIDUAL), options)).rejects.toMatchObject({ id });
  });

  it.each([
    [
      "a form of plain operators for a value of unknown rank",
      "g (float[] x) => (y) <float[4,3] w = {1,2,3,4,5,6,7,8,9,1,2,3}> { m = MatMul (x, w) r = Relu (m) y = Neg (r) }",
      17,
      "decomposed-form-needs-rank",
    ],
    [
      "rows of an opset whose Reshape takes an attribute",
      "g (float[N,T,4] x) => (y) <float[4,3] w = {1,2,3,4,5,6,7,8,9,1,2,3}> { m = MatMul (x, w) r = Relu (m) y = Neg (r) }",
      4,
      "rows-need-computed-reshape",
    ],
  ])("%s", async (_, text, opset, id) => {
    const decompose = opset > 4;
    const options = { init: "fresh", form: decompose ? "training" : "inference", decompose } as const;
    const { report } = await insertBatchNorm(modelOf(text, opset), options);
    expect(report.passedOver.map((each) => each.id)).toEqual([id]);
  });

  it("nothing on a dry run, which lists and leaves the model as it is", async () => {
    const { model, report } = await insertBatchNorm(modelOf(RESIDUAL), { dryRun: true });
    expect(report.sites.map(({ name }) => name)).toEqual(["a", "d"]);
    expect(opsOf(model)).not.toContain("BatchNormalization");
  });
});
