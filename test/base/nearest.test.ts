import { describe, expect, it } from "vitest";
import { nearest } from "../../src/base/nearest.js";

const PASSES = ["fold-affine-up", "fold-affine-down", "fuse-gemm", "eliminate-dead"];

describe("nearest", () => {
  it.each([
    ["fold-afine-up", "fold-affine-up"],
    ["eliminate-death", "eliminate-dead"],
    ["fuse-gem", "fuse-gemm"],
    ["fold-affine", "fold-affine-up"],
    ["something-else", undefined],
    ["x", undefined],
    ["", undefined],
  ])("%s: %s", (word, expected) => {
    expect(nearest(word, PASSES)).toBe(expected);
  });

  it("allows two letters in a short word, and takes the first of equally near ones", () => {
    expect(nearest("ab", ["zb", "ay"])).toBe("zb");
    expect(nearest("abc", ["xyz"])).toBeUndefined();
    expect(nearest("", ["If", "a"])).toBeUndefined();
  });
});
