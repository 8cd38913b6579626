import type { DType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { SymDim } from "./dims.js";
import type { FactType } from "./fact.js";

/** The facts hold the elements of tensors up to this size, so that weights are never read. */
export const MAX_ELEMENTS = 64;

/** A place where a model contradicts itself. There the inferred facts hold, or nothing is known. */
export interface FactConflict {
  /** The label of the node, or the name of the value. */
  readonly element: string;
  /** The contradiction, in one line. */
  readonly message: string;
}

/**
 * The known facts about the values of a model: types, symbolic shapes and the elements of small tensors. A fact is computed
 * at its first use, and kept. A rewrite preserves the meaning of values, so that their facts stay true; fresh facts
 * may say more (`isDated`). An answer may say less than the truth (undefined), but it is never wrong for a valid model.
 */
export interface Facts {
  /** The type as far as it is known. */
  typeOf(value: Value): FactType | undefined;
  /** The type of the elements of a tensor. */
  dtype(value: Value): DType | undefined;
  /** The number of axes of a tensor. */
  rank(value: Value): number | undefined;
  /** Undefined where the rank is not known. An unknown size is a symbol of its own. */
  shape(value: Value): readonly SymDim[] | undefined;
  /** The shape when all sizes are numbers. */
  staticShape(value: Value): readonly number[] | undefined;
  /** The elements, in row-major order, of an integer or boolean (0, 1) tensor of up to MAX_ELEMENTS elements. */
  elements(value: Value): readonly SymDim[] | undefined;
  /** The elements of any tensor of numbers of up to MAX_ELEMENTS elements, where all of them are plain numbers. */
  numbers(value: Value): readonly number[] | undefined;
  /** The version of the operator set that the node is in; undefined when its domain is not imported. */
  opset(node: Node): number | undefined;
  /** True when the node calls a function of the model. A function takes precedence over an operator of the same name. */
  isCall(node: Node): boolean;
  /** Drops the fact of a value, for an edit that changes its meaning. */
  forget(value: Value): void;
  /** Notes that the readers of `from` read `to` from now on. More may be known of `to` than of `from`. */
  replaced(from: Value, to: Value): void;
  /** True after a replacement by a value of which more is known: facts computed anew would say more. */
  readonly isDated: boolean;
  /** The contradictions found so far. */
  readonly conflicts: readonly FactConflict[];
}
