import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";

/** The longest spelling of a function that exporters write. A longer match would run into the next function. */
const MOST_NODES = 12;

/** A function of single elements of one value, written in one operator or in several. */
export interface PointwiseFunction {
  /** The value that the function is of. */
  readonly input: Value;
  /** The result. */
  readonly output: Value;
  /** The operators. */
  readonly nodes: ReadonlySet<Node>;
}

/**
 * The shortest function of single elements that `part` belongs to and that includes every reader of its input that
 * `counts`, as far as their results meet, such as Where(x > 20, x, Softplus(x)) around Softplus(x). It is `part` itself
 * where no such reader meets the result of the part. Where another operator reads a result inside the function, its
 * output stays that of the part.
 */
export function pointwiseAround<Part extends PointwiseFunction>(
  part: Part,
  facts: Facts,
  counts: (node: Node) => boolean,
): Part {
  const nodes = new Set(part.nodes);
  const inside = new Set([part.input, part.output]);
  for (const node of nodes) for (const value of node.outputs) if (value !== null) inside.add(value);
  let whole = part;
  let isPending = false;
  for (;;) {
    const open = [...inside].filter((value) => value !== part.input && !isReadWithin(value, nodes));
    const [output] = open;
    if (output !== undefined && open.length === 1 && isPending) {
      whole = { ...part, output, nodes: new Set(nodes) };
      isPending = false;
    }
    const joined = firstJoined(open, nodes, inside, facts);
    if (joined === undefined || nodes.size + joined.length > MOST_NODES)
      return isPending ? { ...whole, nodes } : whole;
    for (const node of joined) {
      nodes.add(node);
      for (const value of node.outputs) if (value !== null) inside.add(value);
      if (node.inputs.includes(part.input) && counts(node)) isPending = true;
    }
  }
}

function isReadWithin(value: Value, nodes: ReadonlySet<Node>): boolean {
  return value.uses.size > 0 && [...value.uses].every((use) => use.kind === "node" && nodes.has(use.node));
}

/** The first reader of an open value that joins the function, behind the operators that its other operands need. */
function firstJoined(
  open: readonly Value[],
  nodes: ReadonlySet<Node>,
  inside: ReadonlySet<Value>,
  facts: Facts,
): readonly Node[] | undefined {
  const known = new Map<Node, boolean>();
  for (const reader of open.flatMap((value) => value.users)) {
    if (nodes.has(reader)) continue;
    const joined: Node[] = [];
    if (joins(reader, { joined, known, inside, facts })) return joined;
  }
  return undefined;
}

/** A search for operators that join a function. */
interface Joining {
  /** The operators found, each behind those that it needs. */
  readonly joined: Node[];
  /** Whether an operator joins, by operator. */
  readonly known: Map<Node, boolean>;
  /** The values of the function so far. */
  readonly inside: ReadonlySet<Value>;
  readonly facts: Facts;
}

/**
 * Whether the node computes one more value of the same sizes from values inside, from operators that do so too, and from
 * constants: single numbers, and of PRelu a slope of any size, which never stretches its data.
 */
function joins(node: Node, joining: Joining, depth = 0): boolean {
  const { joined, known, inside, facts } = joining;
  const before = known.get(node);
  if (before !== undefined) return before;
  if (depth > MOST_NODES) return false;
  const isPointwise = hasTrait(node, "pointwise") && node.outputs.length === 1 && !facts.isCall(node);
  const fits =
    isPointwise &&
    node.inputs.every((operand, index) => {
      if (operand === null || inside.has(operand)) return true;
      const constant = operand.graph === node.graph ? constantTensor(operand) : undefined;
      if (constant !== undefined) return constant.size === 1 || (node.is("PRelu") && index === 1);
      return operand.producer !== undefined && joins(operand.producer, joining, depth + 1);
    });
  known.set(node, fits);
  if (fits) joined.push(node);
  return fits;
}
