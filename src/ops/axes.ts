import { type Attribute, attribute } from "../ir/attribute.js";
import type { Node } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";
import { fromFront } from "../rules/shapes.js";
import { hasTrait, standardOperator } from "./catalogue.js";

/** An attribute that names axes as all spellings of them are read: from the front, and sorted where their order says nothing. */
export function axesOfAttribute(attr: Attribute, node: Node, facts: Facts): Attribute {
  if (attr.name === "axis" && attr.kind === "int")
    return attribute(attr.name, spelled([Number(attr.value)], node, facts)[0] ?? attr.value);
  if (attr.name === "axes" && attr.kind === "ints")
    return attribute(attr.name, spelled(attr.value.map(Number), node, facts));
  return attr;
}

/** The axes that a constant input names, in the same way; undefined for inputs that name none. */
export function axesOfInput(index: number, node: Node, facts: Facts): readonly number[] | undefined {
  const value = index === axesInput(node) ? node.input(index) : undefined;
  const axes = value && facts.numbers(value);
  return axes && spelled(axes, node, facts);
}

/** The input that names axes, in the opsets where it is one. */
function axesInput(node: Node): number | undefined {
  if (hasTrait(node, "reduces") || node.is("Squeeze", "Unsqueeze", "CumSum", "CumProd")) return 1;
  if (node.is("DFT")) return 2;
  return node.is("Slice", "Pad") ? 3 : undefined;
}

function spelled(axes: readonly number[], node: Node, facts: Facts): readonly number[] {
  const rank = rankOfAxes(node, facts);
  const counted = rank === undefined ? axes : axes.map((axis) => fromFront(axis, rank));
  return isSet(node) ? [...counted].sort((a, b) => a - b) : counted;
}

/** Whether axes in another order mean the same. */
function isSet(node: Node): boolean {
  return hasTrait(node, "reduces") || node.is("Squeeze", "Unsqueeze", "MeanVarianceNormalization");
}

/** The number of axes among which a node's are counted: those of the first input, or of the output that has a new one. */
function rankOfAxes(node: Node, facts: Facts): number | undefined {
  const [input, output] = [node.input(0), node.output(0)];
  const [before, after] = [input && facts.rank(input), output && facts.rank(output)];
  if (node.is("OneHot", "Unsqueeze")) return after;
  return standardOperator(node) !== undefined || before === after ? before : undefined;
}
