import type { Node } from "../ir/graph.js";
import type { Absorption, LiftedAffine } from "../rules/affine/facet.js";

/** One node that takes a map, or a part of it, into its constants. */
export interface Landing {
  readonly node: Node;
  readonly absorption: Absorption;
  /** Set if others read the node as it is: a copy of it takes the map, for this reader alone. */
  readonly copyFor?: Reader;
  /** The operators that the map passes on its way to the node. */
  readonly through?: readonly Node[];
}

/** One input of a node, which the map comes from. */
export interface Reader {
  readonly node: Node;
  readonly index: number;
  /** The map is that of the whole node, all of whose inputs are the same value. */
  readonly everyInput?: true;
}

/** The place where a node that is a map reads the value that it maps. */
export function readerOf({ node, inputIndex, everyInput }: LiftedAffine): Reader {
  return { node, index: inputIndex, ...(everyInput === undefined ? {} : { everyInput }) };
}
