import { describe } from "vitest";
import { affineCase, convolution, image, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("blocks of channels", () => {
  const twice = (c: number, seed: string): string => constant(`k${seed}`, [c, 1, 1]);
  affineCase(
    "up through SpaceToDepth",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 2), "float[8,1,1] k = {2, -3, 2, -3, 2, -3, 2, -3}"],
      nodes: "c = Conv (x, f_W, f_b) t = SpaceToDepth <blocksize = 2> (c) y = Mul (t, k)",
    }),
    { ...UP, left: ["Conv", "SpaceToDepth"] },
  );
  affineCase(
    "up through SpaceToDepth, channels that differ",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, 2), twice(8, "d")],
      nodes: "c = Conv (x, f_W, f_b) t = SpaceToDepth <blocksize = 2> (c) y = Mul (t, kd)",
    }),
    { ...UP, left: ["Conv", "SpaceToDepth", "Mul"] },
  );
  affineCase(
    "GroupNormalization of opset 18 takes one number for each group",
    (z) => ({
      input: image(z),
      constants: [
        constant("s", [2]),
        constant("b", [2]),
        "float[4,1,1] k = {2, 2, -3, -3}",
        "float[4,1,1] l = {1, 1, 5, 5}",
      ],
      nodes: "t = GroupNormalization <num_groups = 2, epsilon = 0.1> (x, s, b) m = Mul (t, k) y = Add (m, l)",
    }),
    { ...UP, opset: 18, left: ["GroupNormalization"] },
  );
});
