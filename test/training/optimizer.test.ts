import { describe, expect, it } from "vitest";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { buildTrainingStep } from "../../src/training/step.js";
import { numbersOf, tensor } from "./support.js";

/** One step of Adam on w = 0, where the new parameter is the update and has all digits of it. */
async function adamUpdate(
  kind: "adam" | "adamw",
  count: number,
  moments: readonly [number, number],
): Promise<number> {
  const model = parseModel(`
    <ir_version: 9, opset_import: ["": 18]>
    g (float[1,1] x) => (float[1,1] y) <float[1,1] w = {0}> { y = MatMul(x, w) }`);
  const step = buildTrainingStep(model, { loss: { kind: "mse" }, optimizer: { kind } });
  const feeds = new Map<string, RuntimeTensor>([
    // The gradient is 2 x (w x - t) = -0.375.
    ["x", tensor([1, 1], [0.75])],
    [step.labels, tensor([1, 1], [0.25])],
    [step.hyperparameters.learningRate, tensor([], [1])],
  ]);
  if (step.hyperparameters.weightDecay !== undefined)
    feeds.set(step.hyperparameters.weightDecay, tensor([], [0]));
  for (const { name, kind: role, initial } of step.state) {
    const value = { parameter: 0, count, statistic: 0, slot: moments[name.endsWith("1") ? 0 : 1] }[role];
    feeds.set(name, tensor([...initial.dims], [value]));
  }
  const session = await (await defaultRuntime()).open(
    { kind: "bytes", bytes: encodeToBytes(step.model) },
    { optimize: true, threads: 1 },
  );
  try {
    const results = await session.run(feeds);
    const next = step.state.find(({ kind: role }) => role === "parameter")?.next ?? "";
    return numbersOf(results.get(next))[0] ?? Number.NaN;
  } finally {
    await session.close();
  }
}

describe("Adam's update", () => {
  it.each([0, 1, 9, 99, 999, 20_000])("is right to float32's digits after %i steps", async (count) => {
    const moments = [-0.3125, 0.109375] as const;
    const [m, v] = [0.9 * moments[0] + 0.1 * -0.375, 0.999 * moments[1] + 0.001 * 0.375 ** 2];
    const t = count + 1;
    const expected = -m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    for (const kind of ["adam", "adamw"] as const) {
      const update = await adamUpdate(kind, count, moments);
      expect(Math.abs(update / expected - 1), kind).toBeLessThan(4e-7);
    }
  });
});
