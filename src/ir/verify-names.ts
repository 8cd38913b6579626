import type { Graph, Value } from "./graph.js";
import type { Finding, Survey, SurveyedGraph } from "./verify-survey.js";
import { VisibleNames } from "./visible-names.js";

/** One name, one value: in a graph, and against the values visible around it. */
export function* findClashes({ roots }: Survey): Generator<Finding> {
  for (const root of roots) yield* clashesIn(root, undefined);
}

function* clashesIn(surveyed: SurveyedGraph, outer: VisibleNames | undefined): Generator<Finding> {
  const { graph, inputs, nodes, bodies, label } = surveyed;
  const names = new VisibleNames(outer);
  for (const value of [...inputs, ...graph.initializers]) {
    if (names.own.get(value.name) === value) continue;
    const message = claim(value, names);
    if (message !== undefined) yield { message, where: label };
  }
  for (const node of nodes) {
    for (const body of bodies.get(node) ?? []) yield* clashesIn(body, names);
    for (const value of node.outputs) {
      const message = value === null ? undefined : claim(value, names);
      if (message !== undefined) yield { message, where: node.label };
    }
  }
}

/** Makes the name stand for the value; returns the fault, if there is one. */
function claim(value: Value, names: VisibleNames): string | undefined {
  const { name } = value;
  const fault = names.own.has(name) ? `"${name}" is defined twice` : undefined;
  names.own.set(name, value);
  if (name === "") return "a value has no name";
  return names.outer?.get(name) === undefined ? fault : `"${name}" hides a value of a graph around it`;
}

/** Every value is defined before it is read, in the same graph or one around it. */
export function* findUndefined({ roots }: Survey): Generator<Finding> {
  for (const root of roots) yield* undefinedIn(root, new Set(), new Set());
}

function* undefinedIn(surveyed: SurveyedGraph, defined: Set<Value>, open: Set<Graph>): Generator<Finding> {
  const { graph, inputs, nodes, bodies, label } = surveyed;
  const isVisible = (value: Value): boolean => defined.has(value) && open.has(value.graph);
  open.add(graph);
  for (const value of inputs) defined.add(value);
  for (const value of graph.initializers) defined.add(value);
  for (const node of nodes) {
    for (const value of node.inputs) {
      if (value !== null && !isVisible(value)) {
        yield { message: `input "${value.name}" is not defined before the node`, where: node.label };
      }
    }
    for (const body of bodies.get(node) ?? []) yield* undefinedIn(body, defined, open);
    for (const value of node.outputs) if (value !== null) defined.add(value);
  }
  for (const value of graph.outputs) {
    if (!isVisible(value))
      yield { message: `output "${value.name}" is not defined in the graph`, where: label };
  }
  open.delete(graph);
}
