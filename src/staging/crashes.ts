import type { Graph } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Node } from "../ir/node.js";
import { tensorType } from "../ir/type.js";
import type { Value } from "../ir/value.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Adaptation } from "./adaptation.js";

/** onnxruntime 1.30 crashes where BatchNormalization computes statistics that have no name. */
export const namedStatistics: Adaptation = {
  isNeeded: (model) => nodesOf(model).some(lacksNames),
  apply: (copy) => {
    for (const node of nodesOf(copy))
      if (lacksNames(node) && node.graph !== undefined) nameOutputs(node, node.graph);
  },
};

function lacksNames(node: Node): boolean {
  return node.is("BatchNormalization") && node.outputs.includes(null);
}

function nameOutputs(node: Node, graph: Graph): void {
  const { domain, opType, name, inputs, attributes } = node;
  const outputs = node.outputs.map((_, index) => graph.freshName(`statistic_${index}`));
  const named = graph.addNode(
    { domain, opType, name, inputs: [...inputs], outputs, attributes: [...attributes.values()] },
    node,
  );
  node.outputs.forEach((value, index) => {
    const taker = named.outputs[index];
    if (value === null || taker === null || taker === undefined) return;
    taker.info = value.info;
    graph.replaceUses(value, taker);
  });
  graph.removeNode(node);
}

/**
 * onnxruntime 1.30 believes the rank that value_info declares for an inner value, and aborts where that is another than the
 * value has. Looked at are operators that keep the rank of their inputs; the runtime works out what is not declared.
 */
export const trueRanks: Adaptation = {
  isNeeded: (model) => nodesOf(model).some((node) => misdeclared(node) !== undefined),
  apply: (copy) => {
    for (const node of nodesOf(copy)) {
      const value = misdeclared(node);
      const info = value?.info;
      if (value !== undefined && info?.type?.kind === "tensor") {
        value.info = { ...info, type: tensorType(info.type.dtype), wire: undefined };
      }
    }
  },
};

/** The inner value whose declared rank is not that of the operator's inputs. */
function misdeclared(node: Node): Value | undefined {
  if (!hasTrait(node, "pointwise")) return undefined;
  const output = node.output(0);
  const declared = output === undefined ? undefined : rankOf(output);
  if (output === undefined || declared === undefined || output.isGraphOutput) return undefined;
  const ranks = node.inputs.map((value) => (value === null ? 0 : rankOf(value)));
  if (ranks.includes(undefined)) return undefined;
  return Math.max(...ranks.map((rank) => rank ?? 0)) === declared ? undefined : output;
}

function rankOf({ tensor, type }: Value): number | undefined {
  if (tensor !== undefined) return tensor.dims.length;
  return type?.kind === "tensor" ? type.shape?.length : undefined;
}

function nodesOf(model: Model): Node[] {
  return [...model.nodes()];
}
