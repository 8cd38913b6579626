import { expect, it } from "vitest";
import { irVersionOf, opsetRange } from "../../src/opset/range.js";

it("an opset needs the IR version of its release, and at least 4", () => {
  expect([1, 9, 10, 11, 14, 15, 20, 21, 25].map(irVersionOf)).toEqual([4, 4, 5, 6, 7, 8, 9, 10, 13]);
});

it("models are raised within a range", () => {
  const { lowest, highest } = opsetRange();
  expect([lowest, highest >= 25]).toEqual([1, true]);
});
