import type { FacetTable } from "../../rules/facet.js";
import {
  ANY_VALUES,
  type Demand,
  exactly,
  indices,
  integersIn,
  numbersIn,
  type OperandContext,
  type OperandRule,
  type OperandRules,
} from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** N, C and the sizes of the grid, which the declared output has without C. */
const gridSize: OperandRule = (at) => {
  const batch = at.dims(0)?.[0];
  if (batch === undefined || at.count === undefined) return undefined;
  const places = at.declared(0)?.slice(1, -1);
  if (places?.length === at.count - 2) return exactly([batch, 2, ...places]);
  return exactly([batch, 2, ...Array.from({ length: at.count - 2 }, (_, axis) => axis + 3)]);
};

/** The axes that a resize names; all of them by default. */
function axesOf(at: OperandContext, rank: number): readonly number[] {
  const named = at.node.ints("axes")?.map((axis) => (axis < 0 ? axis + rank : axis));
  return named ?? Array.from({ length: rank }, (_, axis) => axis);
}

/** The factors that lead to the declared output; otherwise 2 for the axes behind the channels. */
const factors: OperandRule = (at) => {
  const isRegion = at.node.is("Resize") && at.opset > 10 && at.index === 1;
  if (isRegion) return regionOfInterest(at);
  const [from, to] = [at.dims(0), at.declared(0)];
  if (from === undefined || at.count === 0) return undefined;
  const scales = from.map((size, axis) => {
    const wanted = to?.length === from.length ? to[axis] : undefined;
    if (wanted === undefined || size === 0) return axis < 2 && from.length > 2 ? 1 : 2;
    // A quarter more than the size, because the runtime rounds the product down.
    return wanted === size ? 1 : (wanted + 0.25) / size;
  });
  return exactly(axesOf(at, from.length).map((axis) => scales[axis] ?? 1));
};

/** The middle of each axis: all starts, then all ends. */
function regionOfInterest({ count }: OperandContext): Demand | undefined {
  if (count === undefined) return undefined;
  return exactly(Array.from({ length: count }, (_, i) => (i < count / 2 ? 0.25 : 0.75)));
}

/** The declared sizes; otherwise twice as many places behind the channels. */
const sizes: OperandRule = (at) => {
  const [from, to] = [at.dims(0), at.declared(0)];
  if (from === undefined || at.count === 0) return undefined;
  const wanted =
    to?.length === from.length
      ? to
      : from.map((size, axis) => (axis < 2 && from.length > 2 ? size : 2 * size));
  return exactly(axesOf(at, from.length).map((axis) => wanted[axis] ?? 1));
};

/** Rows of a batch's index and four corners. */
const boxes: OperandRule = ({ count }) =>
  count === undefined
    ? undefined
    : exactly(Array.from({ length: count }, (_, i) => [0, 1, 1, 5, 6][i % 5] ?? 0));

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  AffineGrid: { 1: gridSize },
  GridSample: { 1: numbersIn(-1.1, 1.1) },
  ImageDecoder: ANY_VALUES,
  MaxRoiPool: { 1: boxes },
  NonMaxSuppression: { 2: integersIn(1, 4), 3: numbersIn(0.3, 0.7), 4: numbersIn(-1, 0) },
  Resize: { 1: factors, 2: factors, 3: sizes },
  RoiAlign: { 2: (at) => indices(at.dims(0)?.[0]) },
  Upsample: { 1: factors },
};
