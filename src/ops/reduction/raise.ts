import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import { intsToInput } from "../../rules/raise/steps.js";
import type { OPERATORS } from "./operators.js";

/** An empty list of axes always meant all of them, and so does the missing input. */
function reduceAxes(at: RaiseContext): void {
  const attr = at.node.attribute("axes");
  if (attr?.kind === "ints" && attr.value.length === 0) at.node.unset("axes");
  else intsToInput("axes", 1)(at);
}

/** TopK 10: k is an input, a vector of one element. */
function topKInput(at: RaiseContext): void {
  const k = at.int("k", 0);
  at.node.unset("k");
  at.node.setInput(1, at.ints([k]));
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  ReduceL1: { 18: reduceAxes },
  ReduceL2: { 18: reduceAxes },
  ReduceLogSum: { 18: reduceAxes },
  ReduceLogSumExp: { 18: reduceAxes },
  ReduceMax: { 18: reduceAxes },
  ReduceMean: { 18: reduceAxes },
  ReduceMin: { 18: reduceAxes },
  ReduceProd: { 18: reduceAxes },
  ReduceSum: { 13: reduceAxes },
  ReduceSumSquare: { 18: reduceAxes },
  TopK: { 10: topKInput },
};
