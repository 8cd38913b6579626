import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";

/** The size that an axis of a value must have because of the weight it meets. */
export function sizeByUse(
  value: Value,
  axis: number,
  rank: number | undefined,
  isCall: (node: Node) => boolean,
): number | undefined {
  for (const node of value.users) {
    if (node.input(0) !== value || isCall(node)) continue;
    const weight = (node.input(1)?.tensor ?? constantTensor(node.input(1)))?.dims;
    if (weight === undefined) continue;
    if (node.is("Conv") && axis === 1) return (weight[1] ?? 1) * node.int("group", 1);
    if (node.is("ConvTranspose") && axis === 1) return weight[0];
    if (node.is("MatMul") && rank !== undefined && axis === rank - 1 && weight.length >= 2)
      return weight.at(-2);
    if (node.is("Gemm") && axis === 1 && node.int("transA", 0) === 0) {
      return weight[node.int("transB", 0) === 0 ? 0 : 1];
    }
    if (node.is("BatchNormalization") && axis === 1) return weight[0];
    if (hasTrait(node, "recurrent") && axis === 2) return weight[2];
  }
  return undefined;
}
