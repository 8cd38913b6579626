import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";

/** The longest spelling of a function that exporters write. A longer match would run into the next function. */
const MOST_NODES = 12;

/** A function of single elements of one value, written in several operators. */
export interface PointwiseFunction {
  /** The result. */
  readonly output: Value;
  /** The operators. */
  readonly nodes: ReadonlySet<Node>;
}

/**
 * The shortest function of single elements of `input` that includes all its readers, such as Where(x > 20, x,
 * Softplus(x)). undefined where a reader of it, or of a result inside the function, does something else.
 */
export function pointwiseOf(input: Value): PointwiseFunction | undefined {
  const nodes = new Set<Node>();
  const inside = new Set([input]);
  for (;;) {
    const open = [...inside].filter((value) => !isReadWithin(value, nodes));
    const [output] = open;
    if (output === undefined) return undefined;
    if (open.length === 1 && output !== input) return { output, nodes };
    const next = open.flatMap((value) => value.users).find((node) => !nodes.has(node) && joins(node, inside));
    const result = next?.output(0);
    if (next === undefined || result === undefined || nodes.size === MOST_NODES) return undefined;
    nodes.add(next);
    inside.add(result);
  }
}

function isReadWithin(value: Value, nodes: ReadonlySet<Node>): boolean {
  return value.uses.size > 0 && [...value.uses].every((use) => use.kind === "node" && nodes.has(use.node));
}

/**
 * Whether the node computes one more value of the same sizes from values inside and from constants: single numbers, and
 * of PRelu a slope of any size, which never stretches its data.
 */
function joins(node: Node, inside: ReadonlySet<Value>): boolean {
  if (!hasTrait(node, "pointwise") || node.outputs.length !== 1) return false;
  return node.inputs.every((operand, index) => {
    if (operand === null || inside.has(operand)) return true;
    const constant = operand.graph === node.graph ? constantTensor(operand) : undefined;
    return constant?.size === 1 || (constant !== undefined && node.is("PRelu") && index === 1);
  });
}
