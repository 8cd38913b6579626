import { staticShape } from "../../src/ir/type.js";
import type { Demand } from "../../src/rules/operands/rule.js";
import { Demands } from "../../src/runtime/demands.js";
import { modelOf } from "./runtime.js";

/** `[low, high)`, `whole [low, high)`, or the elements with `_` for a hole; undefined where any value will do. */
export function demandText(demand: Demand | undefined): string | undefined {
  if (demand === undefined) return undefined;
  if (demand.kind === "elements") return demand.elements.map((element) => element ?? "_").join(" ");
  return `${demand.whole ? "whole " : ""}[${demand.low}, ${demand.high})`;
}

/** What the readers in a graph of fixed sizes demand of its input `s`. */
export function demandOnS(text: string, opset = 24, hints = true): string | undefined {
  const model = modelOf(text, opset);
  const sizes = model.graph.inputs.map((input) => [input, staticShape(input.type) ?? []] as const);
  const input = model.graph.inputs.find(({ name }) => name === "s");
  if (input === undefined) throw new Error("no input s");
  return demandText(new Demands(model).of(input, new Map(sizes), hints));
}
