import { type ChannelAffine, channelCount, expandChannels } from "../../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node, Value } from "../../ir/graph.js";
import type { AffineFacets, Passage, PlacedMap } from "../../rules/affine/facet.js";
import { placeOperand, refuseShift, through } from "../../rules/affine/placement.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { fromFront, rankOf } from "../../rules/shapes.js";
import { mapsAreTooWide } from "./pass-width.js";
import { refusals } from "./refusals.js";

/**
 * An operator that copies slices: each slice of its output along an axis is a slice of its input. `picked` lists them for the
 * axes that the operator changes.
 */
interface Selection {
  /** The axis of the output for an axis of the input, and back; undefined where the output has no such axis. */
  readonly down: (axis: number) => number | undefined;
  readonly up: (axis: number) => number;
  /** The indices that it picks, by axis of the input; undefined where they are not known. */
  readonly picked: ReadonlyMap<number, readonly number[] | undefined>;
}

function selects(read: (node: Node, facts: Facts, output: number) => Selection | Refusal): AffineFacets {
  return {
    passUp: (node, placed, facts, output) => {
      const alone = node.outputs.length === 1;
      if (placed.axis === undefined) {
        const selection = isShared(node, facts) ? undefined : read(node, facts, output);
        const parts =
          selection === undefined || isRefusal(selection)
            ? []
            : pickedParts(node, selection, placed.map, facts);
        return alone ? [...through(placed), ...parts] : parts;
      }
      if (!alone && isShared(node, facts)) return refusals.mapOfOnePartIsTooWide(partsBeside(node));
      const selection = read(node, facts, output);
      if (isRefusal(selection)) return selection;
      const axis = selection.up(placed.axis);
      if (!selection.picked.has(axis)) {
        return alone ? through({ axis, map: placed.map }) : refusals.otherOutputsWouldBeMapped();
      }
      const picked = selection.picked.get(axis);
      const size = sizeOf(node.input(0), axis, facts);
      if (picked === undefined || size === undefined) return refusals.selectionIsUnknown();
      if (isShared(node, facts)) return refusals.mapOfOnePartIsTooWide(partsBeside(node));
      const map = scatter(placed.map, picked, size);
      return map === undefined ? refusals.channelIsPickedTwice() : through({ axis, map });
    },
    passDown: (node, index, placed, facts, output) => {
      if (index !== 0) return shared.valueIsNotItsData(`input ${index}`);
      if (placed.axis === undefined) return placed;
      const selection = read(node, facts, output);
      if (isRefusal(selection)) return selection;
      const axis = selection.down(placed.axis);
      if (!selection.picked.has(placed.axis)) return { axis, map: placed.map };
      const picked = selection.picked.get(placed.axis);
      if (picked === undefined) return refusals.selectionIsUnknown();
      return { axis, map: pickFrom(placed.map, picked) };
    },
  };
}

/** The parts that are picked from the same tensor. */
function partsBeside(node: Node): number {
  return Math.max(node.outputs.length, node.input(0)?.uses.size ?? 0);
}

/** Whether the maps of all of these, each of which is a map of all channels of the tensor, come to too much. */
function isShared(node: Node, facts: Facts): boolean {
  const tensor = node.input(0);
  const sizes = (tensor && facts.shape(tensor)) ?? [];
  return sizes.some((size) => mapsAreTooWide(partsBeside(node), size));
}

/** A uniform map, limited to the picked elements, because others may read the rest. */
function pickedParts(node: Node, { picked }: Selection, map: ChannelAffine, facts: Facts): Passage[] {
  return [...picked].flatMap(([axis, positions]) => {
    const size = sizeOf(node.input(0), axis, facts);
    if (positions === undefined || size === undefined) return [];
    const all = expandChannels(map, positions.length);
    const part = all && scatter(all, positions, size);
    return part === undefined ? [] : through({ axis, map: part });
  });
}

/** The map of the input that gives the picked channels `map` and leaves the others as they are. */
function scatter(map: ChannelAffine, picked: readonly number[], size: number): ChannelAffine | undefined {
  if (channelCount(map) !== picked.length) return undefined;
  const scale = new Float64Array(size).fill(1);
  const shift = new Float64Array(size);
  const seen = new Set<number>();
  for (const [at, channel] of picked.entries()) {
    const [s, t] = [map.scale[at] ?? NaN, map.shift[at] ?? NaN];
    if (seen.has(channel) && (scale[channel] !== s || shift[channel] !== t)) return undefined;
    seen.add(channel);
    scale[channel] = s;
    shift[channel] = t;
  }
  return { scale, shift };
}

function pickFrom(map: ChannelAffine, picked: readonly number[]): ChannelAffine {
  return {
    scale: Float64Array.from(picked, (channel) => map.scale[channel] ?? NaN),
    shift: Float64Array.from(picked, (channel) => map.shift[channel] ?? NaN),
  };
}

/** Slice keeps a map along an axis that it does not cut, and cuts a map along another. */
export const SLICE: AffineFacets = selects((node, facts) => {
  const rank = rankOf(node.input(0), facts);
  const [starts, ends] = [boundsOf(node, "starts", 1, facts), boundsOf(node, "ends", 2, facts)];
  const count = starts?.length ?? ends?.length;
  const hasAxes = node.input(3) !== undefined || node.attribute("axes") !== undefined;
  const axes = hasAxes ? boundsOf(node, "axes", 3, facts) : Array.from({ length: count ?? 0 }, (_, i) => i);
  if (axes === undefined || rank === undefined || (!hasAxes && count === undefined)) {
    return shared.parameterIsUnknown("axes");
  }
  const steps = node.input(4) === undefined ? axes.map(() => 1) : numbersOf(node.input(4), facts);
  const picked = new Map<number, readonly number[] | undefined>();
  for (const [i, given] of axes.entries()) {
    const axis = fromFront(given, rank);
    const size = sizeOf(node.input(0), axis, facts);
    const [start, end, step] = [starts?.[i], ends?.[i], steps?.[i]];
    const known = size !== undefined && start !== undefined && end !== undefined && step !== undefined;
    picked.set(axis, known ? slicePositions(size, start, end, step) : undefined);
  }
  return { down: (axis) => axis, up: (axis) => axis, picked };
});

function slicePositions(
  size: number,
  start: number,
  end: number,
  step: number,
): readonly number[] | undefined {
  if (step === 0) return undefined;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (bound: number): number => Math.min(Math.max(fromFront(bound, size), low), high);
  const [from, to] = [clamp(start), clamp(end)];
  const positions: number[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) positions.push(at);
  return positions;
}

/** Gather picks along one axis, and keeps maps along the others. */
export const GATHER: AffineFacets = selects((node, facts) => {
  const [rank, indices] = [rankOf(node.input(0), facts), rankOf(node.input(1), facts)];
  if (rank === undefined || indices === undefined) return shared.operandRanksAreUnknown();
  const given = node.int("axis", 0);
  const axis = fromFront(given, rank);
  const size = sizeOf(node.input(0), axis, facts);
  const numbers = indices > 1 ? undefined : numbersOf(node.input(1), facts);
  const positions = size === undefined ? undefined : numbers?.map((at) => fromFront(at, size));
  return {
    down: (from) =>
      from < axis ? from : from === axis ? (indices === 1 ? axis : undefined) : from + indices - 1,
    up: (to) => (to < axis ? to : to < axis + indices ? axis : to - indices + 1),
    picked: new Map([[axis, positions]]),
  };
});

/** Split cuts one axis into its outputs. */
export const SPLIT: AffineFacets = {
  ...selects((node, facts, output) => {
    const rank = rankOf(node.input(0), facts);
    if (rank === undefined) return shared.inputRankIsUnknown();
    const given = node.int("axis", 0);
    const axis = fromFront(given, rank);
    const sizes = node.outputs.slice(0, output + 1).map((value) => sizeOf(value ?? undefined, axis, facts));
    const start = sizes.slice(0, -1).reduce<number>((sum, size) => sum + (size ?? NaN), 0);
    const size = sizes.at(-1);
    const known = size !== undefined && !Number.isNaN(start);
    const positions = known ? Array.from({ length: size }, (_, at) => start + at) : undefined;
    return { down: (from) => from, up: (to) => to, picked: new Map([[axis, positions]]) };
  }),
  everyOutput: true,
};

/** Tile repeats the channels of an axis as a whole. */
export const TILE: AffineFacets = selects((node, facts) => {
  const repeats = numbersOf(node.input(1), facts);
  if (repeats === undefined) return shared.parameterIsUnknown("repeats");
  const picked = new Map<number, readonly number[] | undefined>();
  for (const [axis, count] of repeats.entries()) {
    if (count === 1) continue;
    const size = sizeOf(node.input(0), axis, facts);
    const length = size === undefined ? 0 : size * count;
    picked.set(axis, size === undefined ? undefined : Array.from({ length }, (_, at) => at % size));
  }
  return { down: (axis) => axis, up: (axis) => axis, picked };
});

/** Expand repeats whole tensors along axes of size one and in front. */
export const EXPAND: AffineFacets = {
  passUp: (node, placed, facts) => {
    const [input, output] = [node.input(0), node.output(0)];
    if (input === undefined || output === undefined) return shared.inputIsMissing();
    const own = placeOperand(input, facts.rank(output), placed, facts);
    return isRefusal(own) ? own : through(own);
  },
  passDown: (node, index, placed, facts) => {
    if (index !== 0) return shared.valueIsNotItsData("shape");
    const [own, rank] = [rankOf(node.input(0), facts), rankOf(node.output(0), facts)];
    if (placed.axis === undefined) return placed;
    return own === undefined || rank === undefined
      ? shared.operandRanksAreUnknown()
      : { axis: placed.axis + rank - own, map: placed.map };
  },
};

/**
 * Reflecting, repeating the edge and wrapping around copy elements of a channel. A border of zeros stays the same under a
 * scale; another constant border takes a uniform map into its constant.
 */
export const PAD: AffineFacets = {
  passUp: (node, placed, facts) => {
    const border = crossPad(node, placed, facts);
    if (isRefusal(border)) return border;
    return border === "stays"
      ? through(placed)
      : [
          new Map([
            [0, placed],
            [2, placed],
          ]),
        ];
  },
  passDown: (node, index, placed, facts) => {
    if (index !== 0) return shared.valueIsNotItsData(`input ${index}`);
    const border = crossPad(node, placed, facts);
    if (isRefusal(border)) return border;
    return border === "stays" ? placed : refusals.borderWouldChange();
  },
};

/** "stays" where the map leaves the border as it is; "mapped" where its constant has to take the map. */
function crossPad(node: Node, placed: PlacedMap, facts: Facts): "stays" | "mapped" | Refusal {
  const rank = rankOf(node.input(0), facts);
  const { axis } = placed;
  if (axis !== undefined) {
    const pads = node.ints("pads") ?? node.ints("paddings") ?? numbersOf(node.input(1), facts);
    const all = Array.from({ length: rank ?? 0 }, (_, at) => at);
    const axes = node.input(3) === undefined ? all : numbersOf(node.input(3), facts);
    if (pads === undefined || rank === undefined || axes === undefined || pads.length !== 2 * axes.length) {
      return shared.parameterIsUnknown("pads");
    }
    const at = axes.findIndex((each) => fromFront(each, rank) === axis);
    if (at >= 0 && (pads[at] !== 0 || pads[at + axes.length] !== 0)) return refusals.padWidensMapAxis();
  }
  if (node.string("mode", "constant") !== "constant") return "stays";
  const given = node.input(2);
  const border = given === undefined ? node.float("value", 0) : numbersOf(given, facts)?.[0];
  if (border === 0 && refuseShift(placed) === undefined) return "stays";
  return axis === undefined && given !== undefined ? "mapped" : refusals.borderWouldChange();
}

function sizeOf(value: Value | undefined, axis: number, facts: Facts): number | undefined {
  const size = value === undefined ? undefined : facts.shape(value)?.[axis];
  return typeof size === "number" ? size : undefined;
}

/** A list that is an attribute in old opsets and an input since. */
function boundsOf(node: Node, name: string, index: number, facts: Facts): readonly number[] | undefined {
  return node.ints(name) ?? numbersOf(node.input(index), facts);
}

function numbersOf(value: Value | undefined, facts: Facts): readonly number[] | undefined {
  return value === undefined ? undefined : facts.numbers(value);
}
