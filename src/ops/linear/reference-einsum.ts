import {
  allocate,
  broadcastDims,
  type ReferenceTensor,
  referenceTensor,
  sizeOf,
  stridesOf,
} from "../../float64/tensor.js";
import type { ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import { implicitOutput } from "./infer.js";

/** Stands for the axes of an ellipsis, the last one first. */
const HIDDEN = "0123456789";

interface Term {
  readonly labels: readonly string[];
  readonly x: ReferenceTensor;
  readonly strides: readonly number[];
}

/** The sum over all labels that the output lacks of the products of the operands' elements. */
export const einsum: ReferenceRule = (c) => {
  const [inputs = "", given] = c.text("equation", "").replaceAll(/\s/g, "").split("->");
  let hidden = 0;
  const terms = inputs.split(",").map((text, index): Term => {
    const x = c.input(index);
    const count = x.dims.length - text.replace("...", "").length;
    if (count < 0 || (count > 0 && !text.includes("..."))) throw errors.termDoesNotFitOperand(text, x.dims);
    hidden = Math.max(hidden, count);
    return { labels: spelled(text, count), x, strides: stridesOf(x.dims) };
  });
  const output = spelled(given ?? implicitOutput(inputs), hidden);
  const sizes = new Map<string, number>();
  for (const { labels, x } of terms) {
    labels.forEach((label, axis) => {
      const [size = 1] = broadcastDims([sizes.get(label) ?? 1], [x.dims[axis] ?? 1]);
      sizes.set(label, size);
    });
  }
  const labels = [...output, ...[...sizes.keys()].filter((label) => !output.includes(label))];
  const dims = labels.map((label) => sizes.get(label) ?? 1);
  const steps = terms.map((term) => labels.map((label) => stepOf(term, label)));
  const outDims = dims.slice(0, output.length);
  const out = allocate(sizeOf(outDims));
  const summed = sizeOf(dims.slice(output.length));
  const total = sizeOf(dims);
  for (let i = 0; i < total; i++) {
    let product = 1;
    terms.forEach(({ x }, index) => {
      product *= x.data[offsetOf(i, dims, steps[index] ?? [])] ?? 0;
    });
    const at = Math.floor(i / summed);
    out[at] = (out[at] ?? 0) + product;
  }
  return [referenceTensor(c.input(0).dtype, outDims, out)];
};

function spelled(text: string, hidden: number): string[] {
  return [...text.replace("...", [...HIDDEN.slice(0, hidden)].reverse().join(""))];
}

/** The distance between two indices of a label. A repeated label runs along the diagonal, and a size of 1 does not move. */
function stepOf({ labels, x, strides }: Term, label: string): number {
  let step = 0;
  labels.forEach((other, axis) => {
    if (other === label && x.dims[axis] !== 1) step += strides[axis] ?? 0;
  });
  return step;
}

function offsetOf(index: number, dims: readonly number[], steps: readonly number[]): number {
  let offset = 0;
  let rest = index;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const size = dims[axis] ?? 1;
    offset += (rest % size) * (steps[axis] ?? 0);
    rest = Math.floor(rest / size);
  }
  return offset;
}
