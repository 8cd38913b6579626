import type { BodyInputRule, InferRule } from "../rules/fact.js";

/** What the compiler knows about an operator. A facet that is missing means "opaque". */
export interface OperatorFacets {
  /** Types, shapes and small elements of the outputs. */
  readonly infer?: InferRule;
  /** The inputs of its bodies (control flow). */
  readonly bodyInput?: BodyInputRule;
  /**
   * False when two runs on the same inputs may differ, so that nodes of it may neither be merged nor computed beforehand.
   * Operators that are not listed at all must be taken as not deterministic.
   */
  readonly deterministic: boolean;
}
