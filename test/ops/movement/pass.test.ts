import { describe } from "vitest";
import { affineCase, behindConv, bn, convolution, image, signed, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("blocks of pixels pass a map of the channels", () => {
  behindConv(
    "DepthToSpace, DCR",
    "t = DepthToSpace <blocksize = 2> (c)",
    { left: ["Conv", "DepthToSpace"] },
    () => signed("bn", 1),
  );
  affineCase(
    "DepthToSpace, DCR and CRD, and SpaceToDepth",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 12), signed("bn", 3), constant("k", [3, 1, 1])],
      nodes: `c = Conv (x, f_W, f_b) t = DepthToSpace <blocksize = 2, mode = "CRD"> (c)
        n = BatchNormalization (t, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Conv (x, f_W, f_b) e = DepthToSpace <blocksize = 2> (d) m = Mul (e, k) y = Exp (m)`,
      outputs: "n, y",
    }),
    { ...UP, left: ["Conv", "DepthToSpace", "Conv", "DepthToSpace", "Exp"] },
  );
});

describe("Concat passes a map to its parts", () => {
  affineCase(
    "row 35: Concat of two Convs and a constant, split by channel",
    (z) => ({
      input: `float[2,${z.C},${z.H},${z.W}] x`,
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.C, z.M),
        constant("k", [2, 2, z.H, z.W]),
        signed("bn", z.K + z.M + 2),
      ],
      nodes: `c = Conv (x, f_W, f_b) d = Conv (x, g_W, g_b) t = Concat <axis = -3> (c, k, d) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Concat"] },
  );
  affineCase(
    "Concat along another axis: every part takes the whole map",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) d = Conv (x, g_W, g_b) t = Concat <axis = 2> (c, d) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Concat"] },
  );
  affineCase(
    "Concat with a part that takes nothing",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K + z.C)],
      nodes: `c = Conv (x, f_W, f_b) s = Sigmoid (x) t = Concat <axis = 1> (c, s) ${bn}`,
    }),
    { ...UP, refused: /Sigmoid "s" takes no scale and shift/ },
  );
  affineCase(
    "Concat of a value that is read elsewhere",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", 2 * z.K)],
      nodes: `c = Conv (x, f_W, f_b) d = Conv (x, g_W, g_b) t = Concat <axis = 1> (c, d) ${bn} z = Neg (d)`,
      outputs: "y, z",
    }),
    { ...UP, refused: /Conv "d" has 1 other use/ },
  );
  affineCase(
    "the same Conv twice in a Concat",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", 2 * z.K)],
      nodes: `c = Conv (x, f_W, f_b) t = Concat <axis = 1> (c, c) ${bn}`,
    }),
    { ...UP, refused: /other use/ },
  );
});
