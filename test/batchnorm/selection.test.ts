import { expect, it } from "vitest";
import { deselected } from "../../src/batchnorm/selection.js";

it("a place goes by several names; exclusion comes after inclusion", () => {
  const names = ["conv1", "y_1"];
  expect(deselected(names, {})).toBeUndefined();
  expect(deselected(names, { include: ["y_*"] })).toBeUndefined();
  expect(deselected(names, { include: ["fc*"] })).toMatchObject({ kind: "refusal" });
  expect(deselected(names, { include: ["*"], exclude: ["conv?"] })).toMatchObject({ kind: "refusal" });
});
