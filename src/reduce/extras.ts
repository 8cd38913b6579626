import { cloneModel } from "../ir/clone.js";
import { type Graph, isStandardDomain, type Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";

/** Something that a model can lose without another function: what it is, and how it goes. */
export interface Extra {
  readonly name: string;
  readonly drop: (copy: Model) => void;
}

/** What a model carries beside its function, in the order in which it is dropped. */
export const EXTRAS: readonly Extra[] = [
  { name: "documentation", drop: dropDocumentation },
  { name: "training information", drop: dropTraining },
  { name: "annotations", drop: dropAnnotations },
  { name: "declarations of inner values", drop: dropDeclarations },
  { name: "names of nodes", drop: dropNodeNames },
  { name: "functions and opsets that nothing uses", drop: dropUnused },
];

/** A copy without some of the extras. */
export function without(model: Model, extras: readonly Extra[]): Model {
  const copy = cloneModel(model);
  for (const { drop } of extras) drop(copy);
  return copy;
}

function dropDocumentation(copy: Model): void {
  copy.docString = copy.producerName = copy.producerVersion = copy.domain = undefined;
  copy.modelVersion = undefined;
  copy.metadata = [];
  copy.unknown = undefined;
  for (const graph of copy.graphs()) {
    graph.docString = undefined;
    graph.metadata = [];
    graph.unknown = undefined;
    for (const value of declared(graph)) {
      const { info } = value;
      if (info !== undefined) value.info = { name: info.name, type: info.type };
    }
    for (const node of graph.nodes()) {
      node.docString = undefined;
      node.metadata = [];
      node.unknown = undefined;
    }
  }
}

function dropTraining(copy: Model): void {
  copy.trainingInfo = [];
  unpin(copy);
}

function dropAnnotations(copy: Model): void {
  for (const graph of copy.graphs()) graph.annotations = [];
  // What training information names is pinned too, and the two pins look alike.
  if (copy.trainingInfo.length === 0) unpin(copy);
}

function unpin(copy: Model): void {
  for (const graph of copy.graphs()) {
    for (const value of declared(graph))
      for (const use of [...value.uses]) if (use.kind === "pin") value.removeUse(use);
  }
}

function dropDeclarations(copy: Model): void {
  for (const graph of copy.graphs()) {
    graph.strayInfo = [];
    for (const value of inner(graph)) if (!value.isGraphOutput) value.info = undefined;
  }
}

function dropNodeNames(copy: Model): void {
  for (const node of copy.nodes()) node.name = undefined;
}

function dropUnused(copy: Model): void {
  const called = new Set<string>();
  const domains = new Set<string>();
  for (const node of copy.nodes()) {
    called.add(`${node.domain ?? ""} ${node.opType}`);
    domains.add(isStandardDomain(node.domain) ? "" : (node.domain ?? ""));
  }
  copy.functions = copy.functions.filter(({ domain, name }) => called.has(`${domain ?? ""} ${name}`));
  const isUsed = (domain: string | undefined): boolean =>
    isStandardDomain(domain) || domains.has(domain ?? "");
  copy.opsetImports = copy.opsetImports.filter(({ domain }) => isUsed(domain));
}

function declared(graph: Graph): Value[] {
  return [...graph.inputs, ...graph.initializers, ...inner(graph)];
}

function inner(graph: Graph): Value[] {
  return [...graph.nodes()].flatMap((node) => node.outputs.filter((value) => value !== null));
}

/** A copy whose values have short names, as the text of an issue wants them: x0, x1 for inputs, w0 for constants. */
export function withShortNames(model: Model): Model {
  const copy = cloneModel(model);
  for (const graph of copy.graphs()) {
    graph.name = "g";
    for (const value of graph.inputs) shorten(value, "x");
    for (const value of graph.initializers) if (!value.isGraphInput) shorten(value, "w");
    for (const value of inner(graph)) shorten(value, value.isGraphOutput ? "y" : "t");
  }
  return copy;
}

function shorten(value: Value, letter: string): void {
  if (/^[xwyt](_\d+)?$/.test(value.name) && value.name.startsWith(letter)) return;
  value.rename(value.graph.freshName(letter));
}
