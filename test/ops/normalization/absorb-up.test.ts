import { describe } from "vitest";
import { affineCase, bn, image, sequence, signed, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("normalizations of each sample take a map in", () => {
  affineCase(
    "InstanceNormalization",
    (z) => ({
      input: image(z),
      constants: [constant("s", [z.C]), constant("b", [z.C]), signed("bn", z.C)],
      nodes: `t = InstanceNormalization <epsilon = 0.1> (x, s, b) ${bn}`,
    }),
    { ...UP, left: ["InstanceNormalization"] },
  );
  affineCase(
    "LayerNormalization without a bias",
    (z) => ({
      input: sequence(z),
      constants: [constant("s", [z.C]), constant("k", [z.C]), constant("l", [z.C])],
      nodes: "t = LayerNormalization <epsilon = 0.1> (x, s) m = Mul (t, k) y = Add (l, m)",
    }),
    { ...UP, left: ["LayerNormalization"] },
  );
  affineCase(
    "LayerNormalization and a map along another axis",
    (z) => ({
      input: sequence(z),
      constants: [constant("s", [z.C]), signed("bn", z.H)],
      nodes: `t = LayerNormalization <epsilon = 0.1> (x, s) ${bn}`,
    }),
    { ...UP, refused: /the map runs along axis 1, its channels along axis 2 \[map-runs-along-other-axis\]/ },
  );
  affineCase(
    "GroupNormalization of opset 21",
    (z) => ({
      input: image(z),
      constants: [constant("s", [z.C]), constant("b", [z.C]), signed("bn", z.C)],
      nodes: `t = GroupNormalization <num_groups = 2, epsilon = 0.1> (x, s, b) ${bn}`,
    }),
    { ...UP, opset: 21, left: ["GroupNormalization"] },
  );
  affineCase(
    "GroupNormalization of opset 18, which has a scale for each group",
    (z) => ({
      input: image(z),
      constants: [constant("s", [2]), constant("b", [2]), signed("bn", z.C)],
      nodes: `t = GroupNormalization <num_groups = 2, epsilon = 0.1> (x, s, b) ${bn}`,
    }),
    { ...UP, opset: 18, refused: "map-differs-within-group", runnable: "maybe" },
  );
});
