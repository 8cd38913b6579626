import { present } from "../../base/assert.js";
import type { Refusal } from "../../base/refusal.js";
import { attributeText } from "../../ir/attribute.js";
import { Builder } from "../../ir/builder.js";
import { isFloat } from "../../ir/dtype.js";
import { Graph, type Value } from "../../ir/graph.js";
import { tensorType } from "../../ir/type.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { sizesOf } from "../../rules/gradient/sizes.js";
import { scalarLike } from "../../rules/gradient/support.js";
import { refusals } from "./refusals.js";

/** One direction of a recurrent layer: sequences are [T, N, ...], states [N, H]. */
export interface Direction {
  readonly index: number;
  readonly backward: boolean;
  readonly x: Value;
  /** [gates * H, I]. */
  readonly w: Value;
  /** [gates * H, H]. */
  readonly r: Value;
  /** B of all directions. */
  readonly bias: Value | undefined;
  /** The state before each step. */
  readonly before: Value;
  /** The state after each step. */
  readonly after: Value;
  readonly cell: Value;
  /** The gradients of the states after each step and at the end. */
  readonly dAfter: Value | undefined;
  readonly dLast: Value;
  readonly dLastCell: Value;
}

/** The gradients of a direction: of x, w, r, the two biases and the initial states. */
export interface DirectionGradients {
  /** The gradient of the input's part of the gates, W x + Wb, for every step: [T, N, gates * H]. */
  readonly dInput: Value;
  readonly dr: Value;
  /** The gradient of the state's bias; undefined where it equals that of the input's bias. */
  readonly dStateBias?: Value | undefined;
  readonly dFirst: Value;
  readonly dFirstCell?: Value | undefined;
}

/** A refusal for forms whose derivative is not written. */
export function refuseForms(c: GradientContext, activations: readonly string[]): Refusal | undefined {
  const { node } = c;
  if (node.int("layout", 0) !== 0) return refusals.layoutIsBatchFirst();
  if (node.attribute("clip") !== undefined) return refusals.cellIsClipped();
  if (node.int("input_forget", 0) !== 0) return refusals.gatesAreCoupled();
  if (node.input(4) !== undefined) return refusals.sequencesHaveLengths();
  if (node.input(7) !== undefined) return refusals.cellHasPeepholes();
  const given = node.attribute("activations");
  if (given === undefined) return undefined;
  const names = given.kind === "strings" ? given.value.map((name) => attributeText(name).toLowerCase()) : [];
  const isDefault =
    names.length > 0 && names.every((name, index) => name === activations[index % activations.length]);
  return isDefault ? undefined : refusals.activationsAreNotDefault(activations);
}

/** One step of a scan: computes new states and outputs from its states and its slices of the sequences, by index. */
export type ScanStep = (
  build: Builder,
  state: (index: number) => Value,
  slice: (index: number) => Value,
) => { readonly states: readonly Value[]; readonly outputs: readonly Value[] };

/**
 * Scans sequences [T, N, ...] from the first step, or from the last. Gives, by index, the last states and after them the
 * outputs in the order of time.
 */
export function scan(
  c: GradientContext,
  states: readonly Value[],
  sequences: readonly Value[],
  fromLast: boolean,
  step: ScanStep,
): (index: number) => Value {
  const { build, facts } = c;
  const dtype = facts.dtype(c.input(0)) ?? "float";
  const body = new Graph("step", build.graph);
  // A body must declare the ranks of its outputs; the sizes may be unknown.
  const port = (base: string) => ({
    name: build.graph.freshName(base),
    type: tensorType(dtype, [undefined, undefined]),
  });
  const stateInputs = states.map(() => body.addInput(port("state")));
  const slices = sequences.map(() => body.addInput(port("slice")));
  const inner = new Builder(body, { prefix: build.prefix });
  const at =
    (values: readonly Value[]) =>
    (index: number): Value =>
      present(values[index], "a step reads what it is given");
  const results = step(inner, at(stateInputs), at(slices));
  for (const result of [...results.states, ...results.outputs]) {
    const output = inner.op("Identity", [result]);
    output.info = { name: output.name, type: tensorType(dtype, [undefined, undefined]) };
    body.addOutput(output);
  }
  const direction = fromLast ? 1 : 0;
  const outputs = build.ops(
    "Scan",
    [...states, ...sequences],
    results.states.length + results.outputs.length,
    {
      body: { kind: "graph", value: body },
      num_scan_inputs: BigInt(sequences.length),
      scan_input_directions: sequences.map(() => direction),
      scan_output_directions: results.outputs.map(() => direction),
    },
  );
  return at(outputs);
}

/** The entry of one direction on an axis of directions, without the axis. */
export function pick({ build }: GradientContext, value: Value, index: number, axis: number): Value {
  return build.op("Gather", [value, build.int(index)], { axis: BigInt(axis) });
}

/** The biases of the input's and the state's part of the gates, [gates * H] each; undefined without B. */
export function biasOf(
  c: GradientContext,
  { bias, index }: Direction,
): { readonly input: Value; readonly state: Value } | undefined {
  if (bias === undefined) return undefined;
  const [input, state] = gatesOf(c, pick(c, bias, index, 0), 2);
  return { input: present(input, "a half of B"), state: present(state, "a half of B") };
}

/** Zeros of [N, H]. */
export function zeroState(c: GradientContext, after: Value): Value {
  return c.build.op("Expand", [scalarLike(c, 0, c.input(0)), sizesOf(c, after, 1, 3)]);
}

/** Splits a value into parts of equal size along the last axis. */
export function gatesOf({ build }: GradientContext, value: Value, count: number): readonly Value[] {
  return build.ops("Split", [value], count, { axis: -1n, num_outputs: BigInt(count) });
}

/** value [T, N, K] times matrix^T [K, M]. */
export function timesTransposed({ build }: GradientContext, value: Value, matrix: Value): Value {
  return build.op("MatMul", [value, build.op("Transpose", [matrix], { perm: [1, 0] })]);
}

/** The gradient of a matrix that multiplies all steps of `source` [T, N, K], from the gradient of the product. */
export function matrixGradient({ build }: GradientContext, gradient: Value, source: Value): Value {
  const [rows, columns] = [gradient, source].map((value) => build.op("Flatten", [value], { axis: 2n }));
  return build.op("Gemm", [rows ?? gradient, columns ?? source], { transA: 1n });
}

/** The state before each step, from the states after the steps and the initial state. */
export function shifted(c: GradientContext, after: Value, first: Value, backward: boolean): Value {
  const { build } = c;
  const start = build.op("Unsqueeze", [first, build.ints([0])]);
  const [from, to] = backward ? [1, Number.MAX_SAFE_INTEGER] : [0, -1];
  const others = build.op("Slice", [after, build.ints([from]), build.ints([to]), build.ints([0])]);
  return build.op("Concat", backward ? [others, start] : [start, others], { axis: 0n });
}

/** 1 - value. */
export function oneMinus(c: GradientContext, value: Value): Value {
  return c.build.op("Sub", [oneLike(c), value]);
}

function oneLike(c: GradientContext): Value {
  const dtype = c.facts.dtype(c.input(0));
  return dtype !== undefined && isFloat(dtype) ? c.build.scalar(1, dtype) : scalarLike(c, 1, c.input(0));
}

/** The product of several values. */
export function productOf({ build }: GradientContext, first: Value, ...others: readonly Value[]): Value {
  return others.reduce((product, value) => build.op("Mul", [product, value]), first);
}
