import type { DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { SymDim } from "./dims.js";
import type { FactType } from "./fact.js";

/** Tensors of more elements are never read, so weights never are. */
export const MAX_ELEMENTS = 64;

/** A place where a model contradicts itself; the facts there are the inferred ones, or none. */
export interface FactConflict {
  /** The label of the node, or the name of the value. */
  readonly element: string;
  /** What contradicts what, in one line. */
  readonly message: string;
}

/**
 * What is known about the values of a model: types, symbolic shapes, the elements of small tensors. Worked out when
 * asked for and kept; rewrites preserve what values mean, so nothing needs to be forgotten after one, though more may be
 * known afresh (`isDated`). Answers may be less precise than the truth (undefined), never wrong for a valid model.
 */
export interface Facts {
  /** The type as far as it is known. */
  typeOf(value: Value): FactType | undefined;
  /** The type of the elements of a tensor. */
  dtype(value: Value): DType | undefined;
  /** The number of axes of a tensor. */
  rank(value: Value): number | undefined;
  /** undefined: the rank is not known. Unknown sizes are symbols of their own. */
  shape(value: Value): readonly SymDim[] | undefined;
  /** The shape when all sizes are numbers. */
  staticShape(value: Value): readonly number[] | undefined;
  /** The elements, in row-major order, of an integer or boolean (0, 1) tensor of up to MAX_ELEMENTS elements. */
  elements(value: Value): readonly SymDim[] | undefined;
  /** The elements of a tensor of numbers of up to MAX_ELEMENTS elements when they are all known numbers. */
  numbers(value: Value): readonly number[] | undefined;
  /** The version of the operator set that the node is in; undefined when its domain is not imported. */
  opset(node: Node): number | undefined;
  /** True when the node calls a function of the model, which takes precedence over an operator of the same name. */
  isCall(node: Node): boolean;
  /** Drops what is kept about a value, for an edit that changes what it means. */
  forget(value: Value): void;
  /** Notes that what had read `from` reads `to` from now on, of which more may be known. */
  replaced(from: Value, to: Value): void;
  /** True once something was worked out from a value that more is known of since: facts worked out afresh are sharper. */
  readonly isDated: boolean;
  /** The contradictions met so far. */
  readonly conflicts: readonly FactConflict[];
}
