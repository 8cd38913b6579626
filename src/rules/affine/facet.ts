import type { ChannelAffine } from "../../affine/channel-affine.js";
import type { Refusal } from "../../base/refusal.js";
import type { AttributeInit } from "../../ir/attribute.js";
import type { Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import type { Tensor } from "../../ir/tensor.js";
import type { Facts } from "../facts.js";

/**
 * A map y = scale[c] * x + shift[c] of a tensor, and the axis that its channels c run along, counted from the front. A map
 * that is the same for all elements has no axis.
 */
export interface PlacedMap {
  /** The axis of the channels; undefined for a map that is the same everywhere. */
  readonly axis: number | undefined;
  /** A scale and a shift for each channel. */
  readonly map: ChannelAffine;
}

/** A node that is such a map of one of its inputs. */
export interface LiftedAffine extends PlacedMap {
  /** The node that is the map. */
  readonly node: Node;
  /** x, and which input of the node it is. */
  readonly input: Value;
  /** The index of x among its inputs. */
  readonly inputIndex: number;
  /** Every input of the node is x, as in x + x. */
  readonly everyInput?: true;
}

/** The change by which an operator takes an affine map of its output, or of an input, into its own constants. */
export interface Absorption {
  /** Another operator type that it becomes, as a MatMul becomes a Gemm; undefined when it stays as it is. */
  readonly opType?: StandardOperator;
  /** New constants by input index. */
  readonly constants: ReadonlyMap<number, Tensor>;
  /** Computed inputs by index, and the maps that their producers have to take. */
  readonly operands?: ReadonlyMap<number, PlacedMap>;
  /** Attributes to set; undefined removes one. */
  readonly attributes?: Readonly<Record<string, AttributeInit | undefined>>;
  /** The rest that it cannot take: a constant that broadcasts to the output, for an Add after it. */
  readonly remainder?: Tensor;
}

/** Inputs by index, each with the map that it has to take for the output to be mapped. The other inputs stay. */
export type Passage = ReadonlyMap<number, PlacedMap>;

/** Reads a node as an affine map. A refusal: the node resembles one but is none. Undefined: it does not resemble one. */
export type LiftAffine = (node: Node, facts: Facts) => LiftedAffine | Refusal | undefined;

/** Takes a map of the node's output into its constants. */
export type AbsorbUp = (node: Node, placed: PlacedMap, facts: Facts) => Absorption | Refusal;

/** Turns a map of the node's output into maps of its inputs: the ways to try, best first. */
export type PassUp = (
  node: Node,
  placed: PlacedMap,
  facts: Facts,
  output: number,
) => readonly Passage[] | Refusal;

/** Takes a map of input `index` into the node's constants. */
export type AbsorbDown = (node: Node, index: number, placed: PlacedMap, facts: Facts) => Absorption | Refusal;

/** Turns a map of input `index` into a map of an output. */
export type PassDown = (
  node: Node,
  index: number,
  placed: PlacedMap,
  facts: Facts,
  output: number,
) => PlacedMap | Refusal;

/** How an operator with very many inputs is passed: all maps at once, because each by itself would take too long. */
export interface JoinDown {
  /** Whether the node has so many. */
  readonly isWide: (node: Node, facts: Facts) => boolean;
  /** Turns maps of some inputs into the map of the first output. */
  readonly join: (node: Node, maps: ReadonlyMap<number, PlacedMap>, facts: Facts) => PlacedMap | Refusal;
}

/**
 * What an operator can do with affine maps. Up is against the flow of the data, from an output to the inputs; down is with
 * it. To absorb is to take the map into constants, to pass is to hand it on. An operator without a function does not do it.
 */
export interface AffineFacets {
  readonly lift?: LiftAffine;
  readonly absorbUp?: AbsorbUp;
  readonly passUp?: PassUp;
  readonly absorbDown?: AbsorbDown;
  readonly passDown?: PassDown;
  readonly joinDown?: JoinDown;
  /** Maps pass at every output, as at Split. Without it they pass at the first output, and the others do not depend on it. */
  readonly everyOutput?: true;
}
