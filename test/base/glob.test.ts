import { expect, it } from "vitest";
import { matchesGlob } from "../../src/base/glob.js";

it("globs match the whole text, and only * and ? are special", () => {
  expect(matchesGlob("layer1/*", "layer1/conv")).toBe(true);
  expect(matchesGlob("layer1/*", "x/layer1/conv")).toBe(false);
  expect(matchesGlob("conv?", "conv1")).toBe(true);
  expect(matchesGlob("conv?", "conv")).toBe(false);
  expect(matchesGlob("a.b(c)", "a.b(c)")).toBe(true);
  expect(matchesGlob("a.b", "axb")).toBe(false);
  expect(matchesGlob("*", "line\nbreak")).toBe(true);
});
