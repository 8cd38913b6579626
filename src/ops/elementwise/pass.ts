import { isScaleOnly } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import type { AffineFacets, Passage, PlacedMap } from "../../rules/affine/facet.js";
import {
  placeOperand,
  refuseNegativeScale,
  refuseShift,
  scaleOf,
  through,
} from "../../rules/affine/placement.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { refusals } from "./refusals.js";

/** f(s * x) = s * f(x) for s >= 0: Relu, LeakyRelu, Abs, PRelu with any slope. */
export const POSITIVELY_HOMOGENEOUS: AffineFacets = {
  passUp: (_, placed) => refuseNegativeScale(placed) ?? refuseShift(placed) ?? through(placed),
  passDown: (_, index, placed) => {
    if (index !== 0) return shared.valueIsNotItsData("slope");
    return refuseNegativeScale(placed) ?? refuseShift(placed) ?? placed;
  },
};

/** s * (a + b) + t = (s * a + t) + s * b. Downwards only a shift goes through: the other term is not scaled. */
export const SUM: AffineFacets = {
  passUp: (node, placed, facts) => {
    const rank = outputRank(node, facts);
    const shiftable = node.inputs.map((_, index) => index);
    const ways: Passage[] = [];
    let refusal: Refusal | undefined;
    for (const shifted of isScaleOnly(placed.map) ? shiftable.slice(0, 1) : shiftable) {
      const way = new Map<number, PlacedMap>();
      for (const [index, value] of node.inputs.entries()) {
        if (value === null) return shared.operandIsNotGiven();
        const part = index !== shifted ? scaleOf(placed) : subtracted(node, index) ? negated(placed) : placed;
        const own = placeOperand(value, rank, part, facts);
        if (isRefusal(own)) refusal = own;
        else way.set(index, own);
      }
      if (way.size === node.inputs.length) ways.push(way);
    }
    return ways.length > 0 ? ways : (refusal ?? refusals.operatorHasNoOperands());
  },
  passDown: (node, index, placed, facts) => {
    if (placed.map.scale.some((scale) => scale !== 1)) return refusals.scaleDoesNotPass();
    return widen(node, index, subtracted(node, index) ? negated(placed) : placed, facts);
  },
};

/** s * (a * b) = (s * a) * b: either factor takes a scale, the dividend too, the divisor not. */
export const PRODUCT: AffineFacets = {
  passUp: (node, placed, facts) => {
    const shift = refuseShift(placed);
    if (shift !== undefined) return shift;
    const rank = outputRank(node, facts);
    const ways: Passage[] = [];
    let refusal: Refusal = refusals.operatorHasNoOperands();
    for (const index of node.is("Div") ? [0] : [1, 0]) {
      const value = node.input(index);
      const own = value === undefined ? shared.operandIsNotGiven() : placeOperand(value, rank, placed, facts);
      if (isRefusal(own)) refusal = own;
      else ways.push(new Map([[index, own]]));
    }
    return ways.length > 0 ? ways : refusal;
  },
  passDown: (node, index, placed, facts) => {
    if (node.is("Div") && index === 1) return shared.valueIsNotItsData("divisor");
    return refuseShift(placed) ?? widen(node, index, placed, facts);
  },
};

/** Where(c, s * a + t, s * b + t) = s * Where(c, a, b) + t. */
export const CHOICE: AffineFacets = {
  passUp: (node, placed, facts) => {
    const rank = outputRank(node, facts);
    const way = new Map<number, PlacedMap>();
    for (const index of [1, 2]) {
      const value = node.input(index);
      const own = value === undefined ? shared.operandIsNotGiven() : placeOperand(value, rank, placed, facts);
      if (isRefusal(own)) return own;
      way.set(index, own);
    }
    return [way];
  },
};

/** Max(s * a + t, s * b + t) = s * Max(a, b) + t for s >= 0, and Min. */
export const EXTREMUM: AffineFacets = {
  passUp: (node, placed, facts) => {
    const rank = outputRank(node, facts);
    const way = new Map<number, PlacedMap>();
    for (const [index, value] of node.inputs.entries()) {
      if (value === null) return shared.operandIsNotGiven();
      const own = placeOperand(value, rank, placed, facts);
      if (isRefusal(own)) return own;
      way.set(index, own);
    }
    return refuseNegativeScale(placed) ?? [way];
  },
};

/** s * -x + t = -(s * x - t). */
export const NEGATION: AffineFacets = {
  passUp: (_, placed) => through(negated(placed)),
  passDown: (_, __, placed) => negated(placed),
};

/**
 * Cast between floating-point types. The map goes to the side of the wider type only, where it is computed as precisely as
 * before and overflows no sooner.
 */
export const CAST: AffineFacets = {
  passUp: (node, placed, facts) => {
    const [input, output] = castTypes(node, facts);
    if (input === undefined || output === undefined) return refusals.castIsNotBetweenFloats();
    return input === output || WIDER[output].has(input)
      ? through(placed)
      : refusals.castWouldLosePrecision(input, output);
  },
  passDown: (node, _, placed, facts) => {
    const [input, output] = castTypes(node, facts);
    if (input === undefined || output === undefined) return refusals.castIsNotBetweenFloats();
    return input === output || WIDER[input].has(output)
      ? placed
      : refusals.castWouldLosePrecision(output, input);
  },
};

/** The wider types of each type, which hold all of its values. */
const WIDER: Readonly<Record<FloatDType, ReadonlySet<FloatDType>>> = {
  float16: new Set(["float", "double"]),
  bfloat16: new Set(["float", "double"]),
  float: new Set(["double"]),
  double: new Set(),
};

function castTypes(node: Node, facts: Facts): readonly (FloatDType | undefined)[] {
  return [node.input(0), node.output(0)].map((value) => {
    const dtype = value && facts.dtype(value);
    return dtype !== undefined && isFloat(dtype) ? dtype : undefined;
  });
}

function subtracted(node: Node, index: number): boolean {
  return node.is("Sub") && index === 1;
}

/** s * x + t as s * x - t. */
function negated({ axis, map }: PlacedMap): PlacedMap {
  return { axis, map: { scale: map.scale, shift: map.shift.map((value) => -value) } };
}

function outputRank(node: Node, facts: Facts): number | undefined {
  const output = node.output(0);
  return rankOf(output, facts);
}

/** The map of an operand as a map of the broadcast result. */
function widen(node: Node, index: number, placed: PlacedMap, facts: Facts): PlacedMap | Refusal {
  const value = node.input(index);
  const rank = outputRank(node, facts);
  const own = rankOf(value, facts);
  if (placed.axis === undefined) return placed;
  if (rank === undefined || own === undefined) return shared.operandRanksAreUnknown();
  return { axis: placed.axis + rank - own, map: placed.map };
}
