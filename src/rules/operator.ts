import type { AttributeInit } from "../ir/attribute.js";
import type { BoundName, WorkName } from "./work.js";

/**
 * Properties that an operator has for all inputs and attributes. Passes, insertion, the check and the cost model ask
 * for traits instead of keeping lists of names. test/ops/catalogue.traits.test.ts holds those that can be computed against the
 * float64 reference, in both directions.
 */
export type Trait =
  /** Each element of the output is a function of the elements at the same place of the operands, after broadcasting. */
  | "pointwise"
  /** All inputs broadcast against each other (from opset 7 or 8 on for the oldest). */
  | "broadcasts"
  /** An activation function that networks put behind a linear layer. */
  | "nonlinearity"
  /** f(a) <= f(b) for a <= b where f is defined, for all values of its attributes. */
  | "monotone"
  /** f(s x) = s f(x) for every s >= 0, of the first input. */
  | "homogeneous"
  /** The inputs may change places. */
  | "commutative"
  /** f(f(x)) = x */
  | "involution"
  /** f(f(x)) = f(x) */
  | "idempotent"
  /** Rounds to whole numbers. */
  | "rounds"
  /** The least change of a floating-point input may change a floating-point output by a step, or its sizes. */
  | "jumps"
  /** No element of the output is below zero. */
  | "nonNegative"
  /** All elements of the output lie between 0 and 1. */
  | "unitRange"
  /** Flattens large differences of its input: far-off inputs give nearly equal outputs. */
  | "saturates"
  /** One of the four basic operations on two operands. */
  | "arithmetic"
  /** The first input in another shape: the same elements in the same order. */
  | "view"
  /** Every element of the first input exactly once, perhaps in another order or shape. */
  | "rearranges"
  /** Every element of the output is an element of a data input; nothing is computed. */
  | "movesData"
  /** Sizes of its input, whatever the elements of the input are. */
  | "givesSizes"
  /** Interpolates between places of its input. */
  | "resamples"
  /** The greatest element or the mean of each window, channel by channel. */
  | "pools"
  /** A layer linear in its first input, with a weight as its second. */
  | "linear"
  /** A recurrent layer over a sequence. */
  | "recurrent"
  /** Brings its input to a fixed mean, variance or length. */
  | "normalizes"
  /** One number for all elements along the named axes. */
  | "reduces"
  /** The place of the largest or the smallest element. */
  | "indexOfExtremum"
  /** Goes between floating-point numbers and quantized ones. */
  | "quantizes"
  /** Draws random numbers. Dropout draws in training only: see dropsAtRandom. */
  | "random";

/** The number of inputs or outputs of an operator: an exact number, or a range. */
export type Arity = number | readonly [least: number, most: number | "variadic"];

/**
 * What a constant is to the operator that reads it, at a floating-point input.
 *
 * - weight, bias, scale, shift, slope: the parameters of a layer.
 * - table: its slices are looked up.
 * - addend, factor: of arithmetic, where it may be a parameter or part of a formula.
 * - state: where a recurrence starts.
 * - statistic: measured, not learned.
 * - setting: a bound, a size, a rate.
 */
export type ParameterRole =
  | "weight"
  | "bias"
  | "scale"
  | "shift"
  | "slope"
  | "table"
  | "addend"
  | "factor"
  | "state"
  | "statistic"
  | "setting";

/** The roles of an operator's inputs, by their positions. */
export type ParameterInputs = Readonly<Record<number, ParameterRole>>;

/** The layout of a recurrent layer: its gates and its defaults. */
export interface Recurrence {
  /** The gates of one direction: as many rows of the weight for each hidden unit. */
  readonly gates: number;
  /** The optional inputs that are zeros where they are left out, by their positions. */
  readonly zeroByDefault: readonly number[];
}

/** A default that an opset has changed. */
export interface ChangedDefault {
  /** The default from each opset on. */
  readonly byOpset: Readonly<Record<number, AttributeInit>>;
}

/** The declaration of an operator; its family's folder has the only one. */
export interface OperatorRecord {
  /** The opsets that introduced and changed it, up to HIGHEST_OPSET. */
  readonly since: readonly number[];
  /**
   * The versions in `since` that changed the meaning of existing nodes or made them invalid. The family's raise.ts has a
   * step for each. The other versions only added a type, an optional input, or an attribute that defaults to the old behaviour.
   */
  readonly breaking?: readonly number[];
  /** The number of inputs, over all versions. */
  readonly inputs: Arity;
  /** The number of outputs, over all versions. Default: one. */
  readonly outputs?: Arity;
  /** The properties that it has for all inputs and attributes. Default: none. */
  readonly traits?: readonly Trait[];
  /**
   * The second operand that leaves the first unchanged; in a commutative operator also the first operand. 1 stands for
   * true.
   */
  readonly neutral?: number;
  /**
   * The largest slope of a smooth operator that saturates: its result moves at most this far when its input moves by
   * one. A Softmax moves by p (1 - p) times the difference of two movements, a Sigmoid by p (1 - p) times one.
   */
  readonly steepest?: number;
  /** What constants are at its inputs; at others nothing is known of them. */
  readonly parameters?: ParameterInputs;
  /**
   * Attributes that passes write even at their default, which other readers than onnxruntime take to be another or require.
   * null: the default depends on the input, so the pass gives it.
   */
  readonly spelledOut?: Readonly<Record<string, AttributeInit | ChangedDefault | null>>;
  /** The layout of a recurrent layer; undefined for other operators. */
  readonly recurrence?: Recurrence;
  /** The work of one run. Default: a few operations for each element that it reads and writes. */
  readonly work?: WorkName;
  /** The most elements of its outputs, where only a run tells their sizes. Default: the inferred sizes are all there is. */
  readonly bound?: BoundName;
  /** Old exporters write it in the standard domain, but no opset has it. */
  readonly experimental?: true;
}

export type OperatorTable = Readonly<Record<string, OperatorRecord>>;

/** The names of the operators of a table that have a trait, as a type. */
export type OperatorsWith<Table extends OperatorTable, T extends Trait> = {
  [Name in keyof Table]: Table[Name] extends { readonly traits: readonly (infer U)[] }
    ? T extends U
      ? Name
      : never
    : never;
}[keyof Table];
