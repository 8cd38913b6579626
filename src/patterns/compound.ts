import type { SpecialValue } from "../base/special-values.js";
import type { AttributeInit } from "../ir/attribute.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Tensor } from "../ir/tensor.js";

/** A constant that the single operator needs and the model does not have yet. */
export interface NewConstant {
  /** Its elements. */
  readonly constant: Tensor;
  /** The wanted name of the new constant. */
  readonly name: string;
}

/** An input of the single operator; null for one that is left out. */
export type CompoundInput = Value | NewConstant | null;

/** Several operators that compute what one standard operator does. */
export interface Compound {
  /** The operator. */
  readonly opType: StandardOperator;
  /** Its inputs. */
  readonly inputs: readonly CompoundInput[];
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, AttributeInit>>;
  /** The nodes of the spelling, in graph order; the last gives the result. */
  readonly nodes: readonly Node[];
  /** The first version of the standard operator set that has the operator in this meaning. */
  readonly since: number;
  /** Whether it gives the same bits as the expression. */
  readonly numerics: "exact" | "rounding";
  /** The special values that the one operator may treat otherwise than the spelling. */
  readonly mayChange: readonly SpecialValue[];
}
