import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { type ReferenceTensor, referenceFromBytes, referenceTensor } from "../../src/float64/tensor.js";
import type { Model } from "../../src/ir/model.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import type { RuntimeTensor, TensorMap } from "../../src/runtime/runtime.js";
import { modelOf } from "./runtime.js";

export interface Input {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** 1, 2, 3, ... in a shape. */
export function counting(...dims: readonly number[]): Input {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return { dims, data: Array.from({ length: size }, (_, index) => index + 1) };
}

export function floats(inputs: Readonly<Record<string, Input>>): Map<string, ReferenceTensor> {
  return new Map(
    Object.entries(inputs).map(
      ([name, { dims, data }]) => [name, referenceTensor("float", dims, data)] as const,
    ),
  );
}

/** The first output of a model, which must have a reference. */
export function evaluate(model: Model, inputs: Readonly<Record<string, Input>>): ReferenceTensor {
  const outputs = evaluateReference(model, floats(inputs));
  if (isRefusal(outputs)) throw new Error(outputs.reason);
  const [first] = outputs.values();
  if (first === undefined) throw new Error("no output");
  return first;
}

/** `y = ...` on inputs x, w, ... as a graph; the declared shapes are only ranks. */
export function run(
  body: string,
  inputs: Readonly<Record<string, Input>>,
  options: { readonly opset?: number; readonly constants?: string; readonly y?: string } = {},
): ReferenceTensor {
  const ports = Object.entries(inputs).map(([name, { dims }]) => `float[${dims.join()}] ${name}`);
  const constants = options.constants === undefined ? "" : `<${options.constants}>`;
  const text = `g (${ports.join()}) => (${options.y ?? "float[]"} y) ${constants} { ${body} }`;
  return evaluate(modelOf(text, options.opset ?? 17), inputs);
}

export function referenceOf(tensor: RuntimeTensor): ReferenceTensor {
  if (!(tensor.data instanceof Uint8Array)) throw new Error("no numbers");
  return referenceFromBytes(tensor.dtype, tensor.dims, tensor.data);
}

export function referencesOf(tensors: TensorMap): Map<string, ReferenceTensor> {
  return new Map([...tensors].map(([name, tensor]) => [name, referenceOf(tensor)] as const));
}

/** Largest difference relative to the largest magnitude; Infinity for another shape or type. */
export function relativeDifference(actual: ReferenceTensor | undefined, expected: ReferenceTensor): number {
  if (actual === undefined || actual.dtype !== expected.dtype) return Infinity;
  if (String(actual.dims) !== String(expected.dims)) return Infinity;
  let largest = 1e-30;
  let worst = 0;
  expected.data.forEach((value, index) => {
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    const other = actual.data[index] ?? NaN;
    if (Object.is(value, other) || value === other) return;
    const difference = Math.abs(value - other);
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  });
  return worst / largest;
}

/** The elements, to twelve decimals. */
export function values(tensor: ReferenceTensor): number[] {
  return Array.from(tensor.data, (value) => Number(value.toFixed(12)));
}

/** body, inputs, dims and elements by hand. */
export type ReferenceCase = readonly [
  body: string,
  inputs: Record<string, Input>,
  dims: number[],
  data: number[],
  opset?: number,
];

/** One test for each case that was computed by hand. */
export function referenceTable(name: string, cases: readonly ReferenceCase[]): void {
  describe(`${name} by hand`, () => {
    it.each(cases.map((given) => [given[0], given] as const))(
      "%s",
      (_, [body, inputs, dims, data, opset]) => {
        const y = run(body, inputs, opset === undefined ? {} : { opset });
        expect(y.dims).toEqual(dims);
        expect(values(y)).toEqual(data);
      },
    );
  });
}
