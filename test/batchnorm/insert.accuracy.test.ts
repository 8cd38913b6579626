import { describe, expect, it } from "vitest";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { insertText } from "../../src/report/insert-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { modelOf } from "../support/rewrite.js";
import { PLAIN } from "../support/style.js";
import { constant, graphText } from "../support/text.js";
import { dataOf, samples } from "./support.js";

const data = dataOf({ x: samples("images", [6, 3, 6, 6]) });

const network = (last: string): string =>
  graphText(
    "float[N,3,6,6] x",
    [constant("w", [4, 3, 3, 3]), constant("b", [4]), constant("v", [2, 4, 1, 1])],
    `a = Conv (x, w, b)  r = Relu (a)  c = Conv (r, v)  y = ${last} (c)`,
    "y",
  );

describe("how far an insertion is from the real function", () => {
  it("is measured for the original and the result, by a float64 evaluation of the original", async () => {
    const { report } = await insertBatchNorm(modelOf(network("Neg")), { data, reference: true });
    const [set, ...others] = report.accuracy?.sets ?? [];
    expect(report.accuracy?.refused).toBeUndefined();
    expect(others).toEqual([]);
    expect(set?.outputs.map(({ name }) => name)).toEqual(["y"]);
    for (const { original, result } of set?.outputs ?? []) {
      for (const distance of [original, result]) {
        // Float32 rounds; nothing more than a few roundings of a short chain.
        expect(distance?.rms).toBeGreaterThan(0);
        expect(distance?.max).toBeLessThan(1e-6);
      }
      expect(result?.rms).not.toBe(original?.rms);
    }
    const lines = insertText(
      { input: { path: "a.onnx", bytes: 1 }, output: { path: "b.onnx", bytes: 2 }, report },
      PLAIN,
    ).split("\n");
    for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(WIDTH);
    const title = lines.findIndex((line) => line.startsWith("float64  distance from"));
    expect(lines[title + 1]).toMatch(/inputs +output +original +result/);
    expect(lines[title + 2]).toMatch(/the first samples +y +\d\.\de-\d+ +\d\.\de-\d+/);
  });

  it("is not measured unless asked, nor where the function does not stay", async () => {
    const plain = modelOf(network("Neg"));
    expect((await insertBatchNorm(plain, { data })).report.accuracy).toBeUndefined();
    const fresh = await insertBatchNorm(plain, { init: "fresh", reference: true });
    expect(fresh.report.accuracy).toBeUndefined();
  });

  it("says which operator the evaluator does not have, and proves without it", async () => {
    const { report } = await insertBatchNorm(modelOf(network("Unique")), { data, reference: true });
    expect(report.check?.status).toBe("equal");
    expect(report.accuracy?.sets).toEqual([]);
    expect(report.accuracy?.refused).toMatch(/Unique/);
  });
});
