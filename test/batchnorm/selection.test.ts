import { expect, it } from "vitest";
import { deselected, matchesGlob } from "../../src/batchnorm/selection.js";

it("globs match the whole text, and only * and ? are special", () => {
  expect(matchesGlob("layer1/*", "layer1/conv")).toBe(true);
  expect(matchesGlob("layer1/*", "x/layer1/conv")).toBe(false);
  expect(matchesGlob("conv?", "conv1")).toBe(true);
  expect(matchesGlob("conv?", "conv")).toBe(false);
  expect(matchesGlob("a.b(c)", "a.b(c)")).toBe(true);
  expect(matchesGlob("a.b", "axb")).toBe(false);
  expect(matchesGlob("*", "line\nbreak")).toBe(true);
});

it("a place goes by several names; exclusion comes after inclusion", () => {
  const names = ["conv1", "y_1"];
  expect(deselected(names, {})).toBeUndefined();
  expect(deselected(names, { include: ["y_*"] })).toBeUndefined();
  expect(deselected(names, { include: ["fc*"] })).toMatchObject({ kind: "refusal" });
  expect(deselected(names, { include: ["*"], exclude: ["conv?"] })).toMatchObject({ kind: "refusal" });
});
