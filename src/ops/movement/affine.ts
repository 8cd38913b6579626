import { carryThroughView } from "../../affine/carry.js";
import {
  type ChannelAffine,
  channelCount,
  expandChannels,
  isScaleOnly,
} from "../../affine/channel-affine.js";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.js";
import type { Node, Value } from "../../ir/graph.js";
import type { AffineFacets, Passage, PlacedMap } from "../affine-facet.js";
import { sameDim } from "../dims.js";
import type { Facts } from "../facts.js";
import { through } from "../placement.js";

/** Reshape, Flatten, Squeeze, Unsqueeze: the same elements in the same order under other sizes. */
export const VIEW: AffineFacets = {
  passUp: (node, placed, facts) => {
    const carried = carry(node.output(0), node.input(0), placed, facts);
    return isRefusal(carried) ? carried : through(carried);
  },
  passDown: (node, index, placed, facts) =>
    index === 0
      ? carry(node.input(0), node.output(0), placed, facts)
      : refuse(`it is the shape of ${node.opType}`),
};

/**
 * Leading sizes that are equal on both sides keep their indices, and so do trailing ones, whatever lies between; an axis in
 * between is followed index by index, for which the sizes there must be numbers.
 */
function carry(
  from: Value | undefined,
  to: Value | undefined,
  placed: PlacedMap,
  facts: Facts,
): PlacedMap | Refusal {
  const { axis, map } = placed;
  if (axis === undefined) return placed;
  const [a, b] = [from && facts.shape(from), to && facts.shape(to)];
  if (a === undefined || b === undefined) return refuse("a shape is not known");
  const shorter = Math.min(a.length, b.length);
  let leading = 0;
  while (leading < shorter && sameDim(a[leading], b[leading])) leading++;
  if (axis < leading) return placed;
  let trailing = 0;
  while (trailing < shorter - leading && sameDim(a.at(-1 - trailing), b.at(-1 - trailing))) trailing++;
  if (axis >= a.length - trailing) return { axis: axis + b.length - a.length, map };
  const middle = [a, b].map((shape) => shape.slice(leading, shape.length - trailing));
  const [inside, outside] = middle.map((dims) => dims.filter((dim) => typeof dim === "number"));
  if (!inside || !outside || inside.length !== middle[0]?.length || outside.length !== middle[1]?.length) {
    return refuse(`axis ${axis} cannot be followed through sizes that are not numbers`);
  }
  const carried = carryThroughView(map, axis - leading, inside, outside);
  return carried === undefined
    ? refuse(`axis ${axis} runs along no single axis on the other side of it`)
    : { axis: carried.axis + leading, map: carried.map };
}

/** Transpose moves the axis with its permutation. */
export const TRANSPOSE: AffineFacets = {
  passUp: (node, placed, facts) => {
    const perm = permutation(node, facts);
    if (isRefusal(perm)) return perm;
    return through(
      placed.axis === undefined ? placed : { axis: perm[placed.axis] ?? placed.axis, map: placed.map },
    );
  },
  passDown: (node, _, placed, facts) => {
    const perm = permutation(node, facts);
    if (isRefusal(perm) || placed.axis === undefined) return isRefusal(perm) ? perm : placed;
    return { axis: perm.indexOf(placed.axis), map: placed.map };
  },
};

function permutation(node: Node, facts: Facts): readonly number[] | Refusal {
  const input = node.input(0);
  const rank = input === undefined ? undefined : facts.rank(input);
  if (rank === undefined) return refuse("the rank of Transpose's input is not known");
  const perm = node.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return perm.length === rank && new Set(perm).size === rank ? perm : refuse("its perm is no permutation");
}

/** Each part of a Concat along the channels takes its share of the map; along another axis all take the whole. */
export const CONCAT: AffineFacets = {
  passUp: (node, placed, facts) => {
    const parts = concatParts(node, placed.axis, facts);
    if (isRefusal(parts)) return parts;
    const way = new Map<number, PlacedMap>();
    for (const [index, { start, size }] of parts.entries()) {
      way.set(
        index,
        size === undefined ? placed : { axis: placed.axis, map: slice(placed.map, start, size) },
      );
    }
    return [way] satisfies readonly Passage[];
  },
  passDown: (node, index, placed, facts) => {
    const axis = placed.axis ?? concatAxis(node, facts);
    if (axis === undefined) return refuse("the axis of Concat is not known");
    const parts = concatParts(node, axis, facts);
    if (isRefusal(parts)) return parts;
    const own = parts[index];
    const total = parts.reduce((sum, { size }) => sum + (size ?? NaN), 0);
    if (own?.size === undefined || Number.isNaN(total))
      return refuse("the other parts of Concat are not mapped");
    const map = expandChannels(placed.map, own.size);
    if (map === undefined) return refuse(`its part of Concat has ${own.size} channels`);
    const scale = new Float64Array(total).fill(1);
    const shift = new Float64Array(total);
    scale.set(map.scale, own.start);
    shift.set(map.shift, own.start);
    return { axis, map: { scale, shift } };
  },
};

function concatAxis(node: Node, facts: Facts): number | undefined {
  const output = node.output(0);
  const rank = output === undefined ? undefined : facts.rank(output);
  const axis = node.int("axis", 1);
  return rank === undefined ? undefined : axis < 0 ? axis + rank : axis;
}

/** Where each part starts and how long it is along `axis`; no size when the parts lie along another axis. */
function concatParts(
  node: Node,
  axis: number | undefined,
  facts: Facts,
): readonly { readonly start: number; readonly size: number | undefined }[] | Refusal {
  const own = concatAxis(node, facts);
  if (own === undefined) return refuse("the rank of Concat's output is not known");
  const parts: { start: number; size: number | undefined }[] = [];
  let start = 0;
  for (const value of node.inputs) {
    const size = value === null ? undefined : facts.shape(value)?.[own];
    if (axis !== own) parts.push({ start, size: undefined });
    else if (typeof size !== "number") return refuse("the size of a part of Concat is not known");
    else {
      parts.push({ start, size });
      start += size;
    }
  }
  return parts;
}

function slice(map: ChannelAffine, start: number, size: number): ChannelAffine {
  if (channelCount(map) === 1) return map;
  return { scale: map.scale.slice(start, start + size), shift: map.shift.slice(start, start + size) };
}

/** Slice leaves maps of the axes that it does not cut. */
export const SLICE: AffineFacets = sameAxis((node, axis, facts) => {
  const axes = node.input(3) === undefined ? node.ints("axes") : numbersOf(node.input(3), facts);
  const rank = rankOf(node.input(0), facts);
  if (node.input(3) !== undefined && axes === undefined) return refuse("the axes of Slice are not known");
  const starts = node.ints("starts") ?? numbersOf(node.input(1), facts);
  const cut = axes ?? starts?.map((_, i) => i);
  if (cut === undefined || rank === undefined) return refuse("the axes of Slice are not known");
  return cut.some((at) => (at < 0 ? at + rank : at) === axis)
    ? refuse("Slice cuts the map's axis")
    : undefined;
});

/**
 * Pad by reflection or by the edge repeats elements of a channel. A constant border must be the same before and after the
 * map, which a border of zero is under a scale.
 */
export const PAD: AffineFacets = sameAxis((node, axis, facts, { map }) => {
  const pads = node.ints("pads") ?? node.ints("paddings") ?? numbersOf(node.input(1), facts);
  const rank = rankOf(node.input(0), facts);
  if (pads === undefined || rank === undefined || node.input(3) !== undefined || pads.length !== 2 * rank) {
    return refuse("the pads are not known for all axes");
  }
  if (axis !== undefined && (pads[axis] !== 0 || pads[axis + rank] !== 0))
    return refuse("Pad widens the map's axis");
  if (node.string("mode", "constant") !== "constant") return undefined;
  const border = node.input(2) === undefined ? node.float("value", 0) : numbersOf(node.input(2), facts)?.[0];
  return border === 0 && isScaleOnly(map) ? undefined : refuse("the border of Pad would change with the map");
});

/** Gather picks whole slices of the other axes. */
export const GATHER: AffineFacets = {
  passUp: (node, placed, facts) => {
    const axes = gatherAxes(node, facts);
    if (isRefusal(axes)) return axes;
    if (placed.axis === undefined) return through(placed);
    const { axis, indices } = axes;
    if (placed.axis >= axis && placed.axis < axis + indices)
      return refuse("Gather picks along the map's axis");
    return through({ axis: placed.axis < axis ? placed.axis : placed.axis - indices + 1, map: placed.map });
  },
  passDown: (node, index, placed, facts) => {
    const axes = gatherAxes(node, facts);
    if (isRefusal(axes)) return axes;
    if (index !== 0) return refuse("it is the index of Gather");
    if (placed.axis === undefined) return placed;
    const { axis, indices } = axes;
    if (placed.axis === axis) return refuse("Gather picks along the map's axis");
    return { axis: placed.axis < axis ? placed.axis : placed.axis + indices - 1, map: placed.map };
  },
};

function gatherAxes(node: Node, facts: Facts): { readonly axis: number; readonly indices: number } | Refusal {
  const [rank, indices] = [rankOf(node.input(0), facts), rankOf(node.input(1), facts)];
  if (rank === undefined || indices === undefined) return refuse("a rank of Gather is not known");
  const axis = node.int("axis", 0);
  return { axis: axis < 0 ? axis + rank : axis, indices };
}

/** DepthToSpace spreads b * b channels of its input over each channel of its output. */
export const DEPTH_TO_SPACE: AffineFacets = {
  passUp: (node, placed) => {
    if (placed.axis === undefined) return through(placed);
    if (placed.axis !== 1) return refuse("DepthToSpace mixes the map's axis");
    return through({
      axis: 1,
      map: spread(placed.map, blockArea(node), node.string("mode", "DCR") === "CRD"),
    });
  },
};

/** SpaceToDepth is its inverse in DCR order. */
export const SPACE_TO_DEPTH: AffineFacets = {
  passDown: (node, _, placed) => {
    if (placed.axis === undefined) return placed;
    if (placed.axis !== 1) return refuse("SpaceToDepth mixes the map's axis");
    return { axis: 1, map: spread(placed.map, blockArea(node), false) };
  },
};

function blockArea(node: Node): number {
  return node.int("blocksize", 1) ** 2;
}

/** Each channel `copies` times: one after the other, or as whole repetitions of the map. */
function spread(map: ChannelAffine, copies: number, adjacent: boolean): ChannelAffine {
  const count = channelCount(map);
  const of = (values: Float64Array): Float64Array =>
    Float64Array.from(
      { length: count * copies },
      (_, i) => values[adjacent ? Math.floor(i / copies) : i % count] ?? NaN,
    );
  return { scale: of(map.scale), shift: of(map.shift) };
}

/** An operator through which an axis keeps its place, unless `blocked` says why not. */
export function sameAxis(
  blocked: (node: Node, axis: number | undefined, facts: Facts, placed: PlacedMap) => Refusal | undefined,
): AffineFacets {
  return {
    passUp: (node, placed, facts) => blocked(node, placed.axis, facts, placed) ?? through(placed),
    passDown: (node, index, placed, facts) =>
      index === 0
        ? (blocked(node, placed.axis, facts, placed) ?? placed)
        : refuse(`it is no data of ${node.opType}`),
  };
}

function rankOf(value: Value | undefined, facts: Facts): number | undefined {
  return value === undefined ? undefined : facts.rank(value);
}

function numbersOf(value: Value | undefined, facts: Facts): readonly number[] | undefined {
  return value === undefined ? undefined : facts.numbers(value);
}
