import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadModel, optimize } from "../../src/index.js";

const models = fileURLToPath(new URL("../../models", import.meta.url));

/** Small networks of little but operators that fold; bench/accuracy.mjs measures large ones too. */
const SMALL = [
  "zoo/relu_bn_conv.onnx",
  "zoo/sequence_bn.onnx",
  "zoo/convmixer_small.onnx",
  "zoo/mlp_mnist_sigmoid_bn.onnx",
  "zoo/repvgg_small.onnx",
  "real/linear-bn-linear.onnx",
];

const SEEDS = [1, 2, 3, 4];

/**
 * The logarithms of folded to original distance, one for each run. A distance is the root mean square of the differences
 * from a float64 evaluation of the original.
 */
async function logRatios(path: string): Promise<number[]> {
  const logs: number[] = [];
  for (const seed of SEEDS) {
    const { report } = await optimize(await loadModel(path), { seed, reference: true });
    expect(report.accuracy?.refused).toBeUndefined();
    for (const { original, result } of (report.accuracy?.sets ?? []).flatMap(({ outputs }) => outputs)) {
      if (original === undefined || result === undefined) throw new Error("an output was not measured");
      if (original.rms > 0 && result.rms > 0) logs.push(Math.log(result.rms / original.rms));
    }
  }
  return logs;
}

it("folded models are no farther from the real function than the original, over several inputs", async () => {
  const means: number[] = [];
  for (const name of SMALL) {
    const logs = await logRatios(`${models}/${name}`);
    expect(logs.length, name).toBeGreaterThanOrEqual(SEEDS.length);
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
    // Rounding is random: a ratio more than two standard errors above one is no chance.
    expect(mean, name).toBeLessThanOrEqual(2 * Math.sqrt(variance / logs.length));
    means.push(mean);
  }
  expect(Math.exp(means.reduce((sum, value) => sum + value, 0) / means.length)).toBeLessThan(1);
});
