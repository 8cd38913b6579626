import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { AttributeInit } from "../../ir/attribute.js";
import type { Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import { constantTensor } from "../constants.js";
import type { Facts } from "../facts.js";
import { refusals } from "../refusals.js";
import { normalAxes } from "../shapes.js";
import { extend, isIdentity, type Permutation } from "./permutation.js";

/** One value at a node, and the order of axes that it is to have instead of the one it has. */
export interface Anchor {
  readonly side: "input" | "output";
  readonly index: number;
  readonly perm: Permutation;
}

/** What a node changes beside the values that it moves. */
export interface Change {
  /** undefined removes one. */
  readonly attributes?: Readonly<Record<string, AttributeInit | undefined>>;
  /** Other constants in the place of inputs, by index. */
  readonly constants?: ReadonlyMap<number, Tensor>;
}

/**
 * How a node does the same work with its data in another order of axes: given the inputs as Transpose(input, perm), it gives
 * the outputs as Transpose(output, perm). Values that are not named stay as they are. A constant input may be of lower
 * rank than its order: it takes axes of size one in front.
 */
export interface Relayout extends Change {
  /** Another operator that it becomes; undefined when it stays what it is. */
  readonly opType?: StandardOperator;
  readonly inputs: ReadonlyMap<number, Permutation>;
  readonly outputs: ReadonlyMap<number, Permutation>;
  /** Constants of nodes that read the output, which take up what the order of axes changes in it. */
  readonly elsewhere?: readonly { readonly node: Node; readonly index: number; readonly tensor: Tensor }[];
}

/** How the node looks when the value at the anchor has that order of axes, or why it cannot. */
export type LayoutFacet = (node: Node, anchor: Anchor, facts: Facts) => Relayout | Refusal;

/** The entries that move something. */
export function moved(entries: Iterable<readonly [number, Permutation]>): ReadonlyMap<number, Permutation> {
  return new Map([...entries].filter(([, perm]) => !isIdentity(perm)));
}

export function rankOf(value: Value | undefined, facts: Facts): number | undefined {
  return value === undefined ? undefined : facts.rank(value);
}

export function normalized(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The outputs that are there. */
export function allOutputs(node: Node): readonly number[] {
  return node.outputs.flatMap((value, index) => (value === null ? [] : [index]));
}

/** Inputs that all have the same order of axes as the outputs; `change` maps what names axes. */
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

export const NO_CHANGE: Change = {};

/** An attribute that names one axis. */
export function axisAttribute(node: Node, fallback: number, perm: Permutation): Change | Refusal {
  const axis = normalized(node.int("axis", fallback), perm.length);
  const at = perm.indexOf(axis);
  return at < 0 ? refusals.axisIsOutsideRank() : { attributes: { axis: at } };
}

/** Axes that an operator names. */
export interface NamedAxes {
  readonly axes: readonly number[];
  /** Names other axes in the same place. */
  readonly rename: (axes: readonly number[]) => Change;
}

/** The axes of an operator that has them as attribute "axes" or, later, as an input; undefined when it names none. */
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

/** The list that an attribute or, later, an input holds: one number for each axis. */
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

/** One axis, named by an attribute, and every output as large as the input but for it. */
export const ALONG_LAST: LayoutFacet = alike([0], (node, perm) => axisAttribute(node, -1, perm));

/** The first two axes are what they are: batch and channels. The others may change places. */
export const PER_CHANNEL: LayoutFacet = (node, anchor, facts) => {
  const { perm } = anchor;
  if (perm[0] !== 0 || perm[1] !== 1) return refusals.channelsAreAxisOne();
  return alike([0])(node, anchor, facts);
};

/** The order of the larger side of an operator that drops axes, from the anchor on either side. */
export function largerOrder(
  { side, perm }: Anchor,
  larger: Anchor["side"],
  dropped: ReadonlySet<number>,
  rank: number,
): Permutation {
  return side === larger ? perm : extend(perm, dropped, rank);
}
