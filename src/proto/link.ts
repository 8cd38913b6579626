import type { NormfoldError } from "../base/errors.js";
import type { Attribute } from "../ir/attribute.js";
import { errors as irErrors } from "../ir/errors.js";
import { Graph, type Value, type ValueInfo } from "../ir/graph.js";
import { VisibleNames } from "../ir/visible-names.js";
import { errors } from "./errors.js";
import { type CapturedNames, orderedNodes } from "./order.js";
import { type AnnotationRecord, type GraphRecord, type NodeRecord, nodeLabel } from "./records.js";

/** Fills `graph` from its record, with values in place of names. Returns the graph's own values by name. */
export function linkGraph(record: GraphRecord, graph: Graph): ReadonlyMap<string, Value> {
  return link(record, graph, undefined, new Map());
}

function link(
  record: GraphRecord,
  graph: Graph,
  outer: VisibleNames | undefined,
  captures: CapturedNames,
): ReadonlyMap<string, Value> {
  const names = new VisibleNames(outer);
  graph.name = record.name;
  graph.docString = record.docString;
  graph.metadata = record.metadata;
  graph.unknown = record.unknown;
  linkInputs(record, graph, names);
  linkInitializers(record, graph, names);
  for (const node of orderedNodes(record, producersOf(record, names), captures)) {
    linkNode(node, graph, names, captures);
  }
  linkOutputs(record, graph, names);
  for (const info of record.valueInfo) {
    const value = names.own.get(info.name);
    if (value === undefined || isDeclared(value.info)) graph.strayInfo.push(info);
    else value.info = info;
  }
  for (const annotation of record.annotations) linkAnnotation(annotation, graph, names);
  return names.own;
}

/** False for an input of a function, which has only a name until a value_info declares it. */
function isDeclared(info: ValueInfo | undefined): boolean {
  return info?.wire !== undefined || info?.type !== undefined;
}

function inGraph(graph: Graph, error: NormfoldError): NormfoldError {
  return graph.name ? error.at({ element: `graph "${graph.name}"` }) : error;
}

function linkInputs(record: GraphRecord, graph: Graph, names: VisibleNames): void {
  for (const info of record.inputs) {
    if (info.name === "") throw inGraph(graph, errors.inputHasNoName());
    if (names.own.has(info.name)) throw inGraph(graph, errors.inputIsDeclaredTwice(info.name));
    names.own.set(info.name, graph.addInput(info));
  }
}

function linkInitializers(record: GraphRecord, graph: Graph, names: VisibleNames): void {
  const claim = (name: string): Value | undefined => {
    if (name === "") throw inGraph(graph, errors.initializerHasNoName());
    const known = names.own.get(name);
    if (known?.tensor !== undefined || known?.sparse !== undefined || known?.producer !== undefined) {
      throw inGraph(graph, errors.initializerIsDefinedTwice(name));
    }
    return known;
  };
  for (const tensor of record.initializers) {
    const name = tensor.meta.name ?? "";
    const input = claim(name);
    if (input === undefined) names.own.set(name, graph.addInitializer(name, tensor));
    else graph.setDefault(input, tensor);
  }
  for (const sparse of record.sparse) {
    const name = sparse.values.meta.name ?? "";
    const input = claim(name);
    if (input === undefined) names.own.set(name, graph.addSparseInitializer(name, sparse));
    else graph.setSparseDefault(input, sparse);
  }
}

/** The index of the node that produces each name. Throws "invalid" for a name that is defined twice. */
function producersOf(record: GraphRecord, names: VisibleNames): ReadonlyMap<string, number> {
  const producers = new Map<string, number>();
  record.nodes.forEach((node, index) => {
    if (!node.opType) throw atNode(node, errors.nodeHasNoOperatorType());
    for (const name of node.outputs) {
      if (name === "") continue;
      if (producers.has(name) || names.own.has(name)) {
        throw atNode(node, errors.outputIsDefinedAlready(name));
      }
      producers.set(name, index);
    }
  });
  return producers;
}

function atNode(node: NodeRecord, error: NormfoldError): NormfoldError {
  return error.at({ element: nodeLabel(node), offset: node.offset });
}

function linkNode(record: NodeRecord, graph: Graph, names: VisibleNames, captures: CapturedNames): void {
  const inputs = record.inputs.map((name) => {
    if (name === "") return null;
    const value = names.get(name);
    if (value === undefined) throw atNode(record, errors.inputIsNotDefined(name));
    return value;
  });
  const node = graph.addNode({
    opType: record.opType ?? "",
    domain: record.domain,
    overload: record.overload,
    name: record.name,
    docString: record.docString,
    metadata: record.metadata,
    inputs,
    outputs: record.outputs.map((name) => (name === "" ? null : name)),
    attributes: linkAttributes(record, graph, names, captures),
    unknown: record.unknown,
  });
  for (const output of node.outputs) if (output !== null) names.own.set(output.name, output);
}

function linkAttributes(
  record: NodeRecord,
  graph: Graph,
  names: VisibleNames,
  captures: CapturedNames,
): Attribute[] {
  const seen = new Set<string>();
  return record.attributes.map((attr) => {
    if (seen.has(attr.name)) throw atNode(record, irErrors.attributeIsGivenTwice(attr.name));
    seen.add(attr.name);
    if (!("bodies" in attr)) return attr;
    const { bodies, kind, ...rest } = attr;
    const graphs = bodies.map((body) => {
      const subgraph = new Graph(body.name, graph);
      link(body, subgraph, names, captures);
      return subgraph;
    });
    const [first] = graphs;
    if (kind === "graphs" || first === undefined) return { ...rest, kind: "graphs", value: graphs };
    return { ...rest, kind: "graph", value: first };
  });
}

function linkOutputs(record: GraphRecord, graph: Graph, names: VisibleNames): void {
  for (const info of record.outputs) {
    const value = names.get(info.name);
    if (value === undefined) {
      throw inGraph(graph, errors.outputIsProducedByNoNode(info.name));
    }
    graph.addOutput(value);
    if (!isDeclared(info)) continue;
    if (value.graph === graph && value.info === undefined) value.info = info;
    else if (value.info !== info) graph.outputInfo.set(value, info);
  }
}

/** The values that an annotation names are pinned, so that they neither vanish nor change. */
function linkAnnotation(record: AnnotationRecord, graph: Graph, names: VisibleNames): void {
  const resolve = (name: string): Value | string => {
    const value = names.get(name);
    value?.addUse({ kind: "pin", reason: "a quantization annotation names it" });
    return value ?? name;
  };
  graph.annotations.push({
    tensor: resolve(record.tensor),
    parameters: record.parameters.map(([key, value]) => ({ key, value: resolve(value) })),
    wire: record.wire,
  });
}
