import { expect, it } from "vitest";
import { pathMatcher } from "../../src/config/path-matcher.js";

it("matches a pattern without a slash by the name of the file", async () => {
  const isMatch = await pathMatcher(["bert*.onnx", "vision/**"]);
  expect(["bert.onnx", "nlp/bert-2.onnx", "vision/a/b.onnx", "a/vision/b.onnx"].map(isMatch)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
