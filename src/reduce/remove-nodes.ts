import { product } from "../base/integers.js";
import { byteLengthOf } from "../ir/dtype.js";
import type { Graph, Node, Use, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { type Tensor, tensorFromBytes } from "../ir/tensor.js";
import { staticShape, type ValueType } from "../ir/type.js";
import type { Knowledge } from "./knowledge.js";
import { twinsOf } from "./twins.js";

/** What the readers of a removed node read instead: inputs of the model, or the values of the recorded run as constants. */
export type StandIns = "inputs" | "recorded";

/** The largest constant of zeros that stands in for the output of a body. */
const MAX_ZEROS = 65_536;

/**
 * A copy of the model without some nodes of one of its graphs. Values that other nodes read become inputs or constants; values
 * that nothing reads any more become outputs, in a body they go. Undefined where that cannot be: a type is not known, a value is
 * pinned, nothing would be left.
 */
export function withoutNodes(
  model: Model,
  known: Knowledge,
  doomed: readonly Node[],
  standIns: StandIns,
): Model | undefined {
  const { copy, node: twinOf, value: twinValue } = twinsOf(model);
  const nodes = doomed.map(twinOf);
  const graph = nodes[0]?.graph;
  if (graph === undefined) return undefined;
  const removal: Removal = { copy, graph, gone: new Set(nodes), known, standIns };
  const freed = graph === copy.graph ? producedReads(doomed) : [];
  const named: [Value, string][] = [];
  for (const output of doomed.flatMap((node) => node.outputs)) {
    if (output === null) continue;
    const value = twinValue(output);
    const readers = remainingUses(value, removal);
    if (value.isPinned) return undefined;
    if (readers.length === 0) continue;
    const standIn = standInFor(output, readers, removal);
    if (standIn === undefined) return undefined;
    for (const use of readers) redirect(use, standIn);
    named.push([standIn, output.name]);
  }
  if (graph === copy.graph) graph.setOutputs(graph.outputs.filter((value) => !isGone(value, removal)));
  for (const node of nodes.toReversed()) graph.removeNode(node);
  for (const value of freed) giveOut(twinValue(value), known.type(value));
  if (graph.outputs.length === 0) return undefined;
  tidy(copy, graph);
  for (const [value, name] of named) if (!graph.scope.isTaken(name)) value.rename(name);
  return copy;
}

interface Removal {
  readonly copy: Model;
  /** The graph of the copy that nodes are removed from. */
  readonly graph: Graph;
  /** The nodes, in the copy. */
  readonly gone: ReadonlySet<Node>;
  readonly known: Knowledge;
  readonly standIns: StandIns;
}

function isGone({ producer }: Value, { gone }: Removal): boolean {
  return producer !== undefined && gone.has(producer);
}

/** The uses of a value that stay and need another one. An output of the model goes with its node. */
function remainingUses(value: Value, { copy, graph, gone }: Removal): Use[] {
  return [...value.uses].filter((use) => {
    if (use.kind === "pin") return false;
    if (use.kind === "node") return !isWithin(use.node, gone);
    return !isInBodyOf(use.graph, gone) && !(use.graph === graph && graph === copy.graph);
  });
}

function redirect(use: Use, value: Value): void {
  if (use.kind === "node") use.node.setInput(use.index, value);
  else if (use.kind === "output") use.graph.setOutput(use.index, value);
}

/** Makes a value that nothing reads any more an output, if its type can be declared. */
function giveOut(value: Value, type: ValueType | undefined): void {
  if (value.uses.size > 0 || type === undefined) return;
  value.info = { name: value.name, type };
  value.graph.addOutput(value);
}

/** The outputs of other nodes that the doomed nodes, or bodies in them, read, in their order. */
function producedReads(doomed: readonly Node[]): readonly Value[] {
  const all = new Set(doomed);
  const graph = doomed[0]?.graph;
  const found = new Set<Value>();
  const read = (value: Value | null): void => {
    if (value?.producer === undefined || value.graph !== graph || all.has(value.producer)) return;
    found.add(value);
  };
  const walk = (node: Node): void => {
    for (const value of node.inputs) read(value);
    for (const body of node.subgraphs) {
      for (const value of body.outputs) read(value);
      for (const inner of body.nodes()) walk(inner);
    }
  };
  for (const node of doomed) walk(node);
  return [...found];
}

function isWithin(node: Node, nodes: ReadonlySet<Node>): boolean {
  return nodes.has(node) || (node.graph !== undefined && isInBodyOf(node.graph, nodes));
}

function isInBodyOf(graph: Graph, nodes: ReadonlySet<Node>): boolean {
  return graph.owner !== undefined && isWithin(graph.owner, nodes);
}

/** A value in the copy that takes the place of a value of the original. */
function standInFor(original: Value, readers: readonly Use[], removal: Removal): Value | undefined {
  const { copy, graph, known, standIns } = removal;
  if (readers.some((use) => use.kind === "output")) return constantFor(original, removal);
  const fixed = known.constant(original) ?? (standIns === "recorded" ? known.recorded(original) : undefined);
  if (fixed !== undefined && !graph.isFunctionBody) return addConstant(graph, original.name, fixed);
  const type = known.type(original);
  // The inputs of a function are its callers'.
  if (type === undefined || !isInside(graph, copy.graph)) return undefined;
  return copy.graph.addInput({ name: copy.graph.freshName(original.name), type });
}

/** The output of a body must be a value of that body, so that no input of the model can stand in for it. */
function constantFor(original: Value, { graph, known }: Removal): Value | undefined {
  if (graph.isFunctionBody) return undefined;
  const tensor = known.constant(original) ?? zerosFor(original, known);
  return tensor && addConstant(graph, original.name, tensor);
}

function zerosFor(original: Value, known: Knowledge): Tensor | undefined {
  const type = known.type(original);
  const dims = staticShape(type);
  if (type?.kind !== "tensor" || dims === undefined || type.dtype === "string") return undefined;
  const length = byteLengthOf(type.dtype, product(dims));
  return length > MAX_ZEROS ? undefined : tensorFromBytes(type.dtype, dims, new Uint8Array(length));
}

function addConstant(graph: Graph, name: string, tensor: Tensor): Value {
  return graph.addInitializer(graph.freshName(name), tensor);
}

function isInside(graph: Graph, outer: Graph): boolean {
  return graph === outer || (graph.parent !== undefined && isInside(graph.parent, outer));
}

/** Removes what nothing reads any more: nodes and constants of the graph and of those around it, inputs of the model. */
export function tidy(copy: Model, graph: Graph = copy.graph): void {
  for (let each: Graph | undefined = graph; each !== undefined; each = each.parent) pruneUnread(each);
  const main = copy.graph;
  for (const input of main.inputs) if (input.uses.size === 0) main.removeInput(input);
  for (const value of [...main.outputInfo.keys()])
    if (!main.outputs.includes(value)) main.outputInfo.delete(value);
}
