import type { ChannelAffine } from "../affine/channel-affine.js";
import type { Refusal } from "../base/refusal.js";
import type { AttributeInit } from "../ir/attribute.js";
import type { Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import type { Facts } from "./facts.js";

/** A node read as y = scale[c] * x + shift[c]. */
export interface LiftedAffine {
  readonly node: Node;
  /** x, and which input of the node it is. */
  readonly input: Value;
  readonly inputIndex: number;
  /** The axis that c runs along, counted from the front; undefined for the same scale and shift everywhere. */
  readonly axis: number | undefined;
  readonly map: ChannelAffine;
}

/** How an operator takes an affine map of its output into its own constants. */
export interface Absorption {
  /** Another operator type that it becomes, for instance MatMul -> Gemm; undefined when it stays what it is. */
  readonly opType?: string;
  /** New constants by input index. */
  readonly constants: ReadonlyMap<number, Tensor>;
  /** Attributes to set; undefined removes one. */
  readonly attributes?: Readonly<Record<string, AttributeInit | undefined>>;
  /** What it could not take: a constant, in broadcastable form, that an Add after it still has to add. */
  readonly remainder?: Tensor;
}

export type LiftAffine = (node: Node, facts: Facts) => LiftedAffine | Refusal | undefined;
export type AbsorbAffine = (producer: Node, lifted: LiftedAffine, facts: Facts) => Absorption | Refusal;
