import { graphsOf } from "../ir/attribute.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { attributeText } from "../text/print.js";
import type { Twins } from "./twins.js";

/**
 * Pairs the nodes of two graphs whose inputs and constants are paired already. The surest sign comes first: a node that
 * computes the same from the same; then names, which exporters number anew; then neighbours. After each weaker sign the surer ones
 * are looked for again, because it has paired more values.
 */
export function matchNodes(a: Graph, b: Graph, twins: Twins): void {
  const [first, second] = [nodesOf(a), nodesOf(b)];
  const find = finders(second, twins);
  const pass = (nodes: readonly Node[], ...signs: readonly ((node: Node) => Node | undefined)[]): void => {
    for (const node of nodes) {
      if (twins.nodeOf(node) !== undefined) continue;
      const twin = firstOf(signs, node);
      if (twin !== undefined) twins.pairNodes(node, twin);
    }
  };
  pass(first, find.computesSameUnderItsName);
  pass(first, find.computesSame);
  pass(first, find.computesSame, find.hasSameName, find.hasSameOutput);
  pass(first, find.computesSame, find.readsSame);
  pass([...first].reverse(), find.isReadBySame);
  pass(first, find.computesSame, find.readsSame);
}

/** The nodes that compute something: constants are matched by their content. */
export function nodesOf(graph: Graph): readonly Node[] {
  return [...graph.nodes()].filter((node) => !(node.is("Constant") && node.tensorAttribute("value")));
}

type Finder = (node: Node) => Node | undefined;

function firstOf(signs: readonly Finder[], node: Node): Node | undefined {
  for (const sign of signs) {
    const twin = sign(node);
    if (twin !== undefined) return twin;
  }
  return undefined;
}

type Sign =
  | "computesSameUnderItsName"
  | "computesSame"
  | "hasSameName"
  | "hasSameOutput"
  | "readsSame"
  | "isReadBySame";

/** How a node of the second graph is found that may be the one of the first. */
function finders(second: readonly Node[], twins: Twins): Readonly<Record<Sign, Finder>> {
  const byComputation = indexOf(second, (node) => computationOf(node, twins, "second"));
  const byOwnComputation = indexOf(second, (node) =>
    underItsName(computationOf(node, twins, "second"), node),
  );
  const byName = indexOf(second, (node) => node.name || undefined);
  const byOutput = indexOf(second, (node) => node.output(0)?.name);
  /** Where the candidates begin that are not taken: of 10,000 nodes that compute the same each finds the next. */
  const starts = new Map<readonly Node[], number>();
  const choose = (candidates: readonly Node[] | undefined, node: Node): Node | undefined => {
    if (candidates === undefined) return undefined;
    let start = starts.get(candidates) ?? 0;
    while (start < candidates.length && isTaken(candidates[start])) start++;
    starts.set(candidates, start);
    for (let index = start; index < candidates.length; index++) {
      const other = candidates[index];
      if (other !== undefined && !isTaken(other) && other.sharesOperator(node)) return other;
    }
    return undefined;
  };
  const isTaken = (node: Node | undefined): boolean => node === undefined || twins.isTaken(node);
  /** A name that occurs twice names nothing. */
  const only = (candidates: readonly Node[] | undefined, node: Node): Node | undefined =>
    candidates?.length === 1 ? choose(candidates, node) : undefined;
  const computesSame = (node: Node): Node | undefined => {
    const key = computationOf(node, twins, "first");
    return key === undefined ? undefined : choose(byComputation.get(key), node);
  };
  return {
    // Of several nodes that compute the same, each finds its own first.
    computesSameUnderItsName: (node) => {
      const key = underItsName(computationOf(node, twins, "first"), node);
      return key === undefined ? undefined : choose(byOwnComputation.get(key), node);
    },
    computesSame,
    hasSameName: (node) => (node.name ? only(byName.get(node.name), node) : undefined),
    hasSameOutput: (node) => only(byOutput.get(node.output(0)?.name ?? ""), node),
    readsSame: (node) => {
      for (const input of node.inputs) {
        const twin = input === null ? undefined : twins.valueOf(input);
        const found = twin === undefined || isShared(twin) ? undefined : choose(twin.users, node);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    isReadBySame: (node) => {
      for (const output of node.outputs) {
        for (const producer of output === null ? [] : producersThere(output, twins)) {
          const found = choose([producer], node);
          if (found !== undefined) return found;
        }
      }
      return undefined;
    },
  };
}

/** Readers of a value above which it says nothing about any of them. */
const MANY = 64;

/** A constant that several nodes read, or a value that many do, says nothing about any of them. */
function isShared(value: Value): boolean {
  const isConstant = value.producer === undefined && !value.isGraphInput;
  return value.uses.size > (isConstant ? 1 : MANY);
}

/** The nodes that give what the twins of the value's readers read in its place. */
function producersThere(value: Value, twins: Twins): readonly Node[] {
  return [...value.uses].flatMap((use) => {
    if (use.kind === "output") return twins.outputOf(use.graph, use.index)?.producer ?? [];
    if (use.kind === "pin") return [];
    return twins.nodeOf(use.node)?.input(use.index)?.producer ?? [];
  });
}

function indexOf(
  nodes: readonly Node[],
  keyOf: (node: Node) => string | undefined,
): ReadonlyMap<string, readonly Node[]> {
  const index = new Map<string, Node[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    if (key === undefined) continue;
    const others = index.get(key);
    if (others === undefined) index.set(key, [node]);
    else others.push(node);
  }
  return index;
}

function underItsName(computation: string | undefined, node: Node): string | undefined {
  return computation === undefined
    ? undefined
    : `${computation}\n${node.name || (node.output(0)?.name ?? "")}`;
}

/** Elements of a tensor attribute that the text of a computation shows. */
const MOST_ELEMENTS = 16;

/** What a node computes, and of what; undefined where it reads something that the other model has not. */
function computationOf(node: Node, twins: Twins, of: "first" | "second"): string | undefined {
  const inputs = node.inputs.map((value) => (value === null ? "" : twins.keyOf(value, of)));
  if (inputs.includes(undefined)) return undefined;
  const attributes = [...node.attributes.values()]
    .map((attr) => (graphsOf(attr).length > 0 ? attr.name : attributeText(attr, MOST_ELEMENTS, "")))
    .sort();
  return [node.opType, node.overload ?? "", ...inputs, ...attributes].join("\n");
}
