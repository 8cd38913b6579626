import type { Graph, Node, Use, Value } from "./graph.js";
import type { Finding, Survey, SurveyedGraph } from "./verify-survey.js";

/** Values, nodes and bodies know the graph they are in. */
export function* findForeign({ model, roots, graphs }: Survey): Generator<Finding> {
  for (const { graph, label } of roots) {
    if (graph.owner !== undefined) yield { message: "an outermost graph has an owner", where: label };
  }
  if (model.graph.scope.initializersAreDefaults !== model.irVersion >= 4) {
    yield {
      message: `initializers are read as for another IR version than ${model.irVersion}`,
      where: "the model",
    };
  }
  for (const { graph, inputs, nodes, bodies, label } of graphs) {
    for (const value of inputs) {
      if (value.graph !== graph)
        yield { message: `input "${value.name}" belongs to another graph`, where: label };
      if (value.producer !== undefined)
        yield { message: `input "${value.name}" has a producer`, where: label };
      if (value.tensor !== undefined && !graph.initializers.has(value)) {
        yield {
          message: `input "${value.name}" has a default that is not among the initializers`,
          where: label,
        };
      }
    }
    for (const value of graph.initializers) {
      const what = `initializer "${value.name}"`;
      if (value.graph !== graph) yield { message: `${what} belongs to another graph`, where: label };
      if (value.producer !== undefined) yield { message: `${what} has a producer`, where: label };
      if ((value.tensor === undefined) === (value.sparse === undefined)) {
        yield { message: `${what} needs dense or sparse data, one of the two`, where: label };
      }
    }
    for (const node of nodes) {
      for (const value of node.outputs) {
        if (value !== null && (value.graph !== graph || value.producer !== node)) {
          yield { message: `output "${value.name}" does not name its node as producer`, where: node.label };
        }
      }
      for (const body of bodies.get(node) ?? []) {
        if (body.graph.owner !== node)
          yield { message: `${body.label} has another owner`, where: node.label };
        if (body.graph.scope !== graph.scope) {
          yield { message: `${body.label} does not share the names of its model`, where: node.label };
        }
      }
    }
  }
}

/**
 * Each use of a value is a place that reads it, and each such place is one use. The places are numbered, so that marks
 * find both missing uses and double ones.
 */
export function* findWrongUses({ graphs }: Survey): Generator<Finding> {
  const inputSlots = new Map<Node, number>();
  const outputSlots = new Map<Graph, number>();
  let slots = 0;
  for (const { graph, nodes } of graphs) {
    outputSlots.set(graph, slots);
    slots += graph.outputs.length;
    for (const node of nodes) {
      inputSlots.set(node, slots);
      slots += node.inputs.length;
    }
  }
  const marked = new Uint8Array(slots);
  const slotOf = (value: Value, use: Exclude<Use, { kind: "pin" }>): number | undefined => {
    const holder = use.kind === "node" ? use.node.inputs : use.graph.outputs;
    const base = use.kind === "node" ? inputSlots.get(use.node) : outputSlots.get(use.graph);
    return base !== undefined && holder[use.index] === value ? base + use.index : undefined;
  };
  for (const { value, holder } of definitions(graphs)) {
    for (const use of value.uses) {
      if (use.kind === "pin") continue;
      const slot = slotOf(value, use);
      if (slot === undefined) {
        yield {
          message: `"${value.name}" records a use as ${placeOf(use)}, which is not one`,
          where: holder.label,
        };
      } else if (marked[slot] === 1) {
        yield { message: `"${value.name}" records its use as ${placeOf(use)} twice`, where: holder.label };
      } else marked[slot] = 1;
    }
  }
  for (const surveyed of graphs) {
    const { graph, nodes, label } = surveyed;
    yield* unmarked(graph.outputs, outputSlots.get(graph) ?? 0, marked, "graph output", surveyed);
    for (const node of nodes) {
      const base = inputSlots.get(node) ?? 0;
      if (node.inputs.every((value, index) => value === null || marked[base + index] === 1)) continue;
      yield* unmarked(node.inputs, base, marked, "input", node);
    }
    for (const { tensor, parameters } of graph.annotations) {
      for (const named of [tensor, ...parameters.map(({ value }) => value)]) {
        if (typeof named === "string" || named.isPinned) continue;
        yield { message: `an annotation names "${named.name}", which records no such use`, where: label };
      }
    }
  }
}

function placeOf(use: Exclude<Use, { kind: "pin" }>): string {
  return use.kind === "node" ? `input ${use.index} of ${use.node.label}` : `graph output ${use.index}`;
}

function* unmarked(
  values: readonly (Value | null)[],
  base: number,
  marked: Uint8Array,
  what: string,
  holder: Holder,
): Generator<Finding> {
  for (const [index, value] of values.entries()) {
    if (value !== null && marked[base + index] !== 1) {
      yield { message: `"${value.name}" does not record its use as ${what} ${index}`, where: holder.label };
    }
  }
}

/**
 * Where a value is defined, for messages. It is the node and not its label, because only a message needs the label.
 */
type Holder = SurveyedGraph | Node;

function* definitions(
  graphs: readonly SurveyedGraph[],
): Generator<{ readonly value: Value; readonly holder: Holder }> {
  for (const surveyed of graphs) {
    for (const value of surveyed.inputs) yield { value, holder: surveyed };
    for (const value of surveyed.graph.initializers) {
      if (!surveyed.graph.hasInput(value)) yield { value, holder: surveyed };
    }
    for (const node of surveyed.nodes) {
      for (const value of node.outputs) if (value !== null) yield { value, holder: node };
    }
  }
}
