import type { Node, Value } from "../ir/graph.js";
import type { Cut } from "./cuts.js";
import { integersFor } from "./replace-node.js";
import type { Rewriter } from "./rewriter.js";

/** The inputs of a Slice (from opset 10 on) of `source` by these cuts, for the place of `node`. */
export function sliceInputs(
  rewriter: Rewriter,
  node: Node,
  source: Value,
  cuts: ReadonlyMap<number, Cut>,
): Value[] {
  const all = [...cuts.values()];
  const list = (role: string, values: readonly number[]): Value =>
    integersFor(rewriter, node, role, values.map(safe));
  const steps = all.map(({ step }) => step);
  return [
    source,
    list(
      "starts",
      all.map(({ start }) => start),
    ),
    list(
      "ends",
      all.map(({ end }) => end),
    ),
    list("axes", [...cuts.keys()]),
    ...(steps.every((step) => step === 1) ? [] : [list("steps", steps)]),
  ];
}

/** "To the end" is written as the largest int64, which a number does not hold. */
function safe(bound: number): number {
  return Math.min(Math.max(bound, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
