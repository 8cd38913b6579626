import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { loadData, loadModel, modelToBytes, optimize } from "../../src/index.js";
import { measureAccuracy } from "../../src/reference/accuracy.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import { probeFeeds } from "../../src/runtime/feeds.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { referenceOf, referencesOf, relativeDifference } from "../support/reference.js";
import { SHARED } from "../support/runtime.js";

const models = fileURLToPath(new URL("../../models", import.meta.url));
const runtime = await defaultRuntime();

/** Seconds of arithmetic each, and nothing that the others lack. */
const SLOW = [
  "deeplab-mobilenetv2.onnx",
  "light_densenet121.onnx",
  "light_inception_v2.onnx",
  "light_resnet50.onnx",
  "residual-block.onnx",
];

function modelsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${folder}/${entry.name}/model.onnx` : `${folder}/${entry.name}`))
    .filter((path) => path.endsWith(".onnx") && existsSync(path))
    .filter((path) => !SLOW.some((name) => path.endsWith(name)));
}

/**
 * The distances of onnxruntime's outputs before and after optimization from the real function. float32 has 1.2e-7 between
 * neighbours; deep networks lose a digit or two.
 */
async function expectAccurate(path: string): Promise<void> {
  const model = await loadModel(path);
  const { model: folded } = await optimize(model, { check: false });
  const session = await runtime.open({ kind: "path", path });
  const after = await runtime.open({ kind: "bytes", bytes: modelToBytes(folded) });
  try {
    const [probe] = await probeFeeds(session, describeInputs(model), { seed: 0 });
    if (probe === undefined) throw new Error("no inputs");
    const report = measureAccuracy(model, referencesOf(probe.set.feeds), {
      original: referencesOf(probe.outputs),
      result: referencesOf(await after.run(probe.set.feeds)),
    });
    if (isRefusal(report)) throw new Error(report.reason);
    expect(report.length).toBe(probe.outputs.size);
    for (const { name, original, result } of report) {
      expect(original?.max, `${name} before`).toBeLessThan(1e-5);
      // One run of a few outputs is a sample of the rounding: it may be luckier before than after.
      const bound = 3 * (original?.rms ?? 0) + 5e-7;
      expect(result?.rms, `${name} after`).toBeLessThan(bound);
    }
  } finally {
    await session.close();
    await after.close();
  }
}

describe("the models of the repository", () => {
  const paths = ["zoo", "real", "onnx"].flatMap((folder) => modelsIn(`${models}/${folder}`));
  it.each(paths.map((path) => [path.slice(models.length + 1), path] as const))(
    "%s: onnxruntime is as near to the real function as float32 gets, before and after",
    async (_, path) => {
      await expectAccurate(path);
    },
  );
});

/** Tests whose stored outputs are no float64 truth: they keep few digits, round in float16 or have no saturation. */
const UNLIKE: ReadonlySet<string> = new Set([
  "test_averagepool_2d_ceil_last_window_starts_on_pad",
  "test_castlike_FLOAT_to_BFLOAT16",
  "test_dynamicquantizelinear_expanded",
  "test_qlinearmatmul_2D_int8_float16",
  "test_qlinearmatmul_2D_int8_float32",
  "test_qlinearmatmul_3D_int8_float16",
  "test_resize_downsample_scales_cubic_align_corners",
]);

describe.skipIf(SHARED === undefined)("on the shared models (skipped without ../shared/models)", () => {
  it("gives the stored outputs of ONNX's operator tests", async () => {
    const folder = `${SHARED}/onnx-node`;
    const wrong: string[] = [];
    let compared = 0;
    for (const name of readdirSync(folder).filter(
      (entry) => existsSync(`${folder}/${entry}/model.onnx`) && !UNLIKE.has(entry),
    )) {
      const outcome = await compareStored(`${folder}/${name}`);
      if (outcome === undefined) continue;
      compared++;
      if (outcome > (/float16/i.test(name) ? 1e-3 : 2e-6)) wrong.push(`${name}: ${outcome}`);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(720);
  });

  it.each(["real/basic-pitch", "real/silero-vad", "real/blazeface", "real/tinybert", "zoo/ghostnet_050"])(
    "%s: the reference agrees with onnxruntime",
    async (name) => {
      const path = `${SHARED}/${name}.onnx`;
      const model = await loadModel(path);
      const session = await runtime.open({ kind: "path", path });
      const [probe] = await probeFeeds(session, describeInputs(model), { seed: 0 });
      await session.close();
      if (probe === undefined) throw new Error("no inputs");
      const outputs = evaluateReference(model, referencesOf(probe.set.feeds));
      if (isRefusal(outputs)) throw new Error(outputs.reason);
      for (const [output, expected] of probe.outputs)
        expect(relativeDifference(outputs.get(output), referenceOf(expected)), output).toBeLessThan(1e-5);
    },
  );
});

/** The largest difference from a test's stored outputs; undefined: nothing to compare (strings, no reference). */
async function compareStored(folder: string): Promise<number | undefined> {
  const model = await loadModel(`${folder}/model.onnx`);
  const [set] = await loadData(model, `${folder}/test_data_set_0`).catch(() => []);
  const tensors = [...(set?.feeds.values() ?? []), ...(set?.expected?.values() ?? [])];
  if (set?.expected === undefined || tensors.some(({ dtype }) => dtype === "string")) return undefined;
  const outputs = evaluateReference(model, referencesOf(set.feeds));
  if (isRefusal(outputs)) return undefined;
  return Math.max(
    ...[...set.expected].map(([name, tensor]) => relativeDifference(outputs.get(name), referenceOf(tensor))),
  );
}
