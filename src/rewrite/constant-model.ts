import { Graph, isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { Model, type OpsetImport } from "../ir/model.js";
import { constantTensor } from "../rules/constants.js";
import { errors } from "./errors.js";

/** A value that is computed from constants, and the node that gives it. */
export interface Result {
  readonly node: Node;
  readonly value: Value;
}

/** A model without inputs whose outputs are the given values of `graph`. */
export function constantModel(results: readonly Result[], graph: Graph, model: Model): Model {
  const target = new Graph("constants");
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const known = copies.get(value);
    if (known !== undefined) return known;
    const tensor = constantTensor(value);
    if (tensor === undefined) throw errors.valueIsNotConstant(value.name);
    const made = target.addInitializer(target.freshName(value.name), tensor);
    copies.set(value, made);
    return made;
  };
  for (const node of nodesFor(results)) {
    const made = target.addNode({
      opType: node.opType,
      domain: node.domain,
      inputs: node.inputs.map((value) => (value === null ? null : copy(value))),
      outputs: node.outputs.map((value) => (value === null ? null : target.freshName(value.name))),
      attributes: [...node.attributes.values()],
    });
    node.outputs.forEach((value, i) => {
      const output = made.output(i);
      if (value !== null && output !== undefined) copies.set(value, output);
    });
  }
  for (const { value } of results) target.addOutput(copy(value));
  return new Model(target, importsOf(graph, model), RUNNABLE_IR);
}

/** The model lives for one run, so any IR version that current runtimes read will do. */
const RUNNABLE_IR = 8;

/** The nodes that compute the results, each after those it reads. */
function nodesFor(results: readonly Result[]): Node[] {
  const ordered = new Set<Node>();
  const pending: { node: Node; entered: boolean }[] = results.map(({ node }) => ({ node, entered: false }));
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (ordered.has(item.node)) continue;
    if (item.entered) {
      ordered.add(item.node);
      continue;
    }
    pending.push({ node: item.node, entered: true });
    for (const value of item.node.inputs) {
      if (value?.producer !== undefined && constantTensor(value) === undefined) {
        pending.push({ node: value.producer, entered: false });
      }
    }
  }
  return [...ordered];
}

/** The operator sets in force in a graph: a function body has its own. */
function importsOf(graph: Graph, model: Model): readonly OpsetImport[] {
  let root = graph;
  while (root.parent !== undefined) root = root.parent;
  const imports = model.functions.find((fn) => fn.body === root)?.opsetImports ?? model.opsetImports;
  return imports.filter((entry) => isStandardDomain(entry.domain));
}
