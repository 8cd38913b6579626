import type { DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Facts } from "../rules/facts.js";

/** A reading so far: the values and numbers by name, and the nodes of the expression. */
export interface Found {
  readonly values: ReadonlyMap<string, Value>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly nodes: ReadonlySet<Node>;
}

/** The common state of all readings of one node. */
export interface Context {
  readonly facts: Facts;
  readonly root: Node;
  /** The element type of the result. */
  readonly dtype: DType | undefined;
  readonly opset: number;
}

export const NOTHING: Found = { values: new Map(), numbers: new Map(), nodes: new Set() };

/** The relative error of constants in spellings: exporters round them to the computation's type, or print seven digits. */
const CLOSENESS: Partial<Record<DType, number>> = { float: 1e-6, float16: 1.5e-3, double: 1e-14 };

export function near(actual: number | undefined, expected: number, { dtype }: Context): boolean {
  if (actual === undefined) return false;
  const tolerance = (dtype === undefined ? undefined : CLOSENESS[dtype]) ?? 0;
  return Math.abs(actual - expected) <= tolerance * Math.abs(expected);
}

export function withNumber(found: Found, name: string, number: number): Found {
  return { ...found, numbers: new Map(found.numbers).set(name, number) };
}

export function withNode(found: Found, node: Node): Found {
  return withNodes(found, [node]);
}

export function withNodes(found: Found, nodes: readonly Node[]): Found {
  return nodes.length === 0 ? found : { ...found, nodes: new Set([...found.nodes, ...nodes]) };
}

/** The node that computes the value, if it is an operator of this type in the root's graph. */
export function producerOf(
  value: Value,
  opType: StandardOperator,
  { root, facts }: Context,
): Node | undefined {
  const node = value.producer;
  if (node?.opType !== opType || !node.is(opType) || node.graph !== root.graph) return undefined;
  if (node.hasReferences || facts.isCall(node)) return undefined;
  return node.outputs.length === 1 ? node : undefined;
}
