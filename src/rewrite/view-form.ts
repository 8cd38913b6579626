import type { NodeInit, Value } from "../ir/graph.js";
import type { Node } from "../ir/node.js";
import { product, type SymDim, sameDim, sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { integersFor } from "./replace-node.js";
import type { Rewriter } from "./rewriter.js";

/** A single operator that gives a value another shape. */
export type ViewForm =
  | { readonly opType: "Reshape"; readonly target: readonly number[] }
  | { readonly opType: "Squeeze" | "Unsqueeze"; readonly axes: readonly number[] }
  | { readonly opType: "Flatten"; readonly axis: number };

/**
 * The operator that takes a value of one shape to another of as many elements: a Reshape where at most one size is dynamic,
 * else the one that needs no number for the dynamic ones. Undefined where there is none for every size that these may have.
 */
export function viewForm(from: readonly SymDim[], to: readonly SymDim[]): ViewForm | undefined {
  const target = to.map((size) => (typeof size === "number" ? size : -1));
  // A 0 in a target copies a size of the input, and beside a size of zero -1 would be ambiguous.
  if (!target.includes(0) && target.filter((size) => size === -1).length < 2)
    return { opType: "Reshape", target };
  const added = addedOnes(from, to);
  if (added !== undefined) return { opType: "Unsqueeze", axes: added };
  const removed = addedOnes(to, from);
  if (removed !== undefined) return { opType: "Squeeze", axes: removed };
  const copies = to.map((size, axis) => (sameDim(size, from[axis]) ? 0 : size));
  if (copies.every((size) => typeof size === "number") && !hasOwnZero(copies, to, from))
    return { opType: "Reshape", target: copies };
  const axis = flattenedAt(from, to);
  return axis === undefined ? undefined : { opType: "Flatten", axis };
}

/** Whether a size of zero stands where the input has another, or none to copy. */
function hasOwnZero(copies: readonly SymDim[], to: readonly SymDim[], from: readonly SymDim[]): boolean {
  return copies.some((copy, axis) => copy === 0 && !sameDim(to[axis], from[axis]));
}

/** The axes at which `to` has a 1 that `from` has not, if that is all the difference. */
function addedOnes(from: readonly SymDim[], to: readonly SymDim[]): number[] | undefined {
  const axes: number[] = [];
  for (const [axis, size] of to.entries()) {
    if (sameDim(size, from[axis - axes.length])) continue;
    if (size !== 1) return undefined;
    axes.push(axis);
  }
  return axes.length > 0 && to.length - axes.length === from.length ? axes : undefined;
}

/** The axis at which a Flatten gives this matrix. */
function flattenedAt(from: readonly SymDim[], to: readonly SymDim[]): number | undefined {
  for (let axis = 0; axis <= from.length; axis++) {
    if (sameShape([product(from.slice(0, axis)), product(from.slice(axis))], to)) return axis;
  }
  return undefined;
}

/** The opset from which on the operator takes what changes the shape as an input; before, it was an attribute. */
const TAKES_INPUT: Readonly<Record<"Reshape" | "Squeeze" | "Unsqueeze", number>> = {
  Reshape: 5,
  Squeeze: 13,
  Unsqueeze: 13,
};

/** The node that gives `source` this form in the place of `node`, with the constant that it reads. */
export function viewInit(
  rewriter: Rewriter,
  node: Node,
  source: Value,
  form: ViewForm,
  facts: Facts,
): Pick<NodeInit, "opType" | "inputs" | "attributes"> {
  const { opType } = form;
  if (opType === "Flatten") return { opType, inputs: [source], attributes: { axis: form.axis } };
  const [role, values] =
    opType === "Reshape" ? (["shape", form.target] as const) : (["axes", form.axes] as const);
  if ((facts.opset(node) ?? 0) < TAKES_INPUT[opType])
    return { opType, inputs: [source], attributes: { [role]: values } };
  return { opType, inputs: [source, integersFor(rewriter, node, role, values)] };
}

/** The form as a phrase for a summary. */
export function viewText(form: ViewForm): string {
  if (form.opType === "Reshape") return `a Reshape to [${form.target.join(", ")}]`;
  if (form.opType === "Flatten") return `a Flatten at axis ${form.axis}`;
  return `${form.opType === "Squeeze" ? "a Squeeze" : "an Unsqueeze"} of axes [${form.axes.join(", ")}]`;
}
