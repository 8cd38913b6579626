import { present } from "../../src/base/assert.js";
import type { Node } from "../../src/ir/graph.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import type { Rewriter } from "../../src/rewrite/rewriter.js";
import { constant, graphText, modelText } from "../support/text.js";
import { afterwards, before, reading, told } from "./break.js";
import type { Mutant } from "./stage.js";

const LISTS = [
  "int64 at = {0}, int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
  "int64[1] six = {6}, int64[1] nine = {9}",
];

/** How PyTorch expands a token: to the first two sizes of x and a number. */
const EXPANDED = graphText(
  "float[N,M,5] x",
  [...LISTS, constant("w", [1, 1, 1])],
  `s = Shape (x) n = Gather (s, at) u = Unsqueeze (n, zero) m = Slice (s, one, two, zero)
   t = Concat <axis = 0> (u, m, one) e = Expand (w, t) y = Add (e, w)`,
);

/** x of four by six, made as large as `to` says. */
function resized(to: readonly [number, number], attributes = ""): string {
  return modelText(
    graphText(
      "float[N,2,4,6] x",
      [...LISTS, `int64[2] to = {${to}}`],
      `s = Shape (x) n = Slice (s, zero, two, zero) t = Concat <axis = 0> (n, to)
       y = Resize <mode = "nearest" ${attributes}> (x, "", "", t)`,
    ),
    { opset: 18 },
  );
}

/** An Expand that Sub does not need, and one that determines the shape. */
const EXPANDS = graphText(
  "float[N,4,5] x, float[N,4,1] v",
  ["int64[3] to = {1, 4, 5}"],
  "s = Shape (x) a = Expand (v, s) b = Sub (a, x) c = Expand (v, to) d = Mul (c, v) y = Concat <axis = 2> (b, d)",
);

/** Six of x and three of z side by side, of which `nodes` make y. */
function joined(nodes: string, constants: readonly string[] = []): string {
  return graphText(
    "float[N,6,4] x, float[N,3,4] z",
    [...LISTS, ...constants],
    `c = Concat <axis = 1> (x, z) ${nodes}`,
  );
}

/** Two slices that are x again, and two that leave out every second place. */
const SLICES = graphText(
  "float[N,6,4] x",
  LISTS,
  `p = Slice (x, zero, two, one) q = Slice (x, two, six, one) a = Concat <axis = 1> (p, q)
   r = Slice (x, zero, two, one) s = Slice (x, two, six, one, two) b = Concat <axis = 1> (r, s)
   e = Exp (b) y = Concat <axis = 1> (a, e)`,
);

function padded(first: string, second: string): string {
  return graphText(
    "float[N,4,5] x",
    ["int64[6] P = {0, 0, 1, 0, 2, 0}, int64[6] Q = {0, 3, 0, 0, 0, 1}, float a = {0.5}, float b = {-0.5}"],
    `p = Pad (x, P, a) q = Pad (p, Q, a) r = Pad <mode = "constant"> (x, P, ${first}) s = Pad (r, Q, ${second})
     y = Concat <axis = 0> (q, s)`,
  );
}

const RECURRENT = graphText(
  "float[5,N,3] x",
  [
    constant("W", [1, 8, 3]),
    constant("R", [1, 8, 2]),
    constant("B", [1, 16]),
    ...LISTS,
    "int64[1] layers = {1}, int64[1] width = {2}",
  ],
  `s = Shape (x) n = Slice (s, one, two) t = Concat <axis = 0> (layers, n, width)
   h = ConstantOfShape <value = float[1] {0.5}> (t) c = ConstantOfShape <value = float[1] {0}> (t)
   y = LSTM <hidden_size = 2> (x, W, R, B, "", h, c)`,
);

/** Two inputs of a node change places. */
function swapped(node: Node, rewriter: Rewriter, [a, b]: readonly [number, number]): void {
  const [first, second] = [present(node.input(a), "an input"), present(node.input(b), "an input")];
  rewriter.setInput(node, a, second);
  rewriter.setInput(node, b, first);
}

/** The rules that take sizes, parts and borders from where they are. */
export const MOVING: readonly Mutant[] = [
  {
    name: "sizes: the axes of the source are counted from the back",
    pass: "simplify-sizes",
    model: EXPANDED,
    broken: {
      passes: {
        "simplify-sizes": told((facts) => ({ shape: (value) => facts.shape(value)?.toReversed() })),
      },
    },
  },
  {
    name: "sizes: numbers come before the sizes they follow",
    pass: "simplify-sizes",
    model: EXPANDED,
    broken: {
      passes: {
        "simplify-sizes": afterwards((expand, rewriter) => {
          swapped(present(expand.input(1)?.producer, "a Concat"), rewriter, [0, 1]);
        }),
      },
    },
  },
  {
    name: "resize: the scale is that of the way back",
    pass: "simplify-resize",
    model: resized([8, 3]),
    broken: {
      passes: {
        "simplify-resize": afterwards((resize, rewriter) => {
          const scales = before(resize, 2).map((scale) => 1 / scale);
          rewriter.setConstant(resize, 2, tensorFromNumbers("float", [4], scales), "scales");
        }),
      },
    },
  },
  {
    name: "resize: sizes that are bounds are taken for sizes",
    pass: "simplify-resize",
    model: resized([8, 8], ', keep_aspect_ratio_policy = "not_larger"'),
    guard: "sizes-are-bounds",
    broken: {
      passes: {
        "simplify-resize": (real) => {
          const forgetful = reading("keep_aspect_ratio_policy", undefined)(real);
          return afterwards((resize) => resize.unset("keep_aspect_ratio_policy"))(forgetful);
        },
      },
    },
  },
  {
    name: "expands: the shape of the output is not checked",
    pass: "eliminate-expands",
    model: EXPANDS,
    broken: {
      passes: {
        "eliminate-expands": told((facts, node) => ({
          shape: (value) => {
            if (value !== node.output(0)) return facts.shape(value);
            const expand = node.inputs.map((input) => input?.producer).find((each) => each?.is("Expand"));
            return facts.shape(expand?.input(0) ?? value);
          },
        })),
      },
    },
  },
  {
    name: "expands: the operands are swapped",
    pass: "eliminate-expands",
    model: EXPANDS,
    broken: {
      passes: { "eliminate-expands": afterwards((sub, rewriter) => swapped(sub, rewriter, [0, 1])) },
    },
  },
  {
    name: "concat: the part of a Slice is taken from one place later on",
    pass: "simplify-concat",
    model: joined(
      "a = Slice (c, one, three, one) b = Slice (c, six, nine, one, two) y = Concat <axis = 1> (a, b)",
    ),
    broken: {
      functions: {
        positions: (real) => (cut, size) => {
          const right = real(cut, size);
          return (
            right && { ...right, first: Math.min(right.first + 1, size - 1 - (right.count - 1) * right.step) }
          );
        },
      },
    },
  },
  {
    name: "concat: indices from the end are counted from the front",
    pass: "simplify-concat",
    model: joined(
      "a = Gather <axis = 1> (c, two) b = Gather <axis = 1> (c, last) y = Concat <axis = 1> (a, b)",
      ["int64[1] last = {-2}"],
    ),
    broken: {
      passes: {
        "simplify-concat": told((facts) => ({ numbers: (value) => facts.numbers(value)?.map(Math.abs) })),
      },
    },
  },
  {
    name: "concat: the parts are counted from the last",
    pass: "simplify-concat",
    model: graphText(
      "float[N,3,4] x, float[N,3,4] z, float[N,3,4] v",
      ["int64[2] sizes = {3, 6}"],
      "c = Concat <axis = 1> (x, z, v) p, q = Split <axis = 1> (c, sizes) y = Concat <axis = 1> (q, p)",
    ),
    broken: {
      functions: {
        partsAlong: (real) => (values, axis, facts) =>
          real(values[0]?.producer?.is("Split") ? values : values.toReversed(), axis, facts),
      },
    },
  },
  {
    name: "slices: steps are ignored",
    pass: "merge-adjacent-slices",
    model: SLICES,
    broken: {
      functions: {
        positions: (real) => (cut, size) => real({ ...cut, step: 1 }, size),
      },
    },
  },
  {
    name: "slices: adjacent cuts come in another order",
    pass: "merge-adjacent-slices",
    model: SLICES,
    broken: {
      passes: {
        "merge-adjacent-slices": afterwards((concat, rewriter) => swapped(concat, rewriter, [0, 1])),
      },
    },
  },
  {
    name: "pads: begins and ends change places",
    pass: "merge-movement-chains",
    model: padded("a", "a"),
    broken: {
      passes: {
        "merge-movement-chains": afterwards((pad, rewriter) => {
          const pads = before(pad, 1);
          const turned = pads.map((_, at) => pads[(at + pads.length / 2) % pads.length] ?? Number.NaN);
          rewriter.setConstant(pad, 1, tensorFromNumbers("int64", [pads.length], turned), "pads");
        }),
      },
    },
  },
  {
    name: "pads: borders of two values are one",
    pass: "merge-movement-chains",
    model: padded("a", "b"),
    broken: {
      functions: {
        readPad: (real) => (node, facts) => ({ ...real(node, facts), value: 0 }),
      },
    },
  },
  {
    name: "tiles: repeats add up",
    pass: "merge-movement-chains",
    model: graphText(
      "float[N,4] x",
      ["int64[2] P = {2, 3}, int64[2] Q = {3, 2}"],
      "t = Tile (x, P) y = Tile (t, Q)",
    ),
    broken: {
      passes: {
        "merge-movement-chains": afterwards((tile, rewriter) => {
          rewriter.setConstant(tile, 1, tensorFromNumbers("int64", [2], [5, 5]), "repeats");
        }),
      },
    },
  },
  {
    name: "variadic: an operand of the inner one is forgotten",
    pass: "merge-variadic-chains",
    model: graphText("float[N,4] x, float[N,4] v, float[N,4] w", [], "a = Max (x, v) y = Max (a, w)"),
    broken: {
      functions: {
        flatten: (real) => (node, nestedIn) => {
          const right = real(node, nestedIn);
          return { ...right, operands: right.operands.slice(0, -1) };
        },
      },
    },
  },
  {
    name: "variadic: of two constants the other one decides",
    pass: "merge-variadic-chains",
    model: graphText("float[N,4] x", ["float low = {-0.5}, float high = {1}"], "y = Max (x, low, high)"),
    broken: {
      passes: {
        "merge-variadic-chains": told((facts) => ({
          numbers: (value) => facts.numbers(value)?.map((number) => -number),
        })),
      },
    },
  },
  {
    name: "variadic: an operand that gives the shape decides nothing",
    pass: "merge-variadic-chains",
    model: graphText(
      "float[N,4] x",
      ["float least = {-inf}, float[3,1,1] wide = {-inf, -inf, -inf}"],
      "a = Max (x, least) b = Exp (a) c = Max (x, wide) y = Concat <axis = 0> (c, c)",
    ),
    broken: {
      passes: {
        "merge-variadic-chains": told((facts, node) => ({
          shape: (value) => facts.shape(value === node.output(0) ? (node.input(0) ?? value) : value),
        })),
      },
    },
  },
  {
    name: "defaults: the value of ConstantOfShape is not checked",
    pass: "eliminate-default-inputs",
    model: RECURRENT,
    broken: {
      passes: {
        "eliminate-default-inputs": reading("value", undefined, (lstm) => lstm.input(5)?.producer),
      },
    },
  },
  {
    name: "defaults: the bias goes with them",
    pass: "eliminate-default-inputs",
    model: RECURRENT,
    broken: {
      passes: { "eliminate-default-inputs": afterwards((lstm, rewriter) => rewriter.leaveOut(lstm, 3)) },
    },
  },
];
