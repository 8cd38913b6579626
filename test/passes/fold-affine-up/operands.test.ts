import { describe } from "vitest";
import {
  affineCase,
  bn,
  convolution,
  image,
  positive,
  sequence,
  signed,
  UP,
} from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("several operands", () => {
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
  for (const opType of ["Add", "Sub"]) {
    affineCase(
      `row 36: residual ${opType} of two Convs, which share their weight`,
      (z) => ({
        input: image(z),
        constants: [...convolution("f", z.C, z.C), constant("g", [z.C]), signed("bn", z.C)],
        nodes: `r = Relu (x) c = Conv (x, f_W, f_b) d = Conv (r, f_W, g) t = ${opType} (c, d) ${bn}`,
      }),
      { ...UP, left: ["Relu", "Conv", "Conv", opType] },
    );
  }
  affineCase(
    "a shift that only the subtrahend has a place for",
    (z) => ({
      input: `float[${z.N},${z.H},${z.C}] x`,
      constants: [
        constant("A", [z.C, z.K]),
        constant("B", [z.C, z.K]),
        constant("b", [z.K]),
        constant("k", [z.K]),
        constant("l", [z.K]),
      ],
      nodes: `c = MatMul (x, A) d = MatMul (x, B) e = Add (d, b) s = Sub (c, e) m = Mul (s, k) y = Add (m, l)`,
    }),
    { ...UP, left: ["MatMul", "MatMul", "Add", "Sub"] },
  );
  affineCase(
    "Sum of three Convs",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.C, z.K),
        constant("h_W", [z.K, z.C, 1, 1]),
        signed("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) c = Conv (x, h_W) t = Sum (a, b, c) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Conv", "Sum"] },
  );
  affineCase(
    "a residual that is an input of the graph",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.C), signed("bn", z.C)],
      nodes: `a = Conv (x, f_W, f_b) t = Add (a, x) ${bn}`,
    }),
    { ...UP, refused: /graph input "x" takes no scale/ },
  );
  affineCase(
    "an Add of a term with fewer axes, which has no channels",
    (z) => ({
      input: `${image(z)}, float[${z.W}] u`,
      constants: [...convolution("f", z.C, z.K), constant("g", [z.W, z.W]), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) m = MatMul (u, g) t = Add (a, m) ${bn}`,
    }),
    { ...UP, refused: /is not known to have/ },
  );
  affineCase(
    "an Add of a term for each channel, from a Gemm",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        constant("G", [z.C, z.K]),
        constant("gb", [z.K]),
        "int64[2] axes = {2, 3}",
        signed("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) p = GlobalMaxPool (x) q = Flatten (p) g = Gemm (q, G, gb) u = Unsqueeze (g, axes)
        t = Add (u, a) ${bn}`,
    }),
    { ...UP, left: ["Conv", "GlobalMaxPool", "Flatten", "Gemm", "Unsqueeze", "Add"] },
  );
  affineCase(
    "a gate: the scale goes to one factor, a shift to none",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), constant("k", [z.K, 1, 1])],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Sigmoid (b) t = Mul (s, a) y = Div (t, k)`,
    }),
    { ...UP, left: ["Conv", "Conv", "Sigmoid", "Mul"] },
  );
  affineCase(
    "a gate and a shift",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), positive("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Sigmoid (b) t = Mul (s, a) ${bn}`,
    }),
    { ...UP, refused: /Mul lets no shift through/ },
  );
  affineCase(
    "Div: the dividend takes a scale",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), constant("k", [z.K, 1, 1])],
      nodes: "a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) s = Exp (b) t = Div (a, s) y = Mul (t, k)",
    }),
    { ...UP, left: ["Conv", "Conv", "Exp", "Div"] },
  );
  affineCase(
    "Where between a Conv and a constant",
    (z) => ({
      input: `${image(z)}, bool[${z.H},1] p`,
      constants: [...convolution("f", z.C, z.K), constant("k", [1, z.K, 1, 1]), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) t = Where (p, a, k) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Where"] },
  );
  affineCase(
    "Max and Min of Convs under a positive scale",
    (z) => ({
      input: image(z),
      constants: [
        ...convolution("f", z.C, z.K),
        ...convolution("g", z.C, z.K),
        ...convolution("h", z.C, z.K),
        positive("bn", z.K),
      ],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) c = Conv (x, h_W, h_b) m = Max (a, b) t = Min (m, c) ${bn}`,
    }),
    { ...UP, left: ["Conv", "Conv", "Conv", "Max", "Min"] },
  );
  affineCase(
    "Max under a negative scale",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), signed("bn", z.K)],
      nodes: `a = Conv (x, f_W, f_b) b = Conv (x, g_W, g_b) t = Max (a, b) ${bn}`,
    }),
    { ...UP, refused: /Max lets no negative scale/ },
  );
});

describe("what absorbs", () => {
  affineCase(
    "a table that is looked up",
    (z) => ({
      input: `int64[${z.N},${z.H}] x`,
      constants: [constant("T", [2, z.K]), constant("k", [z.K]), constant("l", [z.K])],
      nodes: "e = Gather (T, x) m = Mul (e, k) y = Sub (l, m)",
    }),
    { ...UP, left: ["Gather"] },
  );
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
    { ...UP, refused: /the map runs along axis 1, its channels along axis 2/ },
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
    { ...UP, opset: 18, refused: /scale per group/, runnable: "maybe" },
  );
  affineCase(
    "rows 4 to 6 from a distance: ConvTranspose in groups behind a Relu",
    (z) => ({
      input: image(z),
      constants: [
        constant("W", [z.C, 3, 2, 2]),
        constant("b", [6]),
        constant("k", [6, 1, 1], { low: 0.5, high: 2 }),
      ],
      nodes: "c = ConvTranspose <group = 2, strides = [2, 1]> (x, W, b) t = Relu (c) y = Mul (t, k)",
    }),
    { ...UP, left: ["ConvTranspose", "Relu"] },
  );
});
