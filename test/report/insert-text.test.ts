import { describe, expect, it } from "vitest";
import type { InsertReport } from "../../src/batchnorm/insert-report.js";
import { insertText } from "../../src/report/insert-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const already = (name: string, by: string): InsertReport["passedOver"][number] => ({
  node: name,
  opType: "Relu",
  id: "is-normalized-already",
  reason: `BatchNormalization "${by}" normalizes it already`,
});

const report: InsertReport = {
  init: "identity",
  form: "inference",
  decomposed: false,
  epsilon: 1e-5,
  momentum: 0.9,
  sites: [
    {
      name: "/features/denseblock1/denselayer1/conv1/of/a/network/with/long/names/Conv",
      opType: "Conv",
      activations: [{ name: "r", opType: "Relu" }],
      channels: 64,
      axis: 1,
      readers: "all",
      bias: "taken over",
      biasKept: undefined,
      biasKeptId: undefined,
      statistics: "measured",
      runningOutputs: [],
    },
  ],
  passedOver: [
    already("/features/relu0/Relu", "/features/norm0/BatchNormalization"),
    { node: "gate", opType: "Sigmoid", id: "is-gate", reason: "it is a gate" },
    already("/features/relu1/Relu", "/features/norm1/BatchNormalization"),
    already("/features/relu2/Relu", "/features/norm2/BatchNormalization"),
  ],
  raisedIrVersion: undefined,
  batches: 2,
  samples: 40,
  check: undefined,
  accuracy: { sets: [], refused: "Det has no rule in float64" },
};
const input = { path: "plain.onnx", bytes: 10 };

describe("the report of an insertion", () => {
  it("counts the places that were passed over for one reason, and says why there is no reference", () => {
    const text = insertText({ input, output: { path: "out.onnx", bytes: 2000 }, report }, PLAIN);
    for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(WIDTH);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      'passed over /features/relu0/Relu and 2 alike: BatchNormalization "/features/norm0/BatchNormalization" normalizes it already gate: it is a gate float64 not evaluated: Det has no rule in float64',
    );
    expect(text).toContain("1 BatchNormalization went in: init identity, form inference\n");
    expect(text).toContain("statistics of 40 samples in 2 batches\n");
  });

  it("lists them all where the places were only to be listed", () => {
    const text = insertText({ input, output: undefined, report: { ...report, accuracy: undefined } }, PLAIN);
    expect(text).toContain("1 BatchNormalization would go in");
    expect(text.match(/normalizes it/g)).toHaveLength(3);
    expect(text).not.toContain("float64");
  });
});
