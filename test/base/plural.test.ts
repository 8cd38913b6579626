import { expect, it } from "vitest";
import { plural } from "../../src/base/plural.js";

it("counts one, none and many", () => {
  expect([1, 0, 3].map((count) => plural(count, "node"))).toEqual(["1 node", "0 nodes", "3 nodes"]);
  expect([1, 2].map((count) => plural(count, "batch", "batches"))).toEqual(["1 batch", "2 batches"]);
});
