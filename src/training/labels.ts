import { product } from "../base/integers.js";
import { LABELS } from "../data/bind.js";
import { type DType, isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import { type Dim, tensorType } from "../ir/type.js";
import type { GradientBuild } from "../rules/gradient/support.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import type { Loss } from "./loss.js";

/**
 * The labels of a batch in the type and shape of the input `name` that takes them; one number a sample may come as [N]
 * or [N, 1]. Throws "usage" where there are none, and where they have other sizes, are text, or are no whole numbers
 * for classes.
 */
export function labelsOf(tensors: TensorMap, model: Model, name: string): RuntimeTensor {
  const labels = tensors.get(LABELS);
  if (labels === undefined) throw errors.dataHasNoLabels(LABELS);
  const type = model.graph.inputs.find((input) => input.name === name)?.type;
  const { data, dims } = labels;
  if (type?.kind !== "tensor" || !(data instanceof Uint8Array)) {
    throw errors.labelsAreText();
  }
  const { shape, dtype } = type;
  const fits = (sizes: readonly number[]): boolean =>
    shape === undefined ||
    (shape.length === sizes.length &&
      shape.every((dim, axis) => axis === 0 || typeof dim !== "number" || dim === sizes[axis]));
  const other = dims.at(-1) === 1 ? dims.slice(0, -1) : [...dims, 1];
  const sizes = [dims, other].find(fits);
  if (sizes === undefined) {
    const wanted = shape?.map((dim, axis) => (axis === 0 ? "N" : (dim ?? "?"))).join(",");
    throw errors.labelShapeDiffers(dims, wanted ?? "");
  }
  if (labels.dtype === dtype) return { dtype, dims: sizes, data };
  const numbers = decodeNumbers(labels.dtype, data, tensorSize(dims));
  const broken = isFloat(dtype) ? undefined : numbers.find((value) => !Number.isInteger(value));
  if (broken !== undefined) throw errors.labelIsNotWhole(broken);
  return { dtype, dims: sizes, data: encodeNumbers(dtype, numbers) };
}

/** Throws "invalid" for a label that is no class or no probability: the loss would silently treat its sample as one without a class. */
export function assertLabels(
  labels: RuntimeTensor,
  loss: Loss,
  classes: number | undefined,
  places: ArrayLike<number> | undefined,
): void {
  if (loss.kind !== "cross-entropy" || (classes === undefined && loss.softLabels !== true)) return;
  const { dtype, dims, data } = labels;
  if (!(data instanceof Uint8Array)) throw errors.labelsAreText();
  const count = product(dims);
  const numbers = decodeNumbers(dtype, data, count);
  for (let i = 0; i < count; i++) {
    const label = numbers[i] ?? 0;
    const isRight =
      classes === undefined
        ? label >= 0 && label <= 1
        : (label >= 0 && label < classes && Number.isInteger(label)) || label === loss.ignoreIndex;
    if (isRight) continue;
    const place = places?.[Math.floor((i * (dims[0] ?? 1)) / count)];
    const sample = place === undefined ? "a sample" : `sample ${place}`;
    throw classes === undefined
      ? errors.labelIsNoProbability(sample, label)
      : errors.labelIsNoClass(sample, label, classes);
  }
}

/** Adds the input for the labels to a step. */
export function addLabels({ build }: GradientBuild, dtype: DType, shape: readonly Dim[] | undefined): Value {
  return build.graph.addInput({ name: build.graph.freshName("labels"), type: tensorType(dtype, shape) });
}
