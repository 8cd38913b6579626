import { describe, it } from "vitest";
import { expectKept, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);

describe("a map along another axis than the channels", () => {
  it("a square MatMul, then a Transpose that moves the rows to axis 1", async () => {
    await expectKept(
      graphText(
        "float[4,4] x",
        [constant("W", [4, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) t = Transpose <perm = [1, 0]> (c) ${normalize("y", "t", "bn")}`,
      ),
      undefined,
      { passes: ["lift-constants", "compose-affine", "fold-affine-up", "fold-affine-down"] },
    );
    await expectKept(
      graphText(
        "float[4,4,3] x",
        [constant("W", [3, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) t = Transpose <perm = [2, 0, 1]> (c) ${normalize("y", "t", "bn")}`,
      ),
      undefined,
      { passes: ["lift-constants", "compose-affine", "fold-affine-up", "fold-affine-down"] },
    );
  });

  it.each([3, 4])("folds through Transpose along the right axis, of size %i", async (n) => {
    await expectRewrite(
      graphText(
        "float[N,4,5] x",
        [constant("W", [5, n]), normalization("bn", n)],
        `c = MatMul (x, W) t = Transpose <perm = [0, 2, 1]> (c) ${normalize("y", "t", "bn")}`,
      ),
      ["c = MatMul(x, W)", "c_sum = Add(c, c_shift)", "y = Transpose(c_sum)"],
    );
  });

  const FOLDED = ["c = Gemm(x, W, W_bias)", "y = Reshape(c, dims)"];
  const KEPT = [
    "c = MatMul(x, W)",
    "t = Reshape(c, dims)",
    "y = BatchNormalization(t, bn_gamma, bn_beta, bn_mean, bn_var)",
  ];
  it.each([
    ["folds into the columns behind", "6, 2, 2", 2, FOLDED],
    ["folds into the columns behind", "-1, 4, 1", 4, FOLDED],
    ["stays where its channels are no longer columns behind", "3, 4, 2", 4, KEPT],
    ["stays where its channels are no longer columns behind", "2, 3, 4", 3, KEPT],
    ["stays where its channels are no longer columns behind", "4, 6", 6, KEPT],
  ])("%s a Reshape to [%s]", async (_, dims, channels, left) => {
    const rank = dims.split(",").length;
    await expectRewrite(
      graphText(
        "float[6,4] x",
        [constant("W", [4, 4]), `int64[${rank}] dims = {${dims}}`, normalization("bn", channels)],
        `c = MatMul (x, W) t = Reshape (c, dims) ${normalize("y", "t", "bn")}`,
      ),
      left,
    );
  });

  it("MatMul [N,T,K]·[K,C] with T = C: BatchNormalization runs along T", async () => {
    await expectKept(
      graphText(
        "float[N,4,3] x",
        [constant("W", [3, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) ${normalize("y", "c", "bn")}`,
      ),
      /axis 1, the constant's channels along axis 2/,
    );
  });

  const along: Readonly<Record<string, readonly number[]>> = {
    W: [4],
    H: [4, 1],
    N: [4, 1, 1, 1],
    "H, with N": [1, 1, 4, 1],
  };
  for (const [axis, dims] of Object.entries(along)) {
    for (const op of ["Mul", "Add", "Sub", "Div"]) {
      it(`Conv, then ${op} by a constant along ${axis}, all sizes equal`, async () => {
        await expectKept(
          graphText(
            "float[4,4,4,4] x",
            [constant("W", [4, 4, 1, 1]), constant("b", [4]), constant("k", dims, { low: 0.5, high: 2 })],
            `c = Conv (x, W, b) y = ${op} (c, k)`,
          ),
          /axis/,
        );
      });
    }
  }

  it("Gemm, then a constant along its rows, all sizes equal", async () => {
    await expectKept(
      graphText(
        "float[4,4] x",
        [constant("W", [4, 4]), constant("k", [4, 1])],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /axis 0/,
    );
  });

  it("a constant along two axes", async () => {
    await expectKept(
      graphText(
        "float[4,4,4,4] x",
        [constant("W", [4, 4, 1, 1]), constant("k", [4, 1, 4])],
        "c = Conv (x, W) y = Mul (c, k)",
      ),
      /more than one axis/,
    );
  });
});

describe("a constant that stretches x", () => {
  it("[C,1,1] on one channel", async () => {
    await expectKept(
      graphText(
        "float[N,3,6,7] x",
        [constant("W", [1, 3, 2, 2]), constant("k", [5, 1, 1])],
        "c = Conv (x, W) y = Mul (c, k)",
      ),
      /not known to have 5 elements/,
    );
  });

  it("a constant of a higher rank", async () => {
    await expectKept(
      graphText("float[N,3,6,7] x", [W, constant("k", [1, 1, 5, 1, 1])], "c = Conv (x, W) y = Mul (c, k)"),
      /higher rank/,
    );
    await expectKept(
      graphText(
        "float[N,3] x",
        [constant("W", [3, 5]), constant("k", [1, 1, 5])],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /higher rank/,
    );
  });

  it("one element, higher rank", async () => {
    await expectKept(
      graphText(
        "float[N,3] x",
        [constant("W", [3, 5]), constant("k", [1, 1, 1])],
        "c = MatMul (x, W) y = Add (c, k)",
      ),
    );
  });
});
