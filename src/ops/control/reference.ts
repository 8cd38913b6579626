import {
  allocate,
  axisOf,
  type ReferenceTensor,
  referenceTensor,
  sizeOf,
  splitAt,
} from "../../float64/tensor.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** The most iterations that are evaluated; more would take too long. */
const MAX_TRIPS = 100_000;

const branch: ReferenceRule = (c) =>
  c.runBody(c.graph(c.input(0).data[0] !== 0 ? "then_branch" : "else_branch"), []);

/** Tensors of the same dims side by side on a new axis. */
function stack(parts: readonly ReferenceTensor[], axis: number): ReferenceTensor {
  const [first] = parts;
  if (first === undefined) throw errors.stackOfNothingHasNoShape();
  const at = axisOf(axis, first.dims.length + 1);
  const dims = first.dims.toSpliced(at, 0, parts.length);
  const { outer, size, inner } = splitAt(dims, at);
  const out = allocate(sizeOf(dims));
  parts.forEach((part, index) => {
    if (part.data.length !== first.data.length) throw errors.scanOutputsDifferInSize();
    for (let n = 0; n < outer; n++)
      out.set(part.data.subarray(n * inner, (n + 1) * inner), (n * size + index) * inner);
  });
  return referenceTensor(first.dtype, dims, out);
}

const loop: ReferenceRule = (c) => {
  const body = c.graph("body");
  const trips = c.optional(0)?.data[0] ?? Infinity;
  let going = (c.optional(1)?.data[0] ?? 1) !== 0;
  const count = Math.max(c.inputs.length - 2, 0);
  let carried = Array.from({ length: count }, (_, index) => c.input(index + 2));
  const scanned: ReferenceTensor[][] = Array.from({ length: body.outputs.length - 1 - count }, () => []);
  for (let trip = 0; trip < trips && going; trip++) {
    if (trip > MAX_TRIPS) throw errors.loopRunsTooLong();
    const results = c.runBody(body, [
      referenceTensor("int64", [], [trip]),
      referenceTensor("bool", [], [1]),
      ...carried,
    ]);
    going = results[0]?.data[0] !== 0;
    carried = results.slice(1, 1 + count);
    results.slice(1 + count).forEach((result, index) => {
      scanned[index]?.push(result);
    });
  }
  return [...carried, ...scanned.map((parts) => stack(parts, 0))];
};

const scan: ReferenceRule = (c) => {
  // Version 8 had a batch axis and sequence lengths.
  if (c.opset < 9) throw errors.scanVersionIsOld(c.opset);
  const body = c.graph("body");
  const inputs = c.int("num_scan_inputs", 0);
  const states = c.inputs.length - inputs;
  const outputs = body.outputs.length - states;
  const sources = Array.from({ length: inputs }, (_, index) => {
    const x = c.input(states + index);
    return { x, axis: axisOf(c.ints("scan_input_axes")?.[index] ?? 0, x.dims.length) };
  });
  const backward = (name: string, index: number): boolean => c.ints(name)?.[index] === 1;
  const trips = sources[0]?.x.dims[sources[0].axis] ?? 0;
  let carried = Array.from({ length: states }, (_, index) => c.input(index));
  const scanned: ReferenceTensor[][] = Array.from({ length: outputs }, () => []);
  for (let trip = 0; trip < trips; trip++) {
    const slices = sources.map(({ x, axis }, index) =>
      sliceOf(x, axis, backward("scan_input_directions", index) ? trips - 1 - trip : trip),
    );
    const results = c.runBody(body, [...carried, ...slices]);
    carried = results.slice(0, states);
    results.slice(states).forEach((result, index) => {
      if (backward("scan_output_directions", index)) scanned[index]?.unshift(result);
      else scanned[index]?.push(result);
    });
  }
  return [
    ...carried,
    ...scanned.map((parts, index) => stack(parts, c.ints("scan_output_axes")?.[index] ?? 0)),
  ];
};

/** The slice at an index of an axis, without the axis. */
function sliceOf(x: ReferenceTensor, axis: number, index: number): ReferenceTensor {
  const { outer, size, inner } = splitAt(x.dims, axis);
  const out = allocate(outer * inner);
  for (let n = 0; n < outer; n++) {
    const from = (n * size + index) * inner;
    out.set(x.data.subarray(from, from + inner), n * inner);
  }
  return referenceTensor(x.dtype, x.dims.toSpliced(axis, 1), out);
}

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  If: branch,
  Loop: loop,
  Scan: scan,
  SequenceMap: missing("the reference holds tensors only"),
};
