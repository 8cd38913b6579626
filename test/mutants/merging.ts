import { isPointwise, type Kernel } from "../../src/affine/kernels.js";
import { scaleTensor } from "../../src/affine/scale-tensor.js";
import { isRefusal } from "../../src/base/refusal.js";
import type { Node } from "../../src/ir/graph.js";
import { constant, graphText, modelText, normalization, normalize } from "../support/text.js";
import { afterwards, pretending } from "./break.js";
import type { Mutant } from "./stage.js";

const IMAGE = "float[N,4,7,6] x";

function negated(kernel: Kernel): Kernel {
  return { ...kernel, weight: scaleTensor(kernel.weight, new Float64Array([-1]), kernel.weight.size) };
}

/** A 3x3 Conv beside another branch of x, and their sum. */
function parallel(branch: string, constants: readonly string[]): string {
  return graphText(
    IMAGE,
    [constant("W", [4, 4, 3, 3]), constant("b", [4]), ...constants],
    `c = Conv <pads = [1, 1, 1, 1]> (x, W, b) ${branch}`,
  );
}

const POINTWISE = parallel("d = Conv (x, V, a) y = Add (c, d)", [
  constant("V", [4, 4, 1, 1]),
  constant("a", [4]),
]);

/** A 1x1 Conv and a 3x3 Conv in a row. */
function chain(attributes = ""): string {
  return graphText(
    "float[N,3,7,6] x",
    [constant("W", [8, 3, 1, 1]), constant("b", [8]), constant("V", [5, 8, 3, 2]), constant("a", [5])],
    `c = Conv (x, W, b) y = Conv ${attributes} (c, V, a)`,
  );
}

function gemms(first: string, second: string): string {
  return graphText(
    "float[N,4] x",
    [constant("W", [4, 4]), constant("b", [4]), constant("V", [4, 4]), constant("a", [4])],
    `c = Gemm ${first} (x, W, b) y = Gemm ${second} (c, V, a)`,
  );
}

const withoutGroups = (kernel: Kernel): Kernel => ({ ...kernel, group: 1 });

/** All LeakyRelus are taken to have the same slope. */
function withoutSlopes(nodes: readonly Node[], run: () => void): void {
  const [node, ...rest] = nodes;
  if (node === undefined) run();
  else pretending(node, "alpha", undefined, () => withoutSlopes(rest, run));
}

/** The rules that make one operator of two. */
/** A graph of opset 23, which has Attention and RotaryEmbedding. */
function at23(inputs: string, constants: string, body: string): string {
  return modelText(`g (${inputs}) => (y) <${constants}> { ${body} }`, { opset: 23 });
}

export const MERGING: readonly Mutant[] = [
  {
    name: "attention: the scale of the scores is forgotten",
    pass: "fuse-attention",
    model: at23(
      "float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,6] v",
      "float c = {0.125}",
      "t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t) d = Mul (s, c) p = Softmax (d) y = MatMul (p, v)",
    ),
    broken: {
      passes: { "fuse-attention": afterwards((made, rewriter) => rewriter.removeAttribute(made, "scale")) },
    },
  },
  {
    name: "attention: past keys come last, past values first",
    pass: "simplify-attention",
    model: at23(
      "float[2,4,5,8] q, float[2,4,3,8] k, float[2,4,3,8] v, float[2,4,3,8] pk, float[2,4,3,8] pv",
      "float c = {0.125}",
      "K = Concat <axis = 2> (pk, k) V = Concat <axis = 2> (pv, v) y = Attention (q, K, V)",
    ),
    broken: {
      passes: {
        "simplify-attention": afterwards((made, rewriter) => {
          const [keys = null, past = null] = [made.input(1), made.input(4)];
          rewriter.setInput(made, 1, past);
          rewriter.setInput(made, 4, keys);
        }),
      },
    },
  },
  {
    name: "rotary: cosines and sines change places",
    pass: "fuse-rotary-embedding",
    model: at23(
      "float[2,3,5,4] x, float[2,5,2] f",
      "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4}, int64[1] three = {3}",
      `h = Concat <axis = 2> (f, f) c = Cos (h) d = Sin (h) C = Unsqueeze (c, one) S = Unsqueeze (d, one)
       a = Slice (x, zero, two, three) b = Slice (x, two, four, three) n = Neg (b) o = Concat <axis = 3> (n, a)
       p = Mul (x, C) s = Mul (o, S) y = Add (p, s)`,
    ),
    broken: {
      passes: {
        "fuse-rotary-embedding": afterwards((made, rewriter) => {
          const [cos = null, sin = null] = [made.input(1), made.input(2)];
          rewriter.setInput(made, 1, sin);
          rewriter.setInput(made, 2, cos);
        }),
      },
    },
  },
  {
    name: "parallel: the taps are off by one",
    pass: "merge-parallel-branches",
    model: POINTWISE,
    broken: {
      functions: {
        alignTaps: (real) => (host, guest, sameSize) => {
          const right = real(host, guest, sameSize);
          return isRefusal(right) ? right : right.map((taps) => taps.map((tap) => (tap + 1) % 3));
        },
      },
    },
  },
  {
    name: "parallel: height and width of the taps are swapped",
    pass: "merge-parallel-branches",
    model: parallel("d = Conv <pads = [0, 1, 0, 1]> (x, V) y = Add (c, d)", [constant("V", [4, 4, 1, 3])]),
    broken: {
      functions: {
        alignTaps: (real) => (host, guest, sameSize) => {
          const right = real(host, guest, sameSize);
          return isRefusal(right) ? right : right.toReversed();
        },
      },
    },
  },
  {
    name: "parallel: the dilation of the smaller kernel is ignored",
    pass: "merge-parallel-branches",
    model: graphText(
      "float[2,4,7,6] x",
      [constant("W", [4, 4, 5, 5]), constant("V", [4, 4, 3, 3])],
      "c = Conv <pads = [2, 2, 2, 2]> (x, W) d = Conv <pads = [2, 2, 2, 2], dilations = [2, 2]> (x, V) y = Add (c, d)",
    ),
    broken: {
      functions: {
        alignTaps: (real) => (host, guest, sameSize) => real(host, { ...guest, dilations: [1, 1] }, sameSize),
      },
    },
  },
  {
    name: "parallel: the subtrahend is added",
    pass: "merge-parallel-branches",
    model: parallel("d = Conv (x, V) y = Sub (c, d)", [constant("V", [4, 4, 1, 1])]),
    broken: {
      functions: {
        addKernels:
          (real) =>
          (...args) =>
            real(args[0], args[1], negated(args[2]), args[3]),
      },
    },
  },
  {
    name: "parallel: the minuend is subtracted",
    pass: "merge-parallel-branches",
    model: parallel("d = Conv (x, V) y = Sub (d, c)", [constant("V", [4, 4, 1, 1])]),
    broken: {
      functions: {
        addKernels:
          (real) =>
          (...args) =>
            real(args[0], args[1], negated(args[2]), args[3]),
      },
    },
  },
  {
    name: "parallel: the taps of the smaller ConvTranspose are one off",
    pass: "merge-parallel-branches",
    model: graphText(
      "float[N,4,5,6] x",
      [constant("W", [4, 3, 3, 3]), constant("V", [4, 3, 1, 1])],
      "c = ConvTranspose <pads = [1, 1, 1, 1]> (x, W) d = ConvTranspose (x, V) y = Add (c, d)",
    ),
    broken: {
      functions: {
        alignTaps: (real) => (host, guest, sameSize) => {
          const right = real(host, guest, sameSize);
          return isRefusal(right) ? right : right.map((taps) => taps.map((tap) => (tap + 1) % 3));
        },
      },
    },
  },
  {
    name: "parallel: the bias of the smaller kernel is forgotten",
    pass: "merge-parallel-branches",
    model: POINTWISE,
    broken: {
      functions: {
        readConv: (real) => (node) => {
          const right = real(node);
          return isRefusal(right) || !isPointwise(right.kernel) ? right : { ...right, bias: undefined };
        },
      },
    },
  },
  {
    name: "parallel: the groups of the smaller kernel are ignored",
    pass: "merge-parallel-branches",
    model: parallel("d = Conv <group = 2> (x, V) y = Add (c, d)", [constant("V", [4, 2, 1, 1])]),
    broken: {
      functions: {
        addKernels: (real) => (dtype, host, guest, taps) => real(dtype, host, withoutGroups(guest), taps),
      },
    },
  },
  {
    name: "parallel: x itself goes into the first channel",
    pass: "merge-parallel-branches",
    model: parallel("y = Add (c, x)", []),
    broken: {
      functions: {
        addKernels: (real) => (dtype, host, guest, taps) => real(dtype, host, withoutGroups(guest), taps),
      },
    },
  },
  {
    name: "parallel: alpha of Gemm is ignored",
    pass: "merge-parallel-branches",
    model: graphText(
      "float[N,3] x",
      [constant("W", [3, 5]), constant("b", [5]), constant("V", [3, 5])],
      "c = Gemm <alpha = 0.5> (x, W, b) d = Gemm <alpha = 2.0> (x, V) y = Add (c, d)",
    ),
    broken: {
      functions: {
        readProduct: (real) => (node, facts) => {
          const right = real(node, facts);
          return isRefusal(right) ? right : { ...right, alpha: 1 };
        },
      },
    },
  },
  {
    name: "compose: first and second are swapped",
    pass: "compose-affine",
    model: graphText(
      IMAGE,
      [constant("k", [4, 1, 1], { low: 1.5, high: 3 }), normalization("bn", 4)],
      `m = Mul (x, k) ${normalize("y", "m", "bn")}`,
    ),
    broken: { functions: { compose: (real) => (first, second) => real(second, first) } },
  },
  {
    name: "chain: the bias of the first is forgotten",
    pass: "merge-linear-chains",
    model: chain(),
    broken: {
      functions: {
        composeKernels:
          (real) =>
          (...args) => ({ ...real(...args), bias: undefined }),
      },
    },
  },
  {
    name: "chain: the taps are reversed",
    pass: "merge-linear-chains",
    model: chain(),
    broken: {
      functions: {
        composeKernels:
          (real) =>
          (...args) => {
            const right = real(...args);
            const weight = right.weight.map((_, i) => right.weight[i - (i % 6) + 5 - (i % 6)] ?? NaN);
            return { ...right, weight };
          },
      },
    },
  },
  {
    name: "chain: padding between the two is ignored",
    pass: "merge-linear-chains",
    model: chain("<pads = [1, 0, 1, 1]>"),
    guard: "padding-follows-bias",
    broken: { functions: { isUnpadded: () => () => true } },
  },
  {
    name: "chain: the matrices are multiplied in the wrong order",
    pass: "merge-linear-chains",
    model: graphText(
      "float[N,4] x",
      [constant("W", [4, 4]), constant("V", [4, 4])],
      "c = MatMul (x, W) y = MatMul (c, V)",
    ),
    broken: { functions: { multiplyMatrices: (real) => (a, b) => real(b, a) } },
  },
  {
    name: "chain: transB is ignored",
    pass: "merge-linear-chains",
    model: gemms("", "<transB = 1>"),
    broken: {
      functions: {
        readProduct: (real) => (node, facts) => {
          const right = real(node, facts);
          return isRefusal(right) ? right : { ...right, transB: false };
        },
      },
    },
  },
  {
    name: "chain: alpha of the second is ignored",
    pass: "merge-linear-chains",
    model: gemms("", "<alpha = 0.5>"),
    broken: {
      functions: {
        readProduct: (real) => (node, facts) => {
          const right = real(node, facts);
          return isRefusal(right) ? right : { ...right, alpha: 1 };
        },
      },
    },
  },
  {
    name: "twins: attributes are not compared",
    pass: "merge-common-subexpressions",
    model: graphText(
      IMAGE,
      [],
      "a = LeakyRelu <alpha = 0.1> (x) b = LeakyRelu <alpha = 0.3> (x) c = LeakyRelu <alpha = 0.1> (x) y = Sum (a, b, c)",
    ),
    broken: {
      passes: {
        "merge-common-subexpressions": (real) =>
          real.kind === "rules"
            ? real
            : {
                ...real,
                run: (context) => {
                  const nodes = [...context.view.model.graph.nodes()].filter((node) => node.is("LeakyRelu"));
                  return withoutSlopes(nodes, () => void real.run(context));
                },
              },
      },
    },
  },
];
