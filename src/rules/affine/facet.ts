import type { ChannelAffine } from "../../affine/channel-affine.js";
import type { Refusal } from "../../base/refusal.js";
import type { AttributeInit } from "../../ir/attribute.js";
import type { Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import type { Tensor } from "../../ir/tensor.js";
import type { Facts } from "../facts.js";

/** A map of a tensor: the axis that its channels run along, counted from the front; undefined for one that is uniform. */
export interface PlacedMap {
  /** The axis of the channels; undefined for a map that is the same everywhere. */
  readonly axis: number | undefined;
  /** A scale and a shift for each channel. */
  readonly map: ChannelAffine;
}

/** A node read as y = scale[c] * x + shift[c]. */
export interface LiftedAffine extends PlacedMap {
  /** The node that is the map. */
  readonly node: Node;
  /** x, and which input of the node it is. */
  readonly input: Value;
  /** The index of x among its inputs. */
  readonly inputIndex: number;
}

/** How an operator takes an affine map of its output, or of an input, into its own constants. */
export interface Absorption {
  /** Another operator type that it becomes, as a MatMul becomes a Gemm; undefined when it stays as it is. */
  readonly opType?: StandardOperator;
  /** New constants by input index. */
  readonly constants: ReadonlyMap<number, Tensor>;
  /** Inputs that are computed, and the maps that what computes them has to take. */
  readonly operands?: ReadonlyMap<number, PlacedMap>;
  /** Attributes to set; undefined removes one. */
  readonly attributes?: Readonly<Record<string, AttributeInit | undefined>>;
  /** What it could not take: a constant, in broadcastable form, that an Add after it still has to add. */
  readonly remainder?: Tensor;
}

/** Inputs, by index, that take a map each, so that the output is mapped as wanted. All others stay as they are. */
export type Passage = ReadonlyMap<number, PlacedMap>;

export type LiftAffine = (node: Node, facts: Facts) => LiftedAffine | Refusal | undefined;

/** How the node takes a map of its output into its constants. */
export type AbsorbUp = (node: Node, placed: PlacedMap, facts: Facts) => Absorption | Refusal;

/** How a map of the node's output becomes maps of its inputs: the ways to try, best first. */
export type PassUp = (
  node: Node,
  placed: PlacedMap,
  facts: Facts,
  output: number,
) => readonly Passage[] | Refusal;

/** How the node takes a map of its input `index` into its constants. */
export type AbsorbDown = (node: Node, index: number, placed: PlacedMap, facts: Facts) => Absorption | Refusal;

/** The map of an output that a map of input `index` becomes. */
export type PassDown = (
  node: Node,
  index: number,
  placed: PlacedMap,
  facts: Facts,
  output: number,
) => PlacedMap | Refusal;

/** What an operator knows about affine maps. A facet that is missing means that it lets none through. */
export interface AffineFacets {
  readonly lift?: LiftAffine;
  readonly absorbUp?: AbsorbUp;
  readonly passUp?: PassUp;
  readonly absorbDown?: AbsorbDown;
  readonly passDown?: PassDown;
  /** Maps pass at every output, as at Split. Without it they pass at the first, and the others do not see them. */
  readonly everyOutput?: true;
}
