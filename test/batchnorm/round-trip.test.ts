import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { rewriteModel } from "../../src/optimize.js";
import { decodeModel } from "../../src/proto/decode.js";
import { describeInputs } from "../../src/runtime/inputs.js";
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

describe("from a plain network to a normalized one and back", () => {
  it.each(MODELS)("%s", async (file, sites) => {
    const path = new URL(`../../models/${file}.onnx`, import.meta.url);
    const { model: plain } = await rewriteModel(
      decodeModel(memorySource(readFileSync(path))),
      {},
      { evaluate },
    );
    const [{ name, shape } = { name: "", shape: [] }] = describeInputs(plain);
    const sample = shape?.slice(1).filter((dim) => typeof dim === "number") ?? [];
    const data = dataOf({ [name]: samples("images", [4, ...sample]) });
    const { model: training, report } = await insertBatchNorm(plain, { data, form: "training" });
    expect(report.sites.length).toBe(sites);
    const { model: optimized } = await rewriteModel(freeze(training).model, {}, { evaluate });
    expect([...optimized.nodes()].length).toBeLessThanOrEqual([...plain.nodes()].length);
    expect([...optimized.nodes()].filter((node) => node.is("BatchNormalization")).length).toBe(
      [...plain.nodes()].filter((node) => node.is("BatchNormalization")).length,
    );
    expect((await compare(plain, optimized, "rounding")).status).toBe("equal");
    const inference = await insertBatchNorm(plain, { data });
    expect(inference.report.check?.status).toBe("equal");
  });
});
