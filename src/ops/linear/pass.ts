import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node } from "../../ir/graph.js";
import type { Passage, PlacedMap } from "../../rules/affine/facet.js";
import { placeOperand, refuseShift } from "../../rules/affine/placement.js";
import { constantTensor } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { refusals } from "./refusals.js";

/** For A and B, the axis that is summed over, counted from the end; there the output has the axis of the other operand. */
const SUMMED = [1, 2] as const;

/**
 * A scale of Y = A * B where both are computed: s * (A * B) = (s * A) * B = A * (s * B). A scale of the rows goes into A, and of
 * the columns into B. A single number, or a scale along an axis of the stack, goes into either that has the axis.
 */
export function passThroughMatMul(node: Node, placed: PlacedMap, facts: Facts): readonly Passage[] | Refusal {
  const operands = [node.input(0), node.input(1)];
  if (operands.some((value) => constantTensor(value) !== undefined)) return refusals.constantTakesMap();
  const shifted = refuseShift(placed);
  if (shifted !== undefined) return shifted;
  const output = node.output(0);
  const rank = output && facts.rank(output);
  if (rank === undefined) return shared.outputRankIsUnknown();
  const ways: Passage[] = [];
  for (const [index, value] of operands.entries()) {
    const own = rankOf(value, facts);
    if (value === undefined || own === undefined || own < 2) return refusals.operandMayBeVector();
    if (placed.axis !== undefined && rank - placed.axis === SUMMED[index]) continue;
    const part = placeOperand(value, rank, placed, facts);
    if (!isRefusal(part)) ways.push(new Map([[index, part]]));
  }
  return ways.length > 0 ? ways : refusals.operandsLackMapAxis();
}
