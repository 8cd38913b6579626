import { attribute } from "../ir/attribute.js";
import type { Node } from "../ir/graph.js";
import { declarationOf } from "./catalogue.js";

/** Writes the defaults of a node that passes spell out for other readers (OperatorRecord.spelledOut) and that it leaves out. */
export function spellOut(node: Node): void {
  for (const [name, init] of Object.entries(declarationOf(node)?.spelledOut ?? {})) {
    if (init !== null && node.attribute(name) === undefined) node.set(attribute(name, init));
  }
}
