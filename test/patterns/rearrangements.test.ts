import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const blocks = (
  input: string,
  split: readonly number[],
  perm: readonly number[],
  result: readonly number[],
): string =>
  graphText(
    input,
    [`int64[6] split = {${split.join(", ")}}`, `int64[4] result = {${result.join(", ")}}`],
    `a = Reshape (x, split) b = Transpose <perm = [${perm.join(", ")}]> (a) y = Reshape (b, result)`,
  );

describe("blocks of pixels", () => {
  it("DepthToSpace in both modes, with a dynamic batch", async () => {
    const dcr = blocks("float[N,12,5,7] x", [-1, 2, 2, 3, 5, 7], [0, 3, 4, 1, 5, 2], [-1, 3, 10, 14]);
    const crd = blocks("float[N,12,5,7] x", [-1, 3, 2, 2, 5, 7], [0, 1, 4, 2, 5, 3], [-1, 3, 10, 14]);
    for (const [text, mode] of [
      [dcr, "DCR"],
      [crd, "CRD"],
    ] as const) {
      const { model } = await expectRewrite(text, ["y = DepthToSpace(x)"]);
      expect(model.graph.first?.string("mode")).toBe(mode);
      expect(model.graph.first?.int("blocksize")).toBe(2);
    }
    await expectKept(crd, /it spells out DepthToSpace, which opset 10 does not have/, { opset: 10 });
    await expectRewrite(dcr, ["y = DepthToSpace(x)"], { opset: 10 });
  });

  it("SpaceToDepth", async () => {
    await expectRewrite(
      blocks("float[N,3,10,14] x", [-1, 3, 5, 2, 7, 2], [0, 3, 5, 1, 2, 4], [-1, 12, 5, 7]),
      ["y = SpaceToDepth(x)"],
    );
  });

  it("other orders, blocks that are no squares, and a channel shuffle stay", async () => {
    await expectKept(blocks("float[1,12,5,7] x", [1, 2, 2, 3, 5, 7], [0, 3, 5, 2, 4, 1], [1, 3, 14, 10]));
    await expectKept(blocks("float[1,12,5,7] x", [1, 3, 2, 2, 5, 7], [0, 1, 4, 3, 5, 2], [1, 3, 10, 14]));
    await expectKept(blocks("float[1,12,5,7] x", [1, 2, 3, 2, 5, 7], [0, 3, 4, 1, 5, 2], [1, 2, 10, 21]));
    await expectKept(
      graphText(
        "float[N,6,4,5] x",
        ["int64[5] split = {-1, 2, 3, 4, 5}", "int64[4] result = {-1, 6, 4, 5}"],
        "a = Reshape (x, split) b = Transpose <perm = [0, 2, 1, 3, 4]> (a) y = Reshape (b, result)",
      ),
    );
  });
});

describe("bounds of whole numbers", () => {
  it("are one Clip from opset 12 on, in a chain too", async () => {
    for (const type of ["int32", "int64"]) {
      const text = graphText(
        `${type}[2,3] x`,
        [`${type} a = {1}, ${type} b = {9}, ${type} c = {2}, ${type} d = {8}`],
        "p = Max (x, a) q = Min (b, p) r = Max (q, c) y = Min (r, d)",
      );
      await expectRewrite(text, [expect.stringMatching(/^y = Clip\(x, min/)], { opset: 13 });
      await expectKept(text, undefined, { opset: 8, runnable: false });
    }
  });
});
