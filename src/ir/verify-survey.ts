import { graphsOf } from "./attribute.js";
import type { Graph, Node, Value } from "./graph.js";
import type { FunctionDef, Model } from "./model.js";

/** A rule that is broken, and the graph element that breaks it. */
export interface Finding {
  readonly message: string;
  readonly where: string;
}

/** A graph with the nodes of its list. */
export interface SurveyedGraph {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** The bodies of each control-flow node. */
  readonly bodies: ReadonlyMap<Node, readonly SurveyedGraph[]>;
  /** The function whose body it is in. */
  readonly fn: FunctionDef | undefined;
  /** How messages name it. */
  readonly label: string;
}

/** The model as verification looks at it. */
export interface Survey {
  readonly model: Model;
  /** The model's graph and the function bodies. */
  readonly roots: readonly SurveyedGraph[];
  /** Every graph, outer ones first. */
  readonly graphs: readonly SurveyedGraph[];
}

/** Walks all graphs, and reports node lists that are broken. */
export function surveyModel(model: Model, report: (finding: Finding) => void): Survey {
  const graphs: SurveyedGraph[] = [];
  const seen = new Set<Graph>();
  const visit = (graph: Graph, label: string, fn: FunctionDef | undefined): SurveyedGraph | undefined => {
    if (seen.has(graph)) {
      report({ message: "the graph is part of the model twice", where: label });
      return undefined;
    }
    seen.add(graph);
    const nodes = walkList(graph, label, report);
    const bodies = new Map<Node, SurveyedGraph[]>();
    const surveyed: SurveyedGraph = { graph, inputs: graph.inputs, nodes, bodies, fn, label };
    graphs.push(surveyed);
    for (const node of nodes) {
      for (const attr of node.attributes.values()) {
        for (const body of graphsOf(attr)) {
          const inner = visit(body, `${attr.name} of ${node.label}`, fn);
          if (inner !== undefined) bodies.set(node, [...(bodies.get(node) ?? []), inner]);
        }
      }
    }
    return surveyed;
  };
  const roots = [
    visit(model.graph, "the graph", undefined),
    ...model.functions.map((fn) => visit(fn.body, `function "${fn.name}"`, fn)),
  ].filter((surveyed) => surveyed !== undefined);
  return { model, roots, graphs };
}

/** The nodes of a list that may be damaged, even cyclic. */
function walkList(graph: Graph, where: string, report: (finding: Finding) => void): readonly Node[] {
  const nodes: Node[] = [];
  let previous: Node | undefined;
  for (let node = graph.first; node !== undefined; node = node.next) {
    if (nodes.length === graph.nodeCount) {
      report({ message: `the list has more nodes than the ${graph.nodeCount} that were counted`, where });
      return nodes;
    }
    if (node.graph !== graph) report({ message: `${node.label} is listed but belongs elsewhere`, where });
    if (node.previous !== previous) report({ message: `${node.label} has a wrong previous node`, where });
    nodes.push(node);
    previous = node;
  }
  if (graph.last !== previous) report({ message: "the last node is not where the list ends", where });
  if (nodes.length !== graph.nodeCount) {
    report({ message: `the list has ${nodes.length} nodes, ${graph.nodeCount} were counted`, where });
  }
  return nodes;
}
