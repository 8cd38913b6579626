import { describe, expect, it } from "vitest";
import { type Outcome, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal } from "../../support/text.js";

const TO_NHWC = "Transpose <perm = [0, 2, 3, 1]>";
const TO_NCHW = "Transpose <perm = [0, 3, 1, 2]>";
const ONLY = { passes: ["eliminate-transposes", "eliminate-dead"] } as const;

function operators({ ops }: Outcome): string[] {
  return ops.map((line) => line.replace(/^.* = (\w+)\(.*$/, "$1"));
}

function ints(name: string, ...values: readonly number[]): string {
  return literal(name, [values.length], values, "int64");
}

interface Case {
  readonly name: string;
  /** They compute b, in channels-last order, from a. Both ends are turned to channels-first, which is to cancel. */
  readonly nodes: string;
  readonly constants?: readonly string[];
  readonly opset?: number;
}

const CASES: readonly Case[] = [
  { name: "Relu", nodes: "b = Relu (a)" },
  {
    name: "Clip",
    nodes: "b = Clip (a, low, high)",
    constants: [literal("low", [], [-0.5]), literal("high", [], [0.5])],
  },
  { name: "Cast", nodes: "i = Cast <to = 7> (a) b = Cast <to = 1> (i)" },
  { name: "Add of a constant for each channel", nodes: "b = Add (a, c)", constants: [constant("c", [3])] },
  { name: "Sub from a constant of rank 3", nodes: "b = Sub (c, a)", constants: [constant("c", [4, 1, 3])] },
  { name: "Mul by a scalar", nodes: "b = Mul (c, a)", constants: [constant("c", [])] },
  {
    name: "Pow by a constant of all axes",
    nodes: "s = Abs (a) b = Pow (s, c)",
    constants: [constant("c", [1, 4, 5, 3])],
  },
  {
    name: "Where",
    nodes: "p = Greater (a, c) b = Where (p, a, c)",
    constants: [constant("c", [5, 3])],
  },
  { name: "PRelu", nodes: "b = PRelu (a, c)", constants: [constant("c", [1, 1, 3])] },
  {
    name: "Concat and Slice of channels",
    nodes: "r = Relu (a) j = Concat <axis = -1> (a, r, c) b = Slice (j, s, e, ax)",
    constants: [constant("c", [2, 4, 5, 1]), ints("s", 2), ints("e", 5), ints("ax", 3)],
  },
  {
    name: "Split of channels",
    nodes: "p, q = Split <axis = 3> (a, parts) b = Concat <axis = 3> (q, p)",
    constants: [ints("parts", 1, 2)],
  },
  {
    name: "Split with its sizes in an attribute",
    nodes: "p, q = Split <axis = 3, split = [1, 2]> (a) b = Concat <axis = 3> (q, p)",
    opset: 11,
  },
  {
    name: "Slice without axes",
    nodes: "b = Slice (a, s, e)",
    constants: [ints("s", 0, 1, 0), ints("e", 9, 4, 3)],
  },
  {
    name: "Slice in opset 9",
    nodes: "b = Slice <axes = [2, 3], starts = [1, 0], ends = [4, 2]> (a)",
    opset: 9,
  },
  { name: "Pad", nodes: "b = Pad (a, p)", constants: [ints("p", 0, 1, 2, 0, 0, 3, 0, 1)] },
  {
    name: "Pad of named axes",
    nodes: "b = Pad (a, p, , ax)",
    constants: [ints("p", 1, 2, 3, 0), ints("ax", 2, -1)],
    opset: 18,
  },
  {
    name: "Pad in opset 10",
    nodes: 'b = Pad <pads = [0, 1, 2, 0, 0, 3, 0, 1], mode = "reflect"> (a)',
    opset: 10,
  },
  { name: "Softmax", nodes: "b = Softmax <axis = -1> (a)" },
  { name: "ReduceMean", nodes: "b = ReduceMean <axes = [1, 2]> (a)" },
  { name: "ReduceSum", nodes: "b = ReduceSum (a, ax)", constants: [ints("ax", -1)] },
  { name: "ReduceMax of all", nodes: "m = ReduceMax (a) b = Add (a, m)" },
  { name: "ArgMax", nodes: "i = ArgMax <axis = 3> (a) b = Cast <to = 1> (i)" },
  { name: "CumSum", nodes: "b = CumSum (a, ax)", constants: [literal("ax", [], [2], "int64")] },
  { name: "TopK", nodes: "b, i = TopK <axis = 2> (a, k)", constants: [ints("k", 2)] },
  {
    name: "ReduceMax, Squeeze and Unsqueeze",
    nodes: "m = ReduceMax <axes = [3]> (a) s = Squeeze (m, ax) r = Relu (s) b = Unsqueeze (r, ax)",
    constants: [ints("ax", 3)],
  },
  {
    name: "a reduction that drops its axis, and one of the lost axis's neighbours",
    nodes: "m = ReduceMax <axes = [2], keepdims = 0> (a) b = Unsqueeze <axes = [2]> (m)",
    opset: 12,
  },
  { name: "Gather", nodes: "b = Gather <axis = 2> (a, i)", constants: [ints("i", 1, 0, 4)] },
  {
    name: "Gather of one index",
    nodes: "g = Gather <axis = 2> (a, i) b = Unsqueeze (g, ax)",
    constants: [literal("i", [], [1], "int64"), ints("ax", 2)],
  },
  { name: "Tile", nodes: "b = Tile (a, r)", constants: [ints("r", 1, 2, 1, 3)] },
  {
    name: "Expand",
    nodes: "m = ReduceMin <axes = [1]> (a) b = Expand (m, s)",
    constants: [ints("s", 1, 6, 5, 3)],
  },
  {
    name: "Resize by scales",
    nodes: 'b = Resize <mode = "nearest"> (a, , s)',
    constants: [literal("s", [4], [1, 2, 3, 1])],
  },
  { name: "Dropout", nodes: "b = Dropout (a)" },
  { name: "LpNormalization", nodes: "b = LpNormalization <axis = -1> (a)" },
  {
    name: "QuantizeLinear and DequantizeLinear for each channel",
    nodes: "q = QuantizeLinear <axis = 3> (a, s, z) b = DequantizeLinear <axis = -1> (q, s, z)",
    constants: [literal("s", [3], [0.1, 0.02, 0.3]), literal("z", [3], [3, 5, 7], "uint8")],
  },
  {
    name: "sizes that are read one by one",
    nodes: "t = Shape (a) h = Gather (t, one) f = Cast <to = 1> (h) b = Div (a, f)",
    constants: [literal("one", [], [1], "int64")],
  },
  {
    name: "Reshape that splits the channels",
    nodes: "g = Reshape (a, t) r = Softmax <axis = 4> (g) b = Reshape (r, u)",
    constants: [ints("t", -1, 4, 5, 1, 3), ints("u", -1, 4, 5, 3)],
  },
  {
    name: "GatherElements and ScatterElements",
    nodes: "g = GatherElements <axis = 3> (a, i) b = ScatterElements <axis = 2> (a, j, g)",
    constants: [
      literal(
        "i",
        [2, 4, 5, 1],
        Array.from({ length: 40 }, (_, at) => at % 3),
        "int64",
      ),
      literal(
        "j",
        [2, 4, 5, 1],
        Array.from({ length: 40 }, (_, at) => at % 5),
        "int64",
      ),
    ],
  },
  { name: "Hardmax", nodes: "b = Hardmax <axis = 1> (a)" },
  { name: "Upsample", nodes: "b = Upsample (a, s)", constants: [literal("s", [4], [1, 2, 3, 1])], opset: 9 },
  {
    name: "Resize to sizes",
    nodes: 'b = Resize <mode = "nearest"> (a, , , s)',
    constants: [ints("s", 2, 8, 15, 3)],
  },
];

/** From an order that keeps some axes in place and back; `nodes` compute b from a, whose order is `perm`. */
const IN_PLACE: readonly (Case & { readonly perm: readonly number[] })[] = [
  {
    name: "LayerNormalization over the last axis",
    perm: [0, 2, 1, 3],
    nodes: "b = LayerNormalization <axis = -1> (a, g, h)",
    constants: [constant("g", [5]), constant("h", [5])],
  },
  {
    name: "BatchNormalization, its channels in place",
    perm: [0, 1, 3, 2],
    nodes: "b = BatchNormalization (a, g, h, m, v)",
    constants: [
      constant("g", [3]),
      constant("h", [3]),
      constant("m", [3]),
      constant("v", [3], { low: 0.5, high: 2 }),
    ],
  },
  {
    name: "InstanceNormalization, its channels in place",
    perm: [0, 1, 3, 2],
    nodes: "b = InstanceNormalization (a, g, h)",
    constants: [constant("g", [3]), constant("h", [3])],
  },
  { name: "Trilu, its matrices in place", perm: [1, 0, 2, 3], nodes: "b = Trilu (a)" },
  {
    name: "MatMul with a matrix on the right",
    perm: [2, 0, 1, 3],
    nodes: "b = MatMul (a, w)",
    constants: [constant("w", [5, 2])],
  },
  {
    name: "MatMul of stacks",
    perm: [1, 0, 2, 3],
    nodes: "b = MatMul (a, w)",
    constants: [constant("w", [3, 2, 5, 2])],
  },
];

describe("eliminate-transposes: operators that follow a change of order", () => {
  for (const { name, nodes, constants = [], opset = 17 } of CASES) {
    it(name, async () => {
      const text = graphText("float[2,3,4,5] x", constants, `a = ${TO_NHWC} (x) ${nodes} y = ${TO_NCHW} (b)`);
      const before = nodes.match(/=\s[A-Z]/g)?.length ?? 0;
      const outcome = await rewrite(text, { ...ONLY, opset });
      expect(operators(outcome)).not.toContain("Transpose");
      expect(outcome.ops).toHaveLength(before);
    });
  }
});

describe("eliminate-transposes: operators that keep some axes where they are", () => {
  for (const { name, perm, nodes, constants = [] } of IN_PLACE) {
    it(name, async () => {
      const back = perm.map((_, axis) => perm.indexOf(axis));
      const text = graphText(
        "float[2,3,4,5] x",
        constants,
        `a = Transpose <perm = [${perm}]> (x) ${nodes} y = Transpose <perm = [${back}]> (b)`,
      );
      const outcome = await rewrite(text, ONLY);
      expect(outcome.ops).toHaveLength(1);
    });
  }
});

/** A constant comes in any order, so that only the Transpose behind says which one is wanted. */
describe("eliminate-transposes: the order comes from behind", () => {
  for (const { name, nodes, constants = [], opset = 17 } of CASES) {
    it(name, async () => {
      const text = graphText(
        "float x",
        [constant("front", [2, 4, 5, 3]), ...constants],
        `a = Mul (front, x) ${nodes} y = ${TO_NCHW} (b)`,
      );
      const before = nodes.match(/=\s[A-Z]/g)?.length ?? 0;
      const outcome = await rewrite(text, { ...ONLY, opset });
      expect(operators(outcome)).not.toContain("Transpose");
      expect(outcome.ops).toHaveLength(before + 1);
    });
  }
});
