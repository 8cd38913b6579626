import { present } from "../base/assert.js";
import { type Attribute, graphsOf } from "./attribute.js";
import { Graph, type Node, type QuantizationAnnotation, type Value } from "./graph.js";
import { type FunctionDef, Model } from "./model.js";

/** Original values and their copies. */
export type ValueMap = Map<Value, Value>;

/**
 * A copy that can be edited without touching the original. Graphs, nodes and values are new; tensors, types and
 * attributes without graphs are immutable and shared, so the cost is that of the graph and not of its weights.
 * `values`, when given, receives the copy of each value.
 */
export function cloneModel(model: Model, values: ValueMap = new Map()): Model {
  const copy = new Model(cloneGraph(model.graph, values), model.opsetImports, model.irVersion);
  copy.producerName = model.producerName;
  copy.producerVersion = model.producerVersion;
  copy.domain = model.domain;
  copy.modelVersion = model.modelVersion;
  copy.docString = model.docString;
  copy.metadata = model.metadata;
  copy.functions = model.functions.map((fn) => cloneFunction(fn, values));
  copy.trainingInfo = model.trainingInfo;
  copy.unknown = model.unknown;
  return copy;
}

function cloneFunction(fn: FunctionDef, values: ValueMap): FunctionDef {
  const body = cloneGraph(fn.body, values);
  const attributeDefaults = fn.attributeDefaults.map((attr) => cloneAttribute(attr, values, body));
  return { ...fn, body, attributeDefaults };
}

/**
 * A copy of a graph and the graphs inside it. A read of a value of a graph around it becomes a read of that value's copy in
 * `values`; without a copy there, the copy reads the value itself, so a body can be copied within its model. `parent` is
 * the graph around the copy.
 */
export function cloneGraph(graph: Graph, values: ValueMap = new Map(), parent?: Graph): Graph {
  const copy = new Graph(graph.name, parent);
  if (parent === undefined) copy.scope.initializersAreDefaults = graph.scope.initializersAreDefaults;
  copy.docString = graph.docString;
  copy.metadata = graph.metadata;
  copy.unknown = graph.unknown;
  copy.strayInfo = [...graph.strayInfo];
  copy.isFunctionBody = graph.isFunctionBody;
  for (const value of graph.inputs) adopt(value, copy.addInput({ name: value.name }), values);
  for (const value of graph.initializers) cloneInitializer(value, copy, values);
  for (const node of graph.nodes()) cloneNode(node, copy, values);
  for (const value of graph.outputs) copy.addOutput(values.get(value) ?? value);
  for (const [value, info] of graph.outputInfo) copy.outputInfo.set(values.get(value) ?? value, info);
  copy.annotations = graph.annotations.map((annotation) => cloneAnnotation(annotation, values));
  return copy;
}

/**
 * Copies the initializers and nodes of a graph to the end of another, which may be of another model. `values` has the values
 * there that take the place of the inputs. Names must be free there.
 */
export function appendCopy(graph: Graph, into: Graph, values: ValueMap): void {
  for (const value of graph.initializers) if (!values.has(value)) cloneInitializer(value, into, values);
  for (const node of graph.nodes()) cloneNode(node, into, values);
}

function cloneInitializer(value: Value, into: Graph, values: ValueMap): void {
  const input = values.get(value);
  if (input !== undefined) {
    if (value.tensor !== undefined) into.setDefault(input, value.tensor);
    if (value.sparse !== undefined) into.setSparseDefault(input, value.sparse);
  } else if (value.sparse !== undefined) {
    adopt(value, into.addSparseInitializer(value.name, value.sparse), values);
  } else {
    const tensor = present(value.tensor, `initializer "${value.name}" has no data`);
    adopt(value, into.addInitializer(value.name, tensor), values);
  }
}

function cloneNode(node: Node, into: Graph, values: ValueMap): void {
  const { opType, domain, overload, name, docString, metadata, unknown } = node;
  const copy = into.addNode({
    opType,
    domain,
    overload,
    name,
    docString,
    metadata,
    unknown,
    inputs: node.inputs.map((value) => (value === null ? null : (values.get(value) ?? value))),
    outputs: node.outputs.map((value) => (value === null ? null : value.name)),
    attributes: [...node.attributes.values()].map((attr) => cloneAttribute(attr, values, into)),
  });
  node.outputs.forEach((value, index) => {
    const twin = copy.output(index);
    if (value !== null && twin !== undefined) adopt(value, twin, values);
  });
}

function cloneAttribute(attr: Attribute, values: ValueMap, parent: Graph): Attribute {
  if (graphsOf(attr).length === 0) return attr;
  if (attr.kind === "graph") return { ...attr, value: cloneGraph(attr.value, values, parent) };
  if (attr.kind === "graphs") {
    return { ...attr, value: attr.value.map((graph) => cloneGraph(graph, values, parent)) };
  }
  return attr;
}

function cloneAnnotation(annotation: QuantizationAnnotation, values: ValueMap): QuantizationAnnotation {
  const twin = (value: Value | string): Value | string =>
    typeof value === "string" ? value : (values.get(value) ?? value);
  return {
    ...annotation,
    tensor: twin(annotation.tensor),
    parameters: annotation.parameters.map(({ key, value }) => ({ key, value: twin(value) })),
  };
}

function adopt(value: Value, twin: Value, values: ValueMap): void {
  values.set(value, twin);
  twin.info = value.info;
  for (const use of value.uses) if (use.kind === "pin") twin.addUse(use);
}
