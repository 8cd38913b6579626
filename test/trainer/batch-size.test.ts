import { describe, expect, it } from "vitest";
import { tensorDataset } from "../../src/data/memory.js";
import type { Model } from "../../src/ir/model.js";
import { modelToBytes } from "../../src/library/save.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { batchSizeFor } from "../../src/trainer/batch-size.js";
import { calibrateAndJudge } from "../../src/trainer/calibrate.js";
import { evaluate } from "../../src/trainer/evaluate.js";
import { train } from "../../src/trainer/train.js";

const net = (batch: string): Model =>
  parseModel(`<ir_version: 8, opset_import: ["" : 17]> net (float[${batch},2] x) => (float[${batch},3] y)
  <float[2,3] w = {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}, float[3] g = {1, 2, 3}, float[3] b = {0, 0, 0},
   float[3] m = {0, 0, 0}, float[3] v = {1, 1, 1}> {
    u = MatMul(x, w)  y = BatchNormalization(u, g, b, m, v) }`);

function dataOf(count: number) {
  const x: RuntimeTensor = {
    dtype: "float",
    dims: [count, 2],
    data: new Uint8Array(Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * 5)).buffer),
  };
  const labels: RuntimeTensor = {
    dtype: "int64",
    dims: [count],
    data: new Uint8Array(BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 3)).buffer),
  };
  return tensorDataset(new Map(Object.entries({ x, labels })));
}

const loss = { kind: "cross-entropy" } as const;
const step = { loss, optimizer: { kind: "sgd" }, learningRate: 0.1, epochs: 1 } as const;

/** The batch of training, of calibration and of an evaluation is chosen by one rule. */
describe("the batch size, where none is given", () => {
  it.each([
    ["6", 45, 6],
    ["N", 70, 32],
    ["N", 20, 20],
  ] as const)("of float[%s,2] with %s samples is %s", async (batch, count, size) => {
    const [model, data] = [net(batch), dataOf(count)];
    expect(batchSizeFor(model, data, {})).toBe(size);
    const trained = await train(model, { ...step, data });
    expect(trained.course.steps).toBe(Math.floor(count / size));
    expect(trained.calibration?.batchSize).toBe(size);
    const { report, accuracy } = await calibrateAndJudge(model, data, {});
    expect(report.batchSize).toBe(size);
    // A model with a fixed batch cannot run the last samples alone.
    const judged = batch === "N" ? count : count - (count % size);
    expect(accuracy).toMatchObject({ before: { samples: judged }, after: { samples: judged } });
    expect((await evaluate(model, data, { loss })).samples).toBe(judged);
  });

  it("is the same as if it had been given", async () => {
    const data = dataOf(45);
    const [chosen, given] = [
      await train(net("6"), { ...step, data }),
      await train(net("6"), { ...step, data, batchSize: 6 }),
    ];
    expect(chosen.calibration).toEqual(given.calibration);
    expect(modelToBytes(chosen.model)).toEqual(modelToBytes(given.model));
  });
});

it("a batch size that the model rules out is refused", async () => {
  const data = dataOf(45);
  const refused = { code: "usage", id: "batch-size-is-fixed" };
  await expect(train(net("6"), { ...step, data, batchSize: 5 })).rejects.toMatchObject(refused);
  await expect(evaluate(net("6"), data, { loss, batchSize: 5 })).rejects.toMatchObject(refused);
  await expect(calibrateAndJudge(net("6"), data, { batchSize: 5 })).rejects.toMatchObject(refused);
});

it("data without samples is refused as it is where it is read", async () => {
  await expect(train(net("N"), { ...step, data: dataOf(0) })).rejects.toMatchObject({ code: "invalid" });
});
