import { expect, it } from "vitest";
import { assertBatchOptions } from "../../src/data/dataset.js";

it("sizes, limits and skips are whole and within their ranges", () => {
  for (const options of [
    { size: 1 },
    { size: 8, limit: 3, skip: 2 },
    { size: 1, limit: Number.POSITIVE_INFINITY },
  ]) {
    expect(() => assertBatchOptions(options)).not.toThrow();
  }
  for (const options of [
    { size: 0 },
    { size: 1.5 },
    { size: 1, limit: 0 },
    { size: 1, skip: -1 },
    { size: Number.NaN },
  ]) {
    expect(() => assertBatchOptions(options)).toThrow(expect.objectContaining({ code: "usage" }));
  }
});

it("a wrong limit is named before the size that it determines", () => {
  expect(() => assertBatchOptions({ size: 0.5, limit: 0.5 })).toThrow(
    expect.objectContaining({ id: "sample-limit-is-not-whole" }),
  );
});
