import { isStandardDomain } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";

/** The size of a model, counted over its graph, all subgraphs and function bodies. */
export interface ModelSummary {
  /** The version of the file format. */
  readonly irVersion: number;
  /** Nodes without Constant, which runtimes turn into initializers. */
  readonly nodes: number;
  /** Constant nodes. */
  readonly constants: number;
  /** BatchNormalization nodes. */
  readonly batchNormalizations: number;
  /** The number of nodes by operator type ("domain::Type" outside the standard domain), most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  /** Initializers, sparse ones included. */
  readonly initializers: number;
  /** Elements of all initializers and Constant tensors. */
  readonly parameters: number;
  /** Bytes of the same in raw form. */
  readonly parameterBytes: number;
}

/** Counts the nodes, operators and parameters of a model; reads no tensor. */
export function summarize(model: Model): ModelSummary {
  const counts = new Map<string, number>();
  const tensors: Tensor[] = [];
  let initializers = 0;
  for (const graph of model.graphs()) {
    initializers += graph.initializers.size;
    for (const value of graph.initializers) if (value.tensor !== undefined) tensors.push(value.tensor);
    for (const node of graph.nodes()) {
      const name = isStandardDomain(node.domain) ? node.opType : `${node.domain}::${node.opType}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const constant = node.is("Constant") ? node.tensorAttribute("value") : undefined;
      if (constant !== undefined) tensors.push(constant);
    }
  }
  const constants = counts.get("Constant") ?? 0;
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    irVersion: model.irVersion,
    nodes: [...counts.values()].reduce((sum, count) => sum + count, 0) - constants,
    constants,
    batchNormalizations: counts.get("BatchNormalization") ?? 0,
    operators: Object.fromEntries(sorted),
    initializers,
    parameters: tensors.reduce((sum, tensor) => sum + tensor.size, 0),
    parameterBytes: tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0),
  };
}
