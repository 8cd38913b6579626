import { present } from "../base/assert.js";
import type { Refusal } from "../base/refusal.js";
import { type Attribute, graphsOf } from "../ir/attribute.js";
import { cloneGraph, type ValueMap } from "../ir/clone.js";
import { canReplace, type Graph, type Node, type Value } from "../ir/graph.js";
import { refusals as irRefusals } from "../ir/refusals.js";
import { Scope } from "../ir/scope.js";
import { refusals } from "./refusals.js";
import type { Rewriter } from "./rewriter.js";

/** A body to be copied, and the meaning of its inputs and references in the new place. */
export interface Inlining {
  /** undefined: nothing is copied. */
  readonly body: Graph | undefined;
  /** The value that each input of the body stands for; null: an optional input that the caller skipped. */
  readonly inputs: ReadonlyMap<Value, Value | null>;
  /** The attributes that references in the body of a function stand for. */
  readonly attributes?: ReadonlyMap<string, Attribute>;
}

/** Why a body cannot be copied into `into`, or undefined when it can. */
export function inliningBlocked(body: Graph, into: Graph): Refusal | undefined {
  if (body.annotations.length > 0) return refusals.bodyHasAnnotations();
  for (const value of body.inputs) {
    if (value.tensor !== undefined || value.sparse !== undefined)
      return refusals.bodyInputHasDefault(value.name);
  }
  for (const value of body.initializers) {
    if (value.pinnedBecause !== undefined) return refusals.bodyValueIsPinned(value.name, value.pinnedBecause);
    if (value.sparse !== undefined && into.isFunctionBody)
      return refusals.bodyHasSparseInitializer(value.name);
  }
  for (const node of body.nodes()) {
    for (const value of node.outputs) {
      if (value?.pinnedBecause !== undefined)
        return refusals.bodyValueIsPinned(value.name, value.pinnedBecause);
    }
  }
  return undefined;
}

/** The refusal for a node of which an output is pinned; undefined for others. */
export function pinnedOutput(node: Node): Refusal | undefined {
  for (const value of node.outputs) {
    if (value?.pinnedBecause !== undefined) return irRefusals.valueIsPinned(value.name, value.pinnedBecause);
  }
  return undefined;
}

/** The names of the nodes of graphs: onnxruntime refuses two of one name in one graph. */
export class NodeNames {
  readonly #byGraph = new WeakMap<Graph, Scope>();

  /** `name`, or close to it, for a new node of `graph`. */
  fresh(graph: Graph, name: string | undefined): string | undefined {
    if (name === undefined || name === "") return name;
    let names = this.#byGraph.get(graph);
    if (names === undefined) {
      names = new Scope();
      for (const node of graph.nodes()) if (node.name !== undefined) names.claim(node.name);
      this.#byGraph.set(graph, names);
    }
    const free = names.fresh(name);
    names.claim(free);
    return free;
  }
}

/** A copied value, its name for now, and its name in the body. */
interface Label {
  readonly value: Value;
  readonly given: string;
  readonly wanted: string;
}

/** Puts bodies in the place of nodes. Keep one per run of a pass. */
export class Inliner {
  readonly #names = new NodeNames();

  /**
   * Copies the body before `node`, replaces the outputs of the node, and removes it. `outputs` gets a function from values of
   * the body to their copies and gives the replacement of each output (undefined for one that nothing reads). The outputs
   * keep their names, and so do the values of the body whose names are free.
   */
  replace(
    node: Node,
    inlining: Inlining,
    outputs: (twin: (value: Value) => Value) => readonly (Value | undefined)[],
    rewriter: Rewriter,
  ): void {
    const into = present(node.graph, `${node.label} is removed`);
    const values: ValueMap = new Map();
    for (const [input, value] of inlining.inputs) if (value !== null) values.set(input, value);
    const labels = this.#copy(node, into, inlining, values, rewriter);
    const results = outputs((value) => values.get(value) ?? value);
    const made = new Set(labels.map(({ value }) => value));
    node.outputs.forEach((output, index) => {
      const result = results[index];
      if (output !== null && result !== undefined) handOver(output, result, made.has(result), node, rewriter);
    });
    rewriter.removeNode(node);
    for (const { value, given, wanted } of labels) {
      if (value.name === given && !into.scope.isTaken(wanted)) value.rename(wanted);
    }
  }

  #copy(before: Node, into: Graph, inlining: Inlining, values: ValueMap, rewriter: Rewriter): Label[] {
    const { body, attributes } = inlining;
    const labels: Label[] = [];
    if (body === undefined) return labels;
    const adopt = (value: Value, twin: Value): void => {
      values.set(value, twin);
      labels.push({ value: twin, given: twin.name, wanted: value.name });
      // A declaration in a function's body need not hold for each call.
      if (attributes === undefined && twin.info === undefined) twin.info = value.info;
    };
    for (const value of body.initializers) {
      if (value.tensor !== undefined) {
        adopt(value, rewriter.addConstant(into, value.name, value.tensor, before));
      } else if (value.sparse !== undefined) {
        adopt(value, into.addSparseInitializer(into.freshName(value.name), value.sparse));
      }
    }
    for (const node of body.nodes()) {
      const copy = rewriter.addNode(
        into,
        {
          opType: node.opType,
          domain: node.domain,
          overload: node.overload,
          name: this.#names.fresh(into, node.name),
          docString: node.docString,
          metadata: node.metadata,
          unknown: node.unknown,
          inputs: bound(node.inputs, values, body),
          outputs: node.outputs.map((value) => (value === null ? null : into.freshName(value.name))),
          attributes: [...node.attributes.values()].flatMap((attr) =>
            copyAttribute(attr, inlining, values, into),
          ),
        },
        before,
      );
      node.outputs.forEach((value, index) => {
        const twin = copy.output(index);
        if (value !== null && twin !== undefined) adopt(value, twin);
      });
    }
    return labels;
  }
}

/** The inputs with values of the body replaced by their copies; skipped inputs at the end of the list are dropped. */
function bound(
  inputs: readonly (Value | null)[],
  values: ValueMap,
  body: Graph | undefined,
): (Value | null)[] {
  const result = inputs.map((value) => {
    if (value === null) return null;
    return values.get(value) ?? (value.graph === body ? null : value);
  });
  while (result.length > 0 && result.at(-1) === null && inputs[result.length - 1] !== null) result.pop();
  return result;
}

function copyAttribute(attr: Attribute, inlining: Inlining, values: ValueMap, into: Graph): Attribute[] {
  if (graphsOf(attr).length > 0) {
    const copy = (graph: Graph): Graph => {
      const twin = cloneGraph(graph, values, into);
      if (inlining.attributes !== undefined) settle(twin, inlining, values);
      return twin;
    };
    if (attr.kind === "graph") return [{ ...attr, value: copy(attr.value) }];
    if (attr.kind === "graphs") return [{ ...attr, value: attr.value.map(copy) }];
  }
  return resolved(attr, inlining.attributes);
}

/** The attribute that a reference stands for; none where the caller gives no such attribute. */
function resolved(attr: Attribute, attributes: Inlining["attributes"]): Attribute[] {
  if (attr.kind !== "ref" || attributes === undefined) return [attr];
  const given = attributes.get(attr.ref);
  if (given === undefined) return [];
  const { wire: _, ...rest } = given;
  return [{ ...rest, name: attr.name }];
}

/** Adapts the copy of a body inside a function's body to the caller: its references, skipped inputs and names. */
function settle(copy: Graph, inlining: Inlining, values: ValueMap): void {
  const { scope } = copy;
  const relabel = (value: Value): void => {
    if (scope.isShared(value.name)) value.rename(scope.fresh(value.name));
  };
  for (const graph of copy.withSubgraphs()) {
    for (const value of new Set([...graph.inputs, ...graph.initializers])) relabel(value);
    for (const node of graph.nodes()) {
      const inputs = bound(node.inputs, values, inlining.body);
      if (inputs.length < node.inputs.length || inputs.some((value, i) => value !== node.inputs[i]))
        node.setInputs(inputs);
      for (const value of node.outputs) if (value !== null) relabel(value);
      for (const attr of [...node.attributes.values()]) {
        if (attr.kind !== "ref") continue;
        const [given] = resolved(attr, inlining.attributes);
        if (given === undefined) node.unset(attr.name);
        else node.set(given);
      }
    }
  }
}

/** `result` replaces an output of the removed node, through an Identity where it cannot take its name. */
function handOver(output: Value, result: Value, isMade: boolean, node: Node, rewriter: Rewriter): void {
  if (output.uses.size === 0) return;
  if (canReplace(output, result)) {
    const { info } = result;
    // A value that is older than the node keeps its own name.
    if (isMade || result.uses.size === 0) rewriter.supersede(output, result);
    else rewriter.replaceUses(output, result);
    if (info?.type !== undefined && !result.isGraphOutput) result.info = info;
    return;
  }
  const init = { opType: "Identity", inputs: [result], outputs: [output.graph.freshName(output.name)] };
  const copy = rewriter.addNode(output.graph, init, node);
  rewriter.supersede(output, present(copy.output(0), "an Identity has an output"));
}

/**
 * Calls `visit` for each node of a graph and of the bodies inside. `visit` says whether it has replaced the node by others,
 * which are visited next.
 */
export function visitReplacing(graph: Graph, visit: (node: Node) => boolean): void {
  for (let node = graph.first; node !== undefined; ) {
    const { previous } = node;
    if (visit(node)) {
      node = previous === undefined ? graph.first : previous.next;
      continue;
    }
    for (const body of node.subgraphs) visitReplacing(body, visit);
    node = node.next;
  }
}
