import { describe, expect, it } from "vitest";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import type { Model } from "../../src/ir/model.js";
import { rewriteModel } from "../../src/optimize.js";
import { compare, evaluate, modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";
import { dataOf, samples } from "./support.js";

type Width = "float16" | "double";

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
});
