import { describe } from "vitest";
import { affineCase, convolution, image, positive, signed } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };

describe("one half each way", () => {
  affineCase(
    "the scale is negative where MaxPool is in front, the Conv behind is padded",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), constant("P", [z.M, z.K, 3, 3]), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Conv <pads = [1, 1, 1, 1]> (a, P)`,
    }),
    { ...DOWN, left: ["Conv", "MaxPool", "Conv"] },
  );
  affineCase(
    "a scale of zero has no inverse, which the shift would need to go in front of it",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K).replace(/-1\.2/, "0")],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Exp (a)`,
    }),
    { ...DOWN, refused: /the scale of channel 1 is zero, so its shift cannot go in front of it/ },
  );
  affineCase(
    "with an inverse it goes there, and the scale stays",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), signed("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) p = MaxPool <kernel_shape = [2, 2]> (c)
        a = BatchNormalization (p, bn_gamma, bn_beta, bn_mean, bn_var) y = Exp (a)`,
    }),
    { ...DOWN, target: "any", left: ["Conv", "MaxPool", "Mul", "Exp"] },
  );
  affineCase(
    "a shift finds no way past Relu, and a scale no way past a residual: the scale stays",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.K, z.M), positive("bn", z.K)],
      nodes: `c = Conv (x, f_W, f_b) r = Relu (c) a = BatchNormalization (r, bn_gamma, bn_beta, bn_mean, bn_var)
        e = Exp (c) s = Add (a, e) y = Conv (s, g_W, g_b)`,
    }),
    { ...DOWN, target: "any", left: ["Conv", "Relu", "Mul", "Exp", "Add", "Conv"] },
  );
  affineCase(
    "the scale goes up through Relu, the shift down through a residual",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.K, z.M),
        positive("bn", z.K),
        ...convolution("h", z.C, z.K),
      ],
      nodes: `c = Conv (x, f_W, f_b) r = Relu (c) a = BatchNormalization (r, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Conv (x, h_W, h_b) e = Exp (d) s = Add (a, e) y = Conv (s, g_W, g_b)`,
    }),
    { ...DOWN, left: ["Conv", "Relu", "Conv", "Exp", "Add", "Conv"] },
  );
});
