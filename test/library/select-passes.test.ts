import { expect, it } from "vitest";
import { PASSES } from "../../passes/index.js";
import { selectPasses, skippedPasses } from "../../src/library/select-passes.js";

it("selects all passes by default, and leaves out skipped ones", () => {
  expect(selectPasses(undefined)).toEqual(PASSES);
  expect(selectPasses(undefined, ["fuse-gemm"]).map(({ name }) => name)).not.toContain("fuse-gemm");
  expect(selectPasses(["fuse-gemm", "eliminate-dead"], ["fuse-gemm"]).map(({ name }) => name)).toEqual([
    "eliminate-dead",
  ]);
});

it("names the nearest pass for an unknown name", () => {
  expect(() => selectPasses(["fuse-gem"])).toThrow(
    expect.objectContaining({ id: "unknown-pass", message: expect.stringMatching(/fuse-gemm/) }),
  );
  expect(() => selectPasses(undefined, ["fuse-gem"])).toThrow(
    expect.objectContaining({ id: "unknown-pass" }),
  );
});

it("the switch of constant folding skips one more", () => {
  expect(skippedPasses({})).toEqual([]);
  expect(skippedPasses({ skip: ["fuse-gemm"], constantFolding: true })).toEqual(["fuse-gemm"]);
  const skip = skippedPasses({ skip: ["fuse-gemm"], constantFolding: false });
  expect(skip).toEqual(["fuse-gemm", "fold-constants"]);
  expect(selectPasses(undefined, skip)).toHaveLength(PASSES.length - 2);
});
