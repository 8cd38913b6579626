import { expect, it } from "vitest";
import { pinKept } from "../../src/library/keep.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

it("values are held by their name or their node's, until they are let go", () => {
  const model = parseGraph('g (float[2] x) => (float[2] y) { ["n"] a = Relu (x) b = Exp (a) y = Neg (b) }', {
    opset: 17,
  });
  const isPinned = (name: string): boolean => valueNamed(model, name).isPinned;
  const release = pinKept(model, ["n", "b"]);
  expect(["a", "b", "y"].map(isPinned)).toEqual([true, true, false]);
  release();
  expect(["a", "b", "y"].map(isPinned)).toEqual([false, false, false]);
});

it("an unknown name is an error", () => {
  const model = parseGraph("g (float[2] x) => (float[2] y) { y = Relu (x) }", { opset: 17 });
  expect(() => pinKept(model, ["y", "none"])).toThrow(expect.objectContaining({ id: "nothing-to-keep" }));
  expect(() => pinKept(model, [])()).not.toThrow();
});
