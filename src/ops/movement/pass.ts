import { type ChannelAffine, channelCount, expandChannels } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { AffineFacets, Passage, PlacedMap } from "../../rules/affine/facet.js";
import { through } from "../../rules/affine/placement.js";
import type { Facts } from "../../rules/facts.js";
import { type Permutation, permutationOf } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront, rankOf } from "../../rules/shapes.js";
import { mapsAreTooWide } from "./pass-width.js";
import { refusals } from "./refusals.js";

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

/** The order of a Transpose whose input has a known rank. */
function permutation(node: Node, facts: Facts): Permutation | Refusal {
  return rankOf(node.input(0), facts) === undefined
    ? shared.inputRankIsUnknown()
    : permutationOf(node, facts);
}

/** Each part of a Concat along the channels takes its share of the map. Along another axis each part takes the whole map. */
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
  passDown: (node, index, placed, facts) =>
    isWide(node, facts)
      ? refusals.mapOfOnePartIsTooWide(node.inputs.length)
      : joined(node, new Map([[index, placed]]), facts),
  joinDown: { isWide, join: joined },
};

/** Whether the maps of its parts, each of which is a map of all channels of the output, come to too much together. */
function isWide(node: Node, facts: Facts): boolean {
  const output = node.output(0);
  const axis = concatAxis(node, facts);
  const shape = output === undefined || axis === undefined ? undefined : facts.shape(output);
  return mapsAreTooWide(node.inputs.length, shape?.[axis ?? 0]);
}

/** The map of the output, along the axis of the Concat, where some inputs are mapped and the others are not. */
function joined(node: Node, maps: ReadonlyMap<number, PlacedMap>, facts: Facts): PlacedMap | Refusal {
  const own = concatAxis(node, facts);
  const parts = own === undefined ? shared.axisIsUnknown() : concatParts(node, own, facts);
  if (isRefusal(parts)) return parts;
  const total = parts.reduce((sum, { size }) => sum + (size ?? NaN), 0);
  const scale = new Float64Array(total).fill(1);
  const shift = new Float64Array(total);
  for (const [index, placed] of maps) {
    const part = parts[index];
    if (part?.size === undefined || (placed.axis ?? own) !== own) return refusals.otherPartsAreNotMapped();
    const map = expandChannels(placed.map, part.size);
    if (map === undefined) return refusals.partHasOtherChannels(part.size);
    scale.set(map.scale, part.start);
    shift.set(map.shift, part.start);
  }
  return { axis: own, map: { scale, shift } };
}

function concatAxis(node: Node, facts: Facts): number | undefined {
  const output = node.output(0);
  const rank = rankOf(output, facts);
  const axis = node.int("axis", 1);
  return rank === undefined ? undefined : fromFront(axis, rank);
}

/** Start and size of each part along `axis`; without a size where the parts are joined along another axis. */
function concatParts(
  node: Node,
  axis: number | undefined,
  facts: Facts,
): readonly { readonly start: number; readonly size: number | undefined }[] | Refusal {
  const own = concatAxis(node, facts);
  if (own === undefined) return shared.outputRankIsUnknown();
  const parts: { start: number; size: number | undefined }[] = [];
  let start = 0;
  for (const value of node.inputs) {
    const size = value === null ? undefined : facts.shape(value)?.[own];
    if (axis !== own) parts.push({ start, size: undefined });
    else if (typeof size !== "number") return refusals.partSizeIsUnknown();
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

/** DepthToSpace spreads b * b channels of its input over each channel of its output. */
export const DEPTH_TO_SPACE: AffineFacets = {
  passUp: (node, placed) => {
    if (placed.axis === undefined) return through(placed);
    if (placed.axis !== 1) return refusals.mapAxisIsMixed();
    return through({
      axis: 1,
      map: spread(placed.map, blockArea(node), isAdjacent(node)),
    });
  },
  passDown: (node, _, placed) => crossBlocks(node, placed, isAdjacent(node)),
};

function isAdjacent(node: Node): boolean {
  return node.string("mode", "DCR") === "CRD";
}

/** The map of channels that each hold b * b channels of `placed`, which have to agree. */
function crossBlocks(node: Node, placed: PlacedMap, adjacent: boolean): PlacedMap | Refusal {
  if (placed.axis === undefined) return placed;
  if (placed.axis !== 1) return refusals.mapAxisIsMixed();
  const map = gather(placed.map, blockArea(node), adjacent);
  return map === undefined ? refusals.joinedChannelsHaveOtherMaps() : { axis: 1, map };
}

/** The inverse of spread; undefined where the copies of a channel differ, or where there are too few for the last channel. */
function gather(map: ChannelAffine, copies: number, adjacent: boolean): ChannelAffine | undefined {
  const count = channelCount(map) / copies;
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: count }, (_, c) => values[adjacent ? c * copies : c] ?? NaN);
  const gathered = { scale: pick(map.scale), shift: pick(map.shift) };
  const back = spread(gathered, copies, adjacent);
  const same = map.scale.every((scale, c) => scale === back.scale[c] && map.shift[c] === back.shift[c]);
  return same ? gathered : undefined;
}

/** SpaceToDepth is its inverse in DCR order. */
export const SPACE_TO_DEPTH: AffineFacets = {
  passUp: (node, placed) => {
    const gathered = crossBlocks(node, placed, false);
    return isRefusal(gathered) ? gathered : through(gathered);
  },
  passDown: (node, _, placed) => {
    if (placed.axis === undefined) return placed;
    if (placed.axis !== 1) return refusals.mapAxisIsMixed();
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
