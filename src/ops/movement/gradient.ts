import type { Value } from "../../ir/graph.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { reshapeLike, scatterByIndex, shapeOf, sumTo } from "../../rules/gradient/support.js";
import { refusals } from "../../rules/refusals.js";
import { normalAxis } from "../../rules/shapes.js";
import { gather, gatherElements, gatherNd, oneHot, scatterElements, scatterNd } from "./gradient-index.js";
import { copying, gradientOrZeros, pad, slice } from "./gradient-window.js";
import type { OPERATORS } from "./operators.js";

const transpose: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const perm = c.node.ints("perm");
  if (perm === undefined) return [c.build.op("Transpose", [g])];
  const inverse = perm.map((_, axis) => BigInt(perm.indexOf(axis)));
  return [c.build.op("Transpose", [g], { perm: { kind: "ints", value: inverse } })];
};

const concat: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const axis = c.node.int("axis");
  if (axis === undefined) return refusals.axisIsUnknown();
  const parts = c.node.inputs.flatMap((value) => value ?? []);
  if (parts.length === 1) return [g];
  const sizes = parts.map((part) => sizeAlong(c, part, axis));
  const known = sizes.filter((size) => size !== undefined);
  const split =
    known.length === sizes.length
      ? c.build.ints(known)
      : c.build.op(
          "Concat",
          parts.map((part) => shapeOfAxis(c, part, axis)),
          { axis: 0n },
        );
  return c.build.ops("Split", [g, split], parts.length, { axis: BigInt(axis) });
};

function sizeAlong(c: GradientContext, value: Value, axis: number): number | undefined {
  const shape = c.facts.shape(value);
  const dim = shape?.[normalAxis(axis, shape.length) ?? -1];
  return typeof dim === "number" ? dim : undefined;
}

/** The size along an axis as an int64 vector of one element. */
function shapeOfAxis(c: GradientContext, value: Value, axis: number): Value {
  const size = sizeAlong(c, value, axis);
  if (size !== undefined) return c.build.ints([size]);
  return c.build.op("Gather", [shapeOf(c, value), c.build.ints([axis])]);
}

const split: GradientRule = (c) => {
  const parts = c.node.outputs.map((_, index) => gradientOrZeros(c, index));
  const [first] = parts;
  return [parts.length === 1 ? first : c.build.op("Concat", parts, { axis: BigInt(c.node.int("axis", 0)) })];
};

const expand: GradientRule = (c) => {
  const g = c.grad(0);
  return [g === undefined ? undefined : sumTo(c, g, c.input(0), c.output(0))];
};

/** Each axis of the output is seen as two, the repeats and the axis of the input; the sum goes over the repeats. */
const tile: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build, facts } = c;
  const [x, repeats] = [c.input(0), c.input(1)];
  const rank = facts.rank(x);
  if (rank === undefined) return copying(c);
  const dims = facts.staticShape(x);
  const times = facts.numbers(repeats);
  const pairs =
    dims === undefined || times === undefined
      ? build.op("Reshape", [
          build.op("Concat", [column(c, repeats), column(c, shapeOf(c, x))], { axis: 1n }),
          build.ints([-1]),
        ])
      : build.ints(dims.flatMap((dim, axis) => [times[axis] ?? 1, dim]));
  const split = build.op("Reshape", [g, pairs], { allowzero: 1n });
  const axes = build.ints(Array.from({ length: rank }, (_, axis) => 2 * axis));
  return [rank === 0 ? g : build.op("ReduceSum", [split, axes], { keepdims: 0n })];
};

function column(c: GradientContext, vector: Value): Value {
  return c.build.op("Unsqueeze", [vector, c.build.ints([1])]);
}

const trilu: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const k = c.node.input(1);
  const upper = BigInt(c.node.int("upper", 1));
  return [c.build.op("Trilu", k === undefined ? [g] : [g, k], { upper })];
};

/** SpaceToDepth undoes the default mode; for mode CRD the channels have to be reordered too. */
const depthToSpace: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build } = c;
  const block = c.node.int("blocksize", 1);
  const x = c.input(0);
  if (c.node.string("mode", "DCR") === "DCR")
    return [build.op("SpaceToDepth", [g], { blocksize: BigInt(block) })];
  const channels = c.facts.shape(x)?.[1];
  if (typeof channels !== "number") {
    // onnxruntime has no kernel for integers here; float64 holds them exactly.
    const move = (indices: Value): Value => {
      const moved = build.op(
        "DepthToSpace",
        [build.op("Cast", [indices], { to: 11n })],
        Object.fromEntries(c.node.attributes),
      );
      return build.op("Cast", [moved], { to: 7n });
    };
    return [scatterByIndex(c, g, x, move)];
  }
  const blocks = build.op("SpaceToDepth", [g], { blocksize: BigInt(block) });
  const parts = build.op("Reshape", [blocks, build.ints([0, block ** 2, channels / block ** 2, -1])]);
  const swapped = build.op("Transpose", [parts], { perm: [0, 2, 1, 3] });
  return [reshapeLike(c, swapped, x)];
};

const spaceToDepth: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  return [c.build.op("DepthToSpace", [g], { blocksize: BigInt(c.node.int("blocksize", 1)) })];
};

/** Reversing the same parts again restores the order. */
const reverseSequence: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  return [c.build.op("ReverseSequence", [g, c.input(1)], Object.fromEntries(c.node.attributes))];
};

/** Operators that choose, repeat and rearrange elements. */
export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  CenterCropPad: missing("it could work as Slice and Pad do"),
  Col2Im: missing("its gradient would cut out the blocks"),
  Compress: copying,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonZero: opaque("it gives indices"),
  OneHot: oneHot,
  Pad: pad,
  ReverseSequence: reverseSequence,
  Scatter: missing("raising to opset 18 makes it a ScatterElements, which has a gradient"),
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  TensorScatter: missing("it could work as ScatterND does"),
  Tile: tile,
  Transpose: transpose,
  Trilu: trilu,
  Unique: opaque("it compares elements"),
};
