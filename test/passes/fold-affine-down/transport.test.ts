import { describe } from "vitest";
import { affineCase, convolution, image, positive, type Sizes, signed } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const bn = normalize("a", "x", "bn");

interface Way {
  readonly left?: readonly string[];
  readonly refused?: string | RegExp;
  readonly make?: (prefix: string, channels: number) => string;
  readonly constants?: (z: Sizes) => readonly string[];
  /** Channels that the Conv behind reads. */
  readonly into?: (z: Sizes) => number;
  readonly outputs?: string;
}

/** BatchNormalization, then nodes from "a" to "t", then a Conv of t. */
function ahead(name: string, nodes: string, way: Way): void {
  const { left, refused, make = signed, constants = () => [], into = ({ C }) => C, outputs = "y" } = way;
  affineCase(
    name,
    (z) => ({
      input: image(z),
      constants: [...constants(z), ...convolution("f", into(z), z.K), make("bn", z.C)],
      nodes: `${bn} ${nodes} y = Conv (t, f_W, f_b)`,
      outputs,
    }),
    {
      ...DOWN,
      ...(left === undefined ? {} : { left }),
      ...(refused === undefined ? {} : { refused }),
    },
  );
}

describe("to a Conv behind", () => {
  const pool = "kernel_shape = [2, 2], strides = [2, 2]";
  ahead("AveragePool", `t = AveragePool <${pool}> (a)`, { left: ["AveragePool", "Conv"] });
  ahead(
    "AveragePool that counts its padding",
    `t = AveragePool <${pool}, pads = [1, 1, 1, 1], count_include_pad = 1> (a)`,
    { left: ["Add", "AveragePool", "Conv"] },
  );
  ahead("row 44: GlobalAveragePool", "t = GlobalAveragePool (a)", { left: ["GlobalAveragePool", "Conv"] });
  ahead("MaxPool, positive", `t = MaxPool <${pool}, pads = [1, 1, 0, 0]> (a)`, {
    left: ["MaxPool", "Conv"],
    make: positive,
  });
  ahead("MaxPool, negative", `t = MaxPool <${pool}> (a)`, { left: ["Mul", "MaxPool", "Conv"] });
  ahead("Relu", "t = Relu (a)", { left: ["Add", "Relu", "Conv"], make: positive });
  ahead("Relu, negative", "t = Relu (a)", { refused: /\[(scale-is-negative|shift-does-not-pass)\]/ });
  ahead("Neg", "t = Neg (a)", { left: ["Conv"] });
  ahead("Cast to double and back", "d = Cast <to = 11> (a) s = Sqrt (d) t = Cast <to = 1> (s)", {
    refused: /Sqrt "s" takes no scale and shift of its input/,
  });
  ahead("Resize", `t = Resize <mode = "linear"> (a, "", scales)`, {
    left: ["Resize", "Conv"],
    constants: () => ["float[4] scales = {1.0, 1.0, 2.0, 2.0}"],
  });
  ahead("Resize of the channels", `t = Resize <mode = "nearest", nearest_mode = "floor"> (a, "", scales)`, {
    refused: "map-axis-may-be-resized",
    constants: () => ["float[4] scales = {1.0, 1.125, 1.0, 1.0}"],
  });
  ahead("Pad by the edge", `t = Pad <mode = "edge"> (a, pads)`, {
    left: ["Pad", "Conv"],
    constants: () => ["int64[8] pads = {0, 0, 1, 0, 0, 0, 1, 2}"],
  });
  ahead("Pad with zeros", "t = Pad (a, pads)", {
    left: ["Add", "Pad", "Conv"],
    constants: () => ["int64[8] pads = {0, 0, 1, 0, 0, 0, 1, 2}"],
  });
  ahead("SpaceToDepth", "t = SpaceToDepth <blocksize = 2> (a)", {
    left: ["SpaceToDepth", "Conv"],
    into: ({ C }) => 4 * C,
  });
  ahead("Slice of the channels", "t = Slice (a, one, all, one, two)", {
    left: ["Slice", "Conv"],
    constants: () => ["int64[1] one = {1}", "int64[1] two = {2}", "int64[1] all = {9223372036854775807}"],
    into: () => 2,
  });
  ahead("Gather of a channel and the rest of them twice", "t = Gather <axis = 1> (a, at)", {
    left: ["Gather", "Conv"],
    constants: () => ["int64[5] at = {2, -1, -1, 0, 1}"],
    into: () => 5,
  });
  ahead("Tile of the channels", "t = Tile (a, repeats)", {
    left: ["Tile", "Conv"],
    constants: () => ["int64[4] repeats = {1, 2, 1, 1}"],
    into: ({ C }) => 2 * C,
  });
  ahead("row 37: Split, into a Conv each", "t, u = Split <axis = 1> (a, parts) z = Conv (u, g_W, g_b)", {
    left: ["Split", "Conv", "Conv"],
    constants: (z) => ["int64[2] parts = {1, 3}", ...convolution("g", 3, z.K)],
    into: () => 1,
    outputs: "y, z",
  });
  ahead("Concat with a branch that is not normalized", "r = Relu (x) t = Concat <axis = 1> (r, a, r)", {
    left: ["Relu", "Concat", "Conv"],
    into: ({ C }) => 3 * C,
  });
  ahead("Concat of it with itself", "t = Concat <axis = 1> (a, a)", {
    refused: "node-is-reached-twice",
    into: ({ C }) => 2 * C,
  });
  ahead("Concat of rows", "r = Relu (x) t = Concat <axis = 2> (r, a)", {
    refused: "other-parts-are-not-mapped",
  });
  ahead("a residual and a scale", "r = Relu (x) t = Add (r, a)", { left: ["Mul", "Relu", "Add", "Conv"] });
  ahead("a gate and a shift", "r = Sigmoid (x) t = Mul (r, a)", { left: ["Add", "Sigmoid", "Mul", "Conv"] });

  for (const [opType, nodes] of [
    ["Add", "t = Add (r, a)"],
    ["Sub", "t = Sub (a, r)"],
    ["Sub", "t = Sub (r, a)"],
    ["Sum", "t = Sum (r, a, r)"],
  ] as const) {
    affineCase(
      `a shift of a term of ${nodes}`,
      (z) => ({
        input: image(z),
        constants: [constant("k", [z.C, 1, 1]), ...convolution("f", z.C, z.K)],
        nodes: `r = Relu (x) a = Add (x, k) ${nodes} y = Conv (t, f_W, f_b)`,
      }),
      { ...DOWN, left: ["Relu", opType, "Conv"] },
    );
  }
  for (const [name, nodes, left] of [
    ["a gate", "r = Sigmoid (x) t = Mul (a, r)", ["Sigmoid", "Mul", "Conv"]],
    ["the dividend", "r = Exp (x) t = Div (a, r)", ["Exp", "Div", "Conv"]],
    ["the divisor", "r = Exp (x) t = Div (r, a)", ["Mul", "Exp", "Div", "Conv"]],
    ["Relu", "t = Relu (a)", ["Relu", "Conv"]],
    ["PRelu", "t = PRelu (a, s)", ["PRelu", "Conv"]],
    ["the slope of PRelu", "t = PRelu (x, a)", ["Mul", "PRelu", "Conv"]],
    ["ReduceSum", "t = ReduceSum (a, axes)", ["ReduceSum", "Conv"]],
    ["Pad with zeros", "t = Pad (a, pads)", ["Pad", "Conv"]],
  ] as const) {
    affineCase(
      `a scale above zero of ${name}`,
      (z) => ({
        input: image(z),
        constants: [
          constant("k", [z.C, 1, 1], { low: 0.5, high: 2 }),
          constant("s", [z.H, 1]),
          "int64[1] axes = {3}",
          "int64[8] pads = {0, 0, 1, 0, 0, 0, 1, 2}",
          ...convolution("f", z.C, z.K),
        ],
        nodes: `a = Mul (x, k) ${nodes} y = Conv (t, f_W, f_b)`,
      }),
      { ...DOWN, left },
    );
  }
});

describe("to a Gemm behind", () => {
  affineCase(
    "row 43: through Flatten, where the parameters are repeated for each place",
    (z) => ({
      input: image(z),
      constants: [signed("bn", z.C), constant("B", [z.K, z.C * z.H * z.W]), constant("c", [z.K])],
      nodes: `${bn} f = Flatten (a) y = Gemm <transB = 1> (f, B, c)`,
    }),
    { ...DOWN, left: ["Flatten", "Gemm"] },
  );
  affineCase(
    "row 43: through Reshape and Transpose",
    (z) => ({
      input: image(z),
      constants: [
        signed("bn", z.C),
        `int64[2] shape = {-1, ${z.C * z.H * z.W}}`,
        constant("B", [z.C * z.H * z.W, z.K]),
      ],
      nodes: `${bn} t = Transpose <perm = [0, 2, 3, 1]> (a) f = Reshape (t, shape) y = MatMul (f, B)`,
    }),
    { ...DOWN, left: ["Transpose", "Reshape", "Gemm"] },
  );
  affineCase(
    "row 44: through GlobalAveragePool and Flatten",
    (z) => ({
      input: image(z),
      constants: [signed("bn", z.C), constant("B", [z.C, z.K]), constant("c", [1, z.K])],
      nodes: `${bn} g = GlobalAveragePool (a) f = Flatten (g) y = Gemm <alpha = 0.25> (f, B, c)`,
    }),
    { ...DOWN, left: ["GlobalAveragePool", "Flatten", "Gemm"] },
  );
  affineCase(
    "row 44: through ReduceMean, with and without its axes",
    (z) => ({
      input: image(z),
      constants: [signed("bn", z.C), constant("B", [z.C, z.K])],
      nodes: `${bn} r = ReduceMean <axes = [-2], keepdims = 1> (a) s = ReduceMean <axes = [2, 3], keepdims = 0> (r) y = MatMul (s, B)`,
    }),
    { ...DOWN, left: ["ReduceMean", "ReduceMean", "Gemm"] },
  );
  affineCase(
    "a Reshape that mixes places and channels",
    (z) => ({
      input: `float[2,${z.C},${z.H},${z.W}] x`,
      constants: [
        signed("bn", z.C),
        `int64[2] shape = {${2 * z.C * z.H}, ${z.W}}`,
        constant("B", [z.W, z.K]),
      ],
      nodes: `${bn} f = Reshape (a, shape) y = MatMul (f, B)`,
    }),
    { ...DOWN, refused: /\[(map-runs-along-other-axis|axis-has-no-counterpart)\]/ },
  );
});
