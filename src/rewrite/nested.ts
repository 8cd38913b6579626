import type { Node, Value } from "../ir/graph.js";

/** The node that computes an operand of `outer`, if its own operands can take its place there; undefined for others. */
export type NestedIn = (value: Value, index: number, outer: Node) => Node | undefined;

/** A node's operands with nested nodes replaced by their operands, and these nested nodes, outer ones first. */
export interface Flattened {
  readonly operands: readonly (Value | null)[];
  readonly gone: readonly Node[];
}

/** All levels at once: merging a chain of thousands one by one would copy its operands as often. */
export function flatten(node: Node, nestedIn: NestedIn): Flattened {
  const operands: (Value | null)[] = [];
  const gone: Node[] = [];
  const pending: { readonly value: Value | null; readonly index: number; readonly outer: Node }[] = [];
  const open = (outer: Node): void => {
    const values = outer.inputs.map((value, index) => ({ value, index, outer }));
    for (const entry of values.reverse()) pending.push(entry);
  };
  open(node);
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const { value, index, outer } = entry;
    const inner = value === null ? undefined : nestedIn(value, index, outer);
    if (inner === undefined) operands.push(value);
    else {
      gone.push(inner);
      open(inner);
    }
  }
  return { operands, gone };
}

/** Whether the node is nested in its only reader. */
export function isNested(node: Node, nestedIn: NestedIn): boolean {
  const output = node.output(0);
  const [use, ...others] = output?.uses ?? [];
  if (output === undefined || use?.kind !== "node" || others.length > 0) return false;
  return nestedIn(output, use.index, use.node) === node;
}

/** The nodes as a phrase for a summary. */
export function namesOf(nodes: readonly Node[]): string {
  const [first, second] = nodes;
  if (first === undefined || second === undefined) return first?.label ?? "nothing";
  return nodes.length === 2
    ? `${first.label} and ${second.label}`
    : `${first.label} and ${nodes.length - 1} more`;
}
