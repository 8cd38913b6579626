import { describe, expect, it } from "vitest";
import type { FloatDType } from "../../src/ir/dtype.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers, tensorFromNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { modelOf, rewrite } from "../support/rewrite.js";
import { constant, elementsOf, graphText, literal, normalization, normalize } from "../support/text.js";

function initializer(model: Model, name: string): Float64Array {
  const found = [...model.graph.initializers].find((value) => value.name === name)?.tensor;
  if (found === undefined) throw new Error(`no initializer ${name}`);
  return found.toFloat64();
}

async function run(model: Model, x: readonly number[], dims: readonly number[]): Promise<Float64Array> {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(model) });
  try {
    const outputs = await session.run(
      new Map([["x", { dtype: "float", dims, data: encodeNumbers("float", x) }]]),
    );
    const y = outputs.get("y");
    if (!(y?.data instanceof Uint8Array)) throw new Error("no output y");
    return decodeNumbers(y.dtype, y.data, y.data.length / 4);
  } finally {
    await session.close();
  }
}

function largest(values: Iterable<number>): number {
  return Math.max(...[...values].map(Math.abs));
}

describe("against float64", () => {
  const [n, k, c] = [32, 24, 6];

  /** y = BatchNormalization(x W + b): the folded network must be no farther from it than the unfolded one. */
  function reference(model: Model, x: readonly number[], epsilon: number): Float64Array {
    const [W, b, gamma, beta, mean, variance] = ["W", "b", "bn_gamma", "bn_beta", "bn_mean", "bn_var"].map(
      (name) => initializer(model, name),
    );
    return Float64Array.from({ length: n * c }, (_, at) => {
      const [row, column] = [Math.floor(at / c), at % c];
      let sum = b?.[column] ?? NaN;
      for (let i = 0; i < k; i++) sum += Math.fround(x[row * k + i] ?? NaN) * (W?.[i * c + column] ?? NaN);
      const scale = (gamma?.[column] ?? NaN) / Math.sqrt((variance?.[column] ?? NaN) + epsilon);
      return (sum - (mean?.[column] ?? NaN)) * scale + (beta?.[column] ?? NaN);
    });
  }

  const cases = {
    "ordinary statistics": { mean: [-1, 1], variance: [0.5, 2], bias: [-1, 1] },
    "variance 1e-7 behind a mean of 100": { mean: [99, 101], variance: [0.9e-7, 1.1e-7], bias: [99, 101] },
    "a mean that dwarfs the signal": { mean: [9000, 11000], variance: [0.5, 2], bias: [9000, 11000] },
  } as const;
  for (const [name, { mean, variance, bias }] of Object.entries(cases)) {
    it(`${name}: the result is not farther from the truth than the original`, async () => {
      const range = ([low, high]: readonly [number, number]): { low: number; high: number } => ({
        low,
        high,
      });
      const before = modelOf(
        graphText(
          `float[N,${k}] x`,
          [
            constant("W", [k, c]),
            constant("b", [c], range(bias)),
            constant("bn_gamma", [c], { low: 0.5, high: 1.5 }),
            constant("bn_beta", [c]),
            constant("bn_mean", [c], range(mean)),
            constant("bn_var", [c], range(variance)),
          ],
          `g = Gemm (x, W, b) ${normalize("y", "g", "bn", "<epsilon = 0.00001>")}`,
        ),
      );
      const { model, ops } = await rewrite(before);
      expect(ops).toHaveLength(1);
      const x = elementsOf("x", [n, k]);
      const truth = reference(before, x, Math.fround(1e-5));
      const error = async (of: Model): Promise<number> => {
        const y = await run(of, x, [n, k]);
        return largest(y.map((value, i) => value - (truth[i] ?? NaN))) / largest(truth);
      };
      const [unfolded, folded] = [await error(before), await error(model)];
      expect(folded).toBeLessThanOrEqual(Math.max(unfolded, 2 ** -22));
    });
  }
});

describe("types that onnxruntime may have no kernel for", () => {
  const round = (dtype: FloatDType, values: Float64Array): Float64Array =>
    tensorFromNumbers(dtype, [values.length], values).toFloat64();

  for (const dtype of ["float", "double", "float16", "bfloat16"] as const) {
    it(`${dtype}: Conv's weight and bias are the float64 products, rounded once`, async () => {
      const before = modelOf(
        graphText(
          `${dtype}[N,3,6,7] x`,
          [
            constant("W", [5, 3, 2, 3], { dtype }),
            constant("b", [5], { dtype }),
            normalization("bn", 5, dtype),
          ],
          `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`,
        ),
      );
      const { model, ops } = await rewrite(before, { runnable: "maybe" });
      expect(ops).toEqual(["y = Conv(x, W, b)"]);
      const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((role) =>
        initializer(before, `bn_${role}`),
      );
      const scale = Array.from(
        { length: 5 },
        (_, c) => (gamma?.[c] ?? NaN) / Math.sqrt((variance?.[c] ?? NaN) + Math.fround(1e-5)),
      );
      const W = initializer(before, "W").map((value, i) => value * (scale[Math.floor(i / 18)] ?? NaN));
      const b = initializer(before, "b").map(
        (value, c) =>
          value * (scale[c] ?? NaN) + ((beta?.[c] ?? NaN) - (mean?.[c] ?? NaN) * (scale[c] ?? NaN)),
      );
      expect([...initializer(model, "W")]).toEqual([...round(dtype, W)]);
      expect([...initializer(model, "b")]).toEqual([...round(dtype, b)]);
    });

    it(`${dtype}: Gemm with alpha, beta and transB`, async () => {
      const before = modelOf(
        graphText(
          `${dtype}[N,3] x`,
          [
            constant("W", [5, 3], { dtype }),
            constant("C", [1], { dtype }),
            constant("k", [5], { dtype, low: 0.5, high: 2 }),
          ],
          "c = Gemm <alpha = 0.5, beta = 0.25, transB = 1> (x, W, C) y = Div (c, k)",
        ),
      );
      const { model, ops } = await rewrite(before, { runnable: "maybe" });
      expect(ops).toEqual(["y = Gemm(x, W, C)"]);
      const k = initializer(before, "k");
      const [C = NaN] = initializer(before, "C");
      const W = initializer(before, "W").map((value, i) => value * (1 / (k[Math.floor(i / 3)] ?? NaN)));
      expect([...initializer(model, "W")]).toEqual([...round(dtype, W)]);
      expect([...initializer(model, "C")]).toEqual([
        ...round(
          dtype,
          k.map((value) => 0.25 * C * (1 / value)),
        ),
      ]);
    });

    it(`${dtype}: ConvTranspose with groups`, async () => {
      const before = modelOf(
        graphText(
          `${dtype}[N,4,6,7] x`,
          [constant("W", [4, 3, 2, 1], { dtype }), constant("k", [6, 1, 1], { dtype, low: 0.5, high: 2 })],
          "c = ConvTranspose <group = 2> (x, W) y = Mul (k, c)",
        ),
      );
      const { model, ops } = await rewrite(before, { runnable: "maybe" });
      expect(ops).toEqual(["y = ConvTranspose(x, W)"]);
      const k = initializer(before, "k");
      const W = initializer(before, "W").map((value, i) => {
        const [input, output] = [Math.floor(i / 6), Math.floor(i / 2) % 3];
        return value * (k[Math.floor(input / 2) * 3 + output] ?? NaN);
      });
      expect([...initializer(model, "W")]).toEqual([...round(dtype, W)]);
    });
  }

  it("BatchNormalization-15 with statistics of another type than x", async () => {
    const { ops, model } = await rewrite(
      graphText(
        "float16[N,3,6,7] x",
        [
          constant("W", [2, 3, 2, 3], { dtype: "float16" }),
          literal("g", [2], [1.5, -0.5]),
          literal("s", [2], [0.25, 2]),
          literal("m", [2], [0.5, 1]),
          literal("v", [2], [2, 3]),
        ],
        "c = Conv (x, W) y = BatchNormalization (c, g, s, m, v)",
      ),
      { runnable: "maybe" },
    );
    expect(ops).toEqual(["y = Conv(x, W, W_bias)"]);
    expect([...model.graph.initializers].map(({ tensor }) => tensor?.dtype)).toEqual(["float16", "float16"]);
  });
});
