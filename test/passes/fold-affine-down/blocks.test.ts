import { describe } from "vitest";
import { affineCase, convolution, signed } from "../../support/affine-cases.js";
import { normalize } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const bn = normalize("a", "x", "bn");

describe("blocks of channels", () => {
  for (const [mode, repeated] of [
    ["CRD", "float[8,1,1] k = {2, 2, 2, 2, 0.5, 0.5, 0.5, 0.5}"],
    ["DCR", "float[8,1,1] k = {2, 0.5, 2, 0.5, 2, 0.5, 2, 0.5}"],
  ] as const) {
    affineCase(
      `down through DepthToSpace, ${mode}`,
      (z) => ({
        input: `float[${z.N},8,${z.H},${z.W}] x`,
        constants: [...convolution("f", 2, z.K), repeated],
        nodes: `a = Mul (x, k) t = DepthToSpace <blocksize = 2, mode = "${mode}"> (a) y = Conv (t, f_W, f_b)`,
      }),
      { ...DOWN, left: ["DepthToSpace", "Conv"] },
    );
  }
  affineCase(
    "down through DepthToSpace, channels that differ",
    (z) => ({
      input: `float[${z.N},8,${z.H},${z.W}] x`,
      constants: [...convolution("f", 2, z.K), signed("bn", 8)],
      nodes: `${bn} t = DepthToSpace <blocksize = 2> (a) y = Conv (t, f_W, f_b)`,
    }),
    { ...DOWN, refused: "joined-channels-have-other-maps" },
  );
});
