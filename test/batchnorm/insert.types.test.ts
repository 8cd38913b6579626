import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { CALIBRATION_METHODS } from "../../src/batchnorm/calibration-method.js";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { estimateStatistics } from "../../src/batchnorm/statistics.js";
import type { Model } from "../../src/ir/model.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { compare, evaluate, modelOf } from "../support/rewrite.js";
import { constant, elementsOf, graphText, normalization, normalize } from "../support/text.js";
import { byChannel, dataOf, distance, meanOf, numbersOf, samples, varianceOf } from "./support.js";

type Width = "float16" | "double";

/** The range that `normalization` draws its scales from. */
const SCALES = { low: 0.5, high: 1.5 } as const;

const HALF = { dtype: "float16" } as const;

const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;

function recurrent(op: keyof typeof GATES, dtype: Width): string {
  const rows = GATES[op] * 3;
  const small = { dtype, low: -0.7, high: 0.7 };
  const weights = [
    constant("W", [1, rows, 2], small),
    constant("R", [1, rows, 3], small),
    constant("B", [1, 2 * rows], small),
  ];
  const nodes = `s = Transpose <perm = [1, 0, 2]> (x)  y, h = ${op} <hidden_size = 3> (s, W, R, B)`;
  return graphText(`${dtype}[N,5,2] x`, weights, nodes, "y, h");
}

function convolutional(dtype: Width): string {
  const weights = [
    constant("w", [4, 3, 3, 3], { dtype }),
    constant("b", [4], { dtype }),
    constant("v", [4, 4, 1, 1], { dtype }),
    constant("u", [4, 2], { dtype }),
  ];
  const nodes = `a = Conv <pads = [1, 1, 1, 1]> (x, w, b)  r = Relu (a)
    c = Conv (r, v)  s = Add (c, a)  t = Relu (s)
    p = GlobalAveragePool (t)  f = Flatten (p)  m = MatMul (f, u)  g = Relu (m)  y = Neg (g)`;
  return graphText(`${dtype}[N,3,6,6] x`, weights, nodes);
}

const opTypes = (model: Model): string[] => [...model.nodes()].map((node) => node.opType);

async function back(model: Model): Promise<Model> {
  return (await rewriteModel(freeze(model).model, {}, { evaluate })).model;
}

const RECURRENT = (["LSTM", "GRU", "RNN"] as const).map((op) => [op] as const);

describe("convolutions", () => {
  it.each(["inference", "training"] as const)("of half precision, form %s", async (form) => {
    const plain = modelOf(convolutional("float16"));
    const data = dataOf({ x: samples("images", [6, 3, 6, 6], { dtype: "float16" }) });
    const { model, report } = await insertBatchNorm(plain, { data, form });
    expect(report.sites.map(({ opType }) => opType)).toEqual(["Conv", "Conv", "MatMul"]);
    expect(report.check?.status).toBe(form === "inference" ? "equal" : undefined);
    const optimized = await back(model);
    expect(opTypes(optimized)).toEqual(opTypes((await rewriteModel(plain, {}, { evaluate })).model));
    expect((await compare(plain, optimized, "rounding")).status).toBe("equal");
  });

  it("of doubles cannot be measured, as onnxruntime has no kernel, and can start fresh", async () => {
    const plain = modelOf(convolutional("double"));
    const data = dataOf({ x: samples("images", [6, 3, 6, 6], { dtype: "double" }) });
    await expect(insertBatchNorm(plain, { data })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(
        /^onnxruntime cannot load the model: Could not find an implementation for Conv/,
      ),
    });
    const { model, report } = await insertBatchNorm(plain, { init: "fresh", form: "training" });
    expect(report.sites).toHaveLength(3);
    expect(opTypes(await back(model))).toEqual(opTypes((await rewriteModel(plain, {}, { evaluate })).model));
  });
});

describe.each(["one operator", "plain operators"])("the training form of half precision in %s", (shape) => {
  it.each([9, 14, 15, 17])(
    "updates the statistics of each normalization by itself, opset %i",
    async (opset) => {
      const weights = [constant("w", [4, 4], HALF), constant("v", [4, 4], HALF)];
      const nodes = "a = MatMul (x, w)  r = Relu (a)  c = MatMul (r, v)  s = Relu (c)  y = Neg (s)";
      const plain = modelOf(graphText("float16[N,4] x", weights, nodes), opset);
      const decompose = shape === "plain operators";
      const { model, report } = await insertBatchNorm(plain, { init: "fresh", form: "training", decompose });
      const layers = [...model.nodes()].flatMap((node) => (node.is("MatMul") ? node.outputs : []));
      for (const layer of layers) if (layer !== null) model.graph.addOutput(layer);
      const x = samples("rows", [40, 4], { dtype: "float16", low: -3, high: 5 });
      const runtime = await defaultRuntime();
      // The fault of opset 14 shows only with onnxruntime's own optimizations, as its users run a model.
      const session = await runtime.open({ kind: "bytes", bytes: encodeToBytes(model) }, { optimize: true });
      const outputs = await session.run(new Map([["x", x]]));
      await session.close();
      const results = new Map([...outputs].map(([name, value]) => [name, numbersOf(value)]));
      expect(report.sites).toHaveLength(2);
      report.sites.forEach(({ runningOutputs: [mean = "", variance = ""] }, index) => {
        const lists = byChannel([...(results.get(layers[index]?.name ?? "") ?? [])], 4, 1);
        const means = lists.map((values) => 0.1 * meanOf(values));
        const variances = lists.map((values) => 0.9 + 0.1 * varianceOf(values));
        expect(distance(means, results.get(mean))).toBeLessThan(2e-3);
        expect(distance(variances, results.get(variance))).toBeLessThan(2e-3);
      });
    },
  );
});

it("half precision with float statistics is calibrated, frozen and optimized", async () => {
  const plain = modelOf(convolutional("float16"));
  const data = dataOf({ x: samples("images", [6, 3, 6, 6], { dtype: "float16" }) });
  const inserted = await insertBatchNorm(plain, { data, form: "training" });
  const typesOf = (model: Model): (string | undefined)[][] =>
    [...model.nodes()]
      .filter((node) => node.is("BatchNormalization"))
      .map((node) => node.inputs.slice(1).map((value) => value?.tensor?.dtype));
  const three = Array.from({ length: 3 }, () => ["float16", "float16", "float", "float"]);
  expect(typesOf(inserted.model)).toEqual(three);
  const calibrated = await calibrate(inserted.model, data, { method: "sequential", batchSize: 6 });
  expect(typesOf(calibrated.model)).toEqual(three);
  const frozen = freeze(calibrated.model).model;
  // onnxruntime's own fusions want one type.
  expect(new Set(typesOf(frozen).flat())).toEqual(new Set(["float16"]));
  const session = await (await defaultRuntime()).open(
    { kind: "bytes", bytes: encodeToBytes(frozen) },
    { optimize: true },
  );
  await session.close();
  const optimized = (await rewriteModel(frozen, {}, { evaluate })).model;
  expect(opTypes(optimized)).not.toContain("BatchNormalization");
  expect((await compare(frozen, optimized, "rounding")).status).toBe("equal");
});

it("half precision that float statistics undo is left as it was", async () => {
  // The bits of the root of 2.00001 and of 0.3.
  const parameters = "float16[1] g = {15784}, float16[1] b = {13517}, float[1] m = {0.3}, float[1] v = {2}";
  const nodes = "n = BatchNormalization (x, g, b, m, v)  y = Relu (n)";
  const model = modelOf(graphText("float16[N,1,3] x", [parameters], nodes));
  expect(opTypes((await rewriteModel(model, {}, { evaluate })).model)).toEqual(["Relu"]);
});

describe.each(["float16", "double"] as const)("%s", (dtype) => {
  it.each(RECURRENT)("the input term of %s", async (op) => {
    const plain = modelOf(recurrent(op, dtype));
    const data = dataOf({ x: samples("sequences", [4, 5, 2], { dtype }) });
    const { model, report } = await insertBatchNorm(plain, { data, recurrent: true });
    expect(report.sites).toMatchObject([{ channels: GATES[op] * 3, statistics: "measured" }]);
    const optimized = await back(model);
    expect(opTypes(optimized)).toEqual(["Transpose", op]);
    const again = await compare(plain, optimized, "rounding");
    // The statistics need only the product, which runs; the layer itself has no kernel for double.
    const expected = dtype === "double" ? "unchecked" : "equal";
    expect([report.check?.status, again.status]).toEqual([expected, expected]);
    if (dtype === "double") expect(report.check?.reason).toMatch(/onnxruntime cannot (run|load) the model/);
  });

  it.each([9, 14, 15, 17])("normalizations of equal sizes are told apart in opset %i", async (opset) => {
    const parameters = `${normalization("a", 4, dtype)}, ${normalization("b", 4, dtype)}`;
    const nodes = `${normalize("n", "x", "a")}  r = Sigmoid (n)  ${normalize("y", "r", "b")}`;
    const model = modelOf(`g (${dtype}[N,4] x) => (${dtype}[N,4] y) <${parameters}> { ${nodes} }`, opset);
    const x = samples("rows", [40, 4], { dtype, low: -3, high: 5 });
    const { layers } = await estimateStatistics(model, dataOf({ x }), { method: "pooled", batchSize: 40 });
    const [gamma, beta] = ["a_gamma", "a_beta"].map((name) =>
      elementsOf(name, [4], name === "a_gamma" ? SCALES : {}),
    );
    const before = byChannel(numbersOf(x), 4, 1);
    const behind = before.map((values, c) => {
      const [mean, deviation] = [meanOf(values), Math.sqrt(varianceOf(values) + 1e-5)];
      const mapped = values.map(
        (value) => ((value - mean) / deviation) * (gamma?.[c] ?? 0) + (beta?.[c] ?? 0),
      );
      return mapped.map((value) => 1 / (1 + Math.exp(-value)));
    });
    const room = dtype === "double" ? 1e-9 : 2e-3;
    [before, behind].forEach((lists, index) => {
      expect(distance(lists.map(meanOf), [...(layers[index]?.mean ?? [])])).toBeLessThan(room);
      expect(distance(lists.map(varianceOf), [...(layers[index]?.variance ?? [])])).toBeLessThan(room);
    });
  });
});

describe("statistics that a type cannot hold", () => {
  it.each(CALIBRATION_METHODS)("are refused, method %s", async (method) => {
    const nodes = normalize("y", "x", "a");
    const model = modelOf(
      `g (float16[N,4] x) => (float16[N,4] y) <${normalization("a", 4, "float16")}> { ${nodes} }`,
    );
    const data = dataOf({ x: samples("wide", [40, 4], { dtype: "float16", low: -9000, high: 9000 }) });
    await expect(calibrate(model, data, { method, batchSize: 40 })).rejects.toMatchObject({
      id: "statistic-exceeds-type",
      message: expect.stringMatching(/^a variance does not fit into float16/),
    });
  });
});
