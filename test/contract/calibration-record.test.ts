import { expect, it } from "vitest";
import { calibrationRecord } from "../../src/contract/calibration-record.js";

it("has channels as plain numbers", () => {
  const statistics = { mean: Float64Array.of(1, 2), variance: Float64Array.of(3, 4) };
  const record = calibrationRecord({
    method: "paper",
    batchSize: 2,
    batches: 1,
    samples: 2,
    passedOver: [],
    separated: [],
    layers: [
      {
        name: "bn",
        channels: 2,
        before: statistics,
        after: statistics,
        standardError: undefined,
        dead: [],
        shift: 0,
        ratio: 1,
      },
    ],
  });
  const plain = { mean: [1, 2], variance: [3, 4] };
  expect(record.layers[0]).toMatchObject({ before: plain, after: plain, standardError: undefined });
});
