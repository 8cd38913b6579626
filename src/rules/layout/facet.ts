import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { AttributeInit } from "../../ir/attribute.js";
import type { Node } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import { constantTensor } from "../constants.js";
import type { Facts } from "../facts.js";
import { refusals } from "../refusals.js";
import { fromFront, normalAxes } from "../shapes.js";
import { extend, isIdentity, type Permutation } from "./permutation.js";

/** One input or output of a node, and the order of axes that it shall have. */
export interface Anchor {
  readonly side: "input" | "output";
  readonly index: number;
  readonly perm: Permutation;
}

/** The changes to a node itself, beside its inputs and outputs in another order. */
export interface Change {
  /** Attributes to set; undefined removes one. */
  readonly attributes?: Readonly<Record<string, AttributeInit | undefined>>;
  /** New constants by input index. */
  readonly constants?: ReadonlyMap<number, Tensor>;
}

/**
 * How a node does the same work on data in another order of axes: from the inputs as Transpose(input, perm) it computes the
 * outputs as Transpose(output, perm). Inputs and outputs that are not named keep their order. A constant input may have a
 * lower rank than its order says; it gets axes of size one in front.
 */
export interface Relayout extends Change {
  /** The operator that it becomes; undefined when it stays what it is. */
  readonly opType?: StandardOperator;
  readonly inputs: ReadonlyMap<number, Permutation>;
  readonly outputs: ReadonlyMap<number, Permutation>;
  /** New constants of nodes that read the output, which make up for the other order. */
  readonly elsewhere?: readonly { readonly node: Node; readonly index: number; readonly tensor: Tensor }[];
}

/** The form of the node in which the value at the anchor has the wanted order of axes, or why there is none. */
export type LayoutFacet = (node: Node, anchor: Anchor, facts: Facts) => Relayout | Refusal;

/** The entries whose order is not the identity. */
export function moved(entries: Iterable<readonly [number, Permutation]>): ReadonlyMap<number, Permutation> {
  return new Map([...entries].filter(([, perm]) => !isIdentity(perm)));
}

/** The indices of the outputs that the node has. */
export function allOutputs(node: Node): readonly number[] {
  return node.outputs.flatMap((value, index) => (value === null ? [] : [index]));
}

/** The facet of an operator whose data inputs and outputs all have one order of axes; `change` renames its axes. */
export function alike(
  inputs: readonly number[] | "all",
  change: (node: Node, perm: Permutation, facts: Facts) => Change | Refusal = () => NO_CHANGE,
): LayoutFacet {
  return (node, { side, index, perm }, facts) => {
    const data = inputs === "all" ? [...node.inputs.keys()] : inputs;
    if (side === "input" && !data.includes(index)) return refusals.valueIsNotItsData(`input ${index}`);
    const changed = change(node, perm, facts);
    if (isRefusal(changed)) return changed;
    return {
      ...changed,
      inputs: moved(data.flatMap((at) => (node.input(at) === undefined ? [] : [[at, perm]]))),
      outputs: moved(allOutputs(node).map((at) => [at, perm])),
    };
  };
}

/** The node itself stays as it is. */
export const NO_CHANGE: Change = {};

/** Renames the axis in the attribute "axis". */
export function axisAttribute(node: Node, fallback: number, perm: Permutation): Change | Refusal {
  const axis = fromFront(node.int("axis", fallback), perm.length);
  const at = perm.indexOf(axis);
  return at < 0 ? refusals.axisIsOutsideRank() : { attributes: { axis: at } };
}

/** The axes that an operator names in an attribute or an input. */
export interface NamedAxes {
  readonly axes: readonly number[];
  /** The change that names other axes in the same place. */
  readonly rename: (axes: readonly number[]) => Change;
}

/**
 * The axes of an operator that names them in the attribute "axes" or, from a later opset on, in an input; undefined when
 * it names none.
 */
export function namedAxes(
  node: Node,
  input: number,
  rank: number,
  facts: Facts,
): NamedAxes | Refusal | undefined {
  const value = node.input(input);
  const given = node.ints("axes") ?? (value === undefined ? undefined : facts.numbers(value));
  if (given === undefined) return value === undefined ? undefined : refusals.axesAreComputed();
  const axes = normalAxes(given, rank);
  if (axes === undefined) return refusals.axisIsOutsideRank();
  const inAttribute = node.attribute("axes") !== undefined;
  const dtype = constantTensor(value)?.dtype ?? "int64";
  return {
    axes,
    rename: (names) => {
      if (names.every((name, i) => name === axes[i])) return NO_CHANGE;
      if (inAttribute) return { attributes: { axes: names } };
      return { constants: new Map([[input, tensorFromNumbers(dtype, [names.length], names)]]) };
    },
  };
}

/** A list with one number for each axis, from an attribute or, from a later opset on, from an input. */
export function perAxis(
  node: Node,
  attribute: string,
  input: number,
  facts: Facts,
):
  | { readonly numbers: readonly number[]; readonly replace: (numbers: readonly number[]) => Change }
  | Refusal {
  const listed = node.ints(attribute);
  if (listed !== undefined) {
    return { numbers: listed, replace: (numbers) => ({ attributes: { [attribute]: numbers } }) };
  }
  const value = node.input(input);
  const numbers = value === undefined ? undefined : facts.numbers(value);
  const dtype = value === undefined ? undefined : facts.dtype(value);
  if (numbers === undefined || dtype === undefined) return refusals.parameterIsUnknown(attribute);
  return {
    numbers,
    replace: (next) => ({ constants: new Map([[input, tensorFromNumbers(dtype, [next.length], next)]]) }),
  };
}

/** The facet of an operator that works along one axis, the last by default, and keeps the order of all. */
export const ALONG_LAST: LayoutFacet = alike([0], (node, perm) => axisAttribute(node, -1, perm));

/** The facet of an operator that needs batch and channels in front; its other axes may change places. */
export const PER_CHANNEL: LayoutFacet = (node, anchor, facts) => {
  const { perm } = anchor;
  if (perm[0] !== 0 || perm[1] !== 1) return refusals.channelsAreAxisOne();
  return alike([0])(node, anchor, facts);
};

/** For an operator that drops or adds axes: the order on the side of higher rank, from the anchor on either side. */
export function largerOrder(
  { side, perm }: Anchor,
  larger: Anchor["side"],
  dropped: ReadonlySet<number>,
  rank: number,
): Permutation {
  return side === larger ? perm : extend(perm, dropped, rank);
}
