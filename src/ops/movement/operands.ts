import type { Node } from "../../ir/graph.js";
import type { FacetTable } from "../../rules/facet.js";
import { unevenParts } from "../../rules/operands/parts.js";
import {
  ANY_VALUES,
  always,
  type Demand,
  exactly,
  firstAxes,
  indices,
  integersIn,
  type OperandContext,
  type OperandRule,
  type OperandRules,
  placesAlong,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The declared sizes; otherwise 2, 3, ... */
const cropped: OperandRule = (at) => {
  const declared = at.declared(0);
  if (at.count === undefined || declared?.length === at.count) return exactly(declared);
  return exactly(Array.from({ length: at.count }, (_, axis) => axis + 2));
};

/** The sizes behind batch and channels of the declared image. */
const image: OperandRule = (at) => exactly(at.declared(0)?.slice(2));

/** Sizes of a block that the columns of the data hold, and that fit into the image as often as the data has columns. */
const block: OperandRule = (at) => {
  const [data, whole] = [at.dims(0), at.declared(0)];
  const [channels, ...sizes] = whole?.slice(1) ?? [];
  const [rows, columns] = data?.slice(1) ?? [];
  if (channels === undefined || rows === undefined || columns === undefined) return undefined;
  return exactly(blockOf(at.node, sizes, rows / channels, columns));
};

/** `rows` is the product of the block's sizes, `columns` that of the places on each axis. The axes from `axis` on. */
function blockOf(
  node: Node,
  image: readonly number[],
  rows: number,
  columns: number,
  axis = 0,
): readonly number[] | undefined {
  const length = image[axis];
  if (length === undefined) return rows === 1 && columns === 1 ? [] : undefined;
  const [pads, stride] = [node.ints("pads") ?? [], node.ints("strides")?.[axis] ?? 1];
  const padded = length + (pads[axis] ?? 0) + (pads[axis + image.length] ?? 0);
  for (let size = 1; size <= rows; size++) {
    const reach = (node.ints("dilations")?.[axis] ?? 1) * (size - 1) + 1;
    const places = Math.floor((padded - reach) / stride) + 1;
    if (rows % size !== 0 || places < 1 || columns % places !== 0) continue;
    const others = blockOf(node, image, rows / size, columns / places, axis + 1);
    if (others !== undefined) return [size, ...others];
  }
  return undefined;
}

/** The declared sizes; otherwise those of the data, axes of size 1 stretched, and new ones in front. */
const expanded: OperandRule = (at) => {
  const [from, to] = [at.dims(0), at.declared(0)];
  if (at.count === undefined || from === undefined) return undefined;
  if (to?.length === at.count) return exactly(to);
  const missing = at.count - from.length;
  const sizes = Array.from({ length: at.count }, (_, axis) => from[axis - missing] ?? 1);
  return exactly(sizes.map((size, axis) => (size === 1 ? axis + 2 : size)));
};

/** Tuples of indices on the last axis, into the axes of the data from `first` on. */
function tuples(at: OperandContext, first: number): Demand {
  const [data, width] = [at.dims(0), at.dims(1)?.at(-1)];
  return indices(
    data === undefined || width === undefined ? undefined : Math.min(...data.slice(first, first + width)),
  );
}

/** The length of the new axis, as declared. */
const depth: OperandRule = (at) => exactly([at.declared(0)?.at(at.node.int("axis", -1)) ?? 5]);

/** The places along the new axis. */
const hot: OperandRule = (at) => indices(at.numbers(1)?.[0]);

/** The number of elements to reverse, of those along the time axis. */
const reversed: OperandRule = (at) => {
  const size = at.dims(0)?.[at.node.int("time_axis", 0)];
  return { kind: "range", low: 1, high: (size ?? 1) + 1, whole: true };
};

/** The ends of the slice: the declared sizes, or all but the last place. */
const ends: OperandRule = (at) => {
  const [from, to] = [at.dims(0), at.declared(0)];
  if (from === undefined || at.count === undefined) return undefined;
  const axes = at.numbers(3) ?? from.map((_, axis) => axis);
  return exactly(
    Array.from({ length: at.count }, (_, i) => {
      const axis = axes[i] ?? i;
      return (to?.length === from.length ? to.at(axis) : from.at(axis)) ?? 1;
    }),
  );
};

/** The lengths of the parts: the declared ones, or uneven ones that fill the axis. */
const parts: OperandRule = (at) => {
  const axis = at.node.int("axis", 0);
  const size = at.dims(0)?.at(axis);
  if (size === undefined || at.count === undefined) return undefined;
  const declared = Array.from({ length: at.count }, (_, part) => at.declared(part)?.at(axis));
  const known = declared.filter((length) => length !== undefined);
  const isWhole = known.length === at.count && known.reduce((sum, length) => sum + length, 0) === size;
  return exactly(isWhole ? known : unevenParts(size, at.count));
};

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  CenterCropPad: { 1: cropped },
  Col2Im: { 1: image, 2: block },
  Compress: ANY_VALUES,
  Concat: ANY_VALUES,
  DepthToSpace: ANY_VALUES,
  Expand: { 1: expanded },
  Gather: { 1: placesAlong(0) },
  GatherElements: { 1: placesAlong(0) },
  GatherND: { 1: (at) => tuples(at, at.node.int("batch_dims", 0)) },
  NonZero: ANY_VALUES,
  OneHot: { 0: hot, 1: depth },
  Pad: { 1: integersIn(0, 2), 3: firstAxes },
  ReverseSequence: { 1: reversed },
  Scatter: { 1: placesAlong(0) },
  ScatterElements: { 1: placesAlong(0) },
  ScatterND: { 1: (at) => tuples(at, 0) },
  Slice: { 1: always(0), 2: ends, 3: firstAxes, 4: always(1) },
  SpaceToDepth: ANY_VALUES,
  Split: { 1: parts },
  TensorScatter: { 2: always(0) },
  Tile: { 1: integersIn(1, 3) },
  Transpose: ANY_VALUES,
  Trilu: { 1: integersIn(-1, 2) },
  Unique: ANY_VALUES,
};
