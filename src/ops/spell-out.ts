import { type AttributeInit, attribute } from "../ir/attribute.js";
import type { Node } from "../ir/graph.js";
import type { ChangedDefault } from "../rules/operator.js";
import { declarationOf } from "./catalogue.js";

/**
 * Writes the defaults of a node that passes spell out for other readers (OperatorRecord.spelledOut) and that it leaves out.
 * Without an `opset`, those that an opset has changed are left out.
 */
export function spellOut(node: Node, opset: number | undefined): void {
  for (const [name, given] of Object.entries(declarationOf(node)?.spelledOut ?? {})) {
    const init = isChanged(given) ? defaultAt(given, opset) : given;
    if (init !== null && node.attribute(name) === undefined) node.set(attribute(name, init));
  }
}

function isChanged(given: AttributeInit | ChangedDefault | null): given is ChangedDefault {
  return typeof given === "object" && given !== null && "byOpset" in given;
}

function defaultAt({ byOpset }: ChangedDefault, opset: number | undefined): AttributeInit | null {
  if (opset === undefined) return null;
  const known = Object.entries(byOpset).filter(([since]) => Number(since) <= opset);
  return known.at(-1)?.[1] ?? null;
}
