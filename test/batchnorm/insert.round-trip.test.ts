import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import { memorySource } from "../../src/base/bytes.js";
import type { NormalizationParameters } from "../../src/batchnorm/emit-normalization.js";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { identityParameters } from "../../src/batchnorm/parameters.js";
import type { FloatDType } from "../../src/ir/dtype.js";
import type { Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { decodeModel } from "../../src/proto/decode.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { parseGraph } from "../../src/text/parse.js";
import { compare, evaluate } from "../support/rewrite.js";
import { dataOf, samples } from "./support.js";

/** Files, and how many sites they have once they are optimized. */
const MODELS: readonly (readonly [file: string, sites: number])[] = [
  ["zoo/mlp_mnist_sigmoid_plain", 3],
  ["zoo/sequence_bn", 2],
  ["zoo/vit_tiny_small", 2],
  ["zoo/resnet18_w16", 15],
  ["zoo/preact_resnet_small", 5],
];

/** For onnxruntime a BatchNormalization between Convs stays whole, so that its place would not be plain. */
const ANY = { target: "any" } as const;

describe("from a plain network to a normalized one and back", () => {
  it.each(MODELS)("%s", async (file, sites) => {
    const path = new URL(`../../models/${file}.onnx`, import.meta.url);
    const { model: plain } = await rewriteModel(decodeModel(memorySource(readFileSync(path))), ANY, {
      evaluate,
    });
    const [{ name, shape } = { name: "", shape: [] }] = describeInputs(plain);
    const sample = shape?.slice(1).filter((dim) => typeof dim === "number") ?? [];
    const data = dataOf({ [name]: samples("images", [4, ...sample]) });
    const { model: training, report } = await insertBatchNorm(plain, { data, form: "training" });
    expect(report.sites.length).toBe(sites);
    const { model: optimized } = await rewriteModel(freeze(training).model, ANY, { evaluate });
    expect([...optimized.nodes()].length).toBeLessThanOrEqual([...plain.nodes()].length);
    expect([...optimized.nodes()].filter((node) => node.is("BatchNormalization")).length).toBe(
      [...plain.nodes()].filter((node) => node.is("BatchNormalization")).length,
    );
    expect((await compare(plain, optimized, "rounding")).status).toBe("equal");
    const inference = await insertBatchNorm(plain, { data });
    expect(inference.report.check?.status).toBe("equal");
    // Without freezing too: an inserted normalization undoes itself, or is folded if it took over a bias.
    const { model: back } = await rewriteModel(inference.model, ANY, { evaluate });
    expect(operators(back)).toEqual(operators(plain));
    expect((await compare(plain, back, "rounding")).status).toBe("equal");
  });
});

const operators = (model: Model): string[] => [...model.nodes()].map(({ opType }) => opType).sort();

describe("a normalization that undoes itself", () => {
  const EPSILON = Math.fround(1e-5);
  const STATISTICS = {
    mean: Float64Array.of(5.1, -0.3, 0, 1e3),
    variance: Float64Array.of(0.37, 4.1e-3, 900, 0),
  };

  /** The operators that remain of Relu, a normalization, Neg and Exp; none of the other three absorbs a scale and a shift. */
  async function left(
    dtype: FloatDType,
    change: (parameters: NormalizationParameters) => void,
  ): Promise<string[]> {
    const parameters = identityParameters("n", dtype, EPSILON, STATISTICS, undefined);
    change(parameters);
    const { scale, bias, mean, variance } = parameters;
    const model = parseGraph(
      `g (${dtype}[N,4,6] x) => (${dtype}[N,4,6] y) { a = Relu(x)  n = Sin(a)  y = Exp(n) }`,
    );
    const [n] = [...model.graph.nodes()].filter((node) => node.is("Sin"));
    const constants = Object.entries({ scale, bias, mean, variance }).map(([name, values]) =>
      model.graph.addInitializer(name, tensorFromNumbers(dtype, [4], values)),
    );
    const a = present(n?.input(0), "a value that it reads");
    const normalized = model.graph.addNode(
      { opType: "BatchNormalization", inputs: [a, ...constants], outputs: ["b"] },
      n,
    );
    n?.setInput(0, present(normalized.output(0), "its output"));
    return operators((await rewriteModel(model, {}, { evaluate })).model);
  }

  const NONE = ["Exp", "Relu", "Sin"];

  it.each<FloatDType>(["float", "double", "float16", "bfloat16"])("is none: %s", async (dtype) => {
    expect(await left(dtype, () => {})).toEqual(NONE);
  });

  it.each<[string, (parameters: NormalizationParameters) => void]>([
    [
      "gamma is four roundings off in one channel",
      ({ scale }) => (scale[1] = (scale[1] ?? 0) * (1 + 2 ** -21)),
    ],
    ["beta is four roundings off in one channel", ({ bias }) => (bias[0] = (bias[0] ?? 0) * (1 + 2 ** -21))],
    ["beta is small where the mean is 0", ({ bias }) => (bias[2] = 1e-12)],
    ["gamma is negative in one channel", ({ scale }) => (scale[3] = -(scale[3] ?? 0))],
  ])("stays where %s", async (_, change) => {
    expect((await left("float", change)).length).toBeGreaterThan(NONE.length);
  });
});
