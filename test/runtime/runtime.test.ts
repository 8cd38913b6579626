import { expect, it } from "vitest";
import { tensorSize } from "../../src/runtime/runtime.js";

it("a tensor has the product of its sizes of elements, a scalar one", () => {
  expect([tensorSize([]), tensorSize([2, 3]), tensorSize([4, 0])]).toEqual([1, 6, 0]);
});
