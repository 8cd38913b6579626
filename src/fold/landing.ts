import type { Node } from "../ir/graph.js";
import type { Absorption } from "../rules/affine/facet.js";

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
}
