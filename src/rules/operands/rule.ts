import type { DType } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Gap, opaque } from "../facet.js";

/** The values that an operand may have, where the model runs on no others. */
export type Demand =
  /** Any numbers in [low, high); whole ones where `whole` says so, and always in an operand of integers. */
  | { readonly kind: "range"; readonly low: number; readonly high: number; readonly whole: boolean }
  /** These elements, in row-major order. A hole is free. */
  | { readonly kind: "elements"; readonly elements: readonly (number | undefined)[] };

/** What a rule may know of a node when a run is prepared: sizes are numbers then. */
export interface OperandContext {
  readonly node: Node;
  /** The position of the operand in question. */
  readonly index: number;
  /** The version of the operator set that the node is in. */
  readonly opset: number;
  /** The number of elements of the operand in question; undefined where it is not known. */
  readonly count: number | undefined;
  /** The type of the operand in question. */
  readonly dtype: DType | undefined;
  /** The sizes of input `index`. */
  dims(index: number): readonly number[] | undefined;
  /** The elements of input `index`: those of a constant, or those that its own rule demands. */
  numbers(index: number): readonly number[] | undefined;
  /** The sizes that the model declares for output `index`, or a pointwise function of it. A hint: declarations may be wrong. */
  declared(index: number): readonly number[] | undefined;
  /** The size that a weight behind output 0 asks of its axis. */
  sizeByWeight(axis: number): number | undefined;
}

/** The values that an operand may have; undefined where nothing is known, or where all are fine. */
export type OperandRule = (at: OperandContext) => Demand | undefined;

/** The rules of an operator's inputs, by their positions. An input without a rule takes any value. */
export type OperandRules = Readonly<Record<number, OperandRule>>;

/** The row of an operator that runs on any values of its inputs. */
export const ANY_VALUES: Gap = opaque("it takes any values");

/** Real numbers in [low, high). */
export function numbersIn(low: number, high: number): OperandRule {
  return () => ({ kind: "range", low, high, whole: false });
}

/** Whole numbers in [low, high). */
export function integersIn(low: number, high: number): OperandRule {
  return () => ({ kind: "range", low, high, whole: true });
}

/** Whole numbers from 0 to below `size`, or to 1 where it is not known. */
export function indices(size: number | undefined): Demand {
  return { kind: "range", low: 0, high: size !== undefined && size > 0 ? size : 2, whole: true };
}

/** These elements; undefined where there are none. */
export function exactly(elements: readonly (number | undefined)[] | undefined): Demand | undefined {
  return elements === undefined ? undefined : { kind: "elements", elements };
}

/** The same number everywhere. */
export function always(element: number): OperandRule {
  return ({ count }) => exactly(Array.from({ length: count ?? 1 }, () => element));
}

/** As many different axes as the operand has elements: 0, 1, ... */
export const firstAxes: OperandRule = ({ count }) =>
  count === undefined ? undefined : exactly(Array.from({ length: count }, (_, axis) => axis));

/** One axis of input 0. */
export const anyAxis: OperandRule = (at) => indices(at.dims(0)?.length);

/** The places along `axis` of input 0, an attribute of the node. */
export function placesAlong(fallback: number): OperandRule {
  return (at) => indices(at.dims(0)?.at(at.node.int("axis", fallback)));
}
