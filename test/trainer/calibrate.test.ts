import { expect, it } from "vitest";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { tensorDataset } from "../../src/data/memory.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { calibrateAndJudge } from "../../src/trainer/calibrate.js";

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> net (float[N,3] x) => (float[N,3] y)
  <float[3] g = {1, 2, 3}, float[3] b = {0, 0, 0}, float[3] m = {5, 5, 5}, float[3] v = {1, 1, 1}> {
    y = BatchNormalization(x, g, b, m, v) }`);

const x: RuntimeTensor = {
  dtype: "float",
  dims: [12, 3],
  data: new Uint8Array(Float32Array.from({ length: 36 }, (_, i) => Math.sin(i * 5)).buffer),
};
const labels: RuntimeTensor = {
  dtype: "int64",
  dims: [12],
  data: new Uint8Array(BigInt64Array.from({ length: 12 }, (_, i) => BigInt(i % 3)).buffer),
};

it("says how accurate a classifier was before and is after, where there are labels", async () => {
  const stages: string[] = [];
  const data = tensorDataset(new Map(Object.entries({ x, labels })));
  const { report, accuracy } = await calibrateAndJudge(model, data, {
    batchSize: 4,
    onStage: (stage) => stages.push(stage),
  });
  expect(stages).toEqual(["judge-original", "measure", "judge-result"]);
  expect(report).toEqual((await calibrate(model, data, { batchSize: 4 })).report);
  expect(accuracy).toMatchObject({ before: { samples: 12 }, after: { samples: 12 } });
  expect(accuracy?.after.loss).toBeLessThan(accuracy?.before.loss ?? 0);
});

it("only calibrates without labels", async () => {
  const stages: string[] = [];
  const data = tensorDataset(new Map([["x", x]]));
  const { accuracy } = await calibrateAndJudge(model, data, {
    batchSize: 4,
    onStage: (stage) => stages.push(stage),
  });
  expect([stages, accuracy]).toEqual([["measure"], undefined]);
});
