import { createFacts } from "../analysis/fact-table.js";
import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import type { ValueType } from "../ir/type.js";
import { borderType } from "../library/submodel.js";
import type { Facts } from "../rules/facts.js";

/** What a value of the model was in a run. */
export interface RecordedValue {
  readonly type: ValueType;
  /** Its elements; undefined where they are too many to keep. */
  readonly tensor: Tensor | undefined;
}

/** The values of the main graph in one run of the model that is reduced, by name. They keep their names while it shrinks. */
export type Recording = ReadonlyMap<string, RecordedValue>;

/** What is known of the values of one model: what follows from its nodes and, where that is nothing, what a run gave. */
export class Knowledge {
  readonly facts: Facts;
  readonly #recording: Recording;

  constructor(model: Model, recording: Recording) {
    this.facts = createFacts(model);
    this.#recording = recording;
  }

  /** The type to declare for a value that becomes an input or output. */
  type(value: Value): ValueType | undefined {
    const inferred = borderType(value, this.facts);
    const recorded = this.#recording.get(value.name)?.type;
    return inferred === undefined || (recorded !== undefined && isVague(inferred)) ? recorded : inferred;
  }

  /** The elements of a value that is the same in every run, and that no generated input could stand for: sizes, axes. */
  constant(value: Value): Tensor | undefined {
    const { facts } = this;
    const [dtype, dims, numbers] = [facts.dtype(value), facts.staticShape(value), facts.numbers(value)];
    if (dtype === undefined || dims === undefined || numbers === undefined) return undefined;
    // The facts hold numbers, and the ends of int64 are none.
    if (!isFloat(dtype) && !numbers.every(Number.isSafeInteger)) return undefined;
    return tensorFromNumbers(dtype, dims, numbers);
  }

  /** The elements that the value had in the recorded run. */
  recorded(value: Value): Tensor | undefined {
    return this.#recording.get(value.name)?.tensor;
  }
}

/** Whether a type leaves sizes open that a run has; those that have a name are the same wherever it stands. */
function isVague(type: ValueType): boolean {
  return type.kind === "tensor" && (type.shape === undefined || type.shape.includes(undefined));
}
