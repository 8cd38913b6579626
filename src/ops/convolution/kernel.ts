import type { Kernel } from "../../affine/kernels.js";
import { isRefusal, type Refusal, refusedAt } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node, Value } from "../../ir/graph.js";
import { requireConstant } from "../../rules/constants.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/** A Conv, or a ConvTranspose, whose weight is [C, M/group, k...], with a constant weight and bias. */
export interface ConstantConv {
  readonly node: Node;
  readonly input: Value;
  readonly output: Value;
  readonly kernel: Kernel;
  readonly dtype: FloatDType;
  /** One number for each output channel; undefined without a bias. */
  readonly bias: Float64Array | undefined;
}

/** Reads a Conv or ConvTranspose, or says why its constants or its geometry are not known. */
export function readConv(node: Node): ConstantConv | Refusal {
  const label = node.label;
  if (node.hasReferences) return refusedAt(label, shared.attributeIsSetByCaller());
  const [input, output] = [node.input(0), node.output(0)];
  if (input === undefined || output === undefined) return refusedAt(label, shared.inputOrOutputIsMissing());
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) return refusedAt(label, weight);
  const { dtype, dims } = weight;
  if (!isFloat(dtype)) return refusedAt(label, shared.weightIsNotFloat(dtype));
  if (weight.data.kind === "missing") return refusedAt(label, shared.weightFileIsMissing());
  if (dims.length < 3 || weight.size === 0) return refusedAt(label, shared.weightHasOtherShape(dims));
  const group = node.int("group", 1);
  const [rows = 0, perGroup = 0] = dims;
  const outputs = node.is("ConvTranspose") ? perGroup * group : rows;
  if (group < 1 || rows % group !== 0)
    return refusedAt(label, refusals.channelsDoNotDivideIntoGroups(rows, group));
  const geometry = readGeometry(node, dims.slice(2));
  if (isRefusal(geometry)) return refusedAt(label, geometry);
  const given = node.input(2);
  const bias = given === undefined ? undefined : requireConstant(given, "bias B");
  if (isRefusal(bias)) return refusedAt(label, bias);
  if (bias !== undefined && bias.size !== outputs) {
    return refusedAt(label, shared.biasHasOtherSize(bias.size, outputs));
  }
  return {
    node,
    input,
    output,
    kernel: { weight, group, ...geometry },
    dtype,
    bias: bias?.toFloat64(),
  };
}

function readGeometry(
  node: Node,
  sizes: readonly number[],
): Pick<Kernel, "strides" | "dilations" | "pads"> | Refusal {
  const ones = sizes.map(() => 1);
  const strides = node.ints("strides") ?? ones;
  const dilations = node.ints("dilations") ?? ones;
  const kernel = node.ints("kernel_shape") ?? sizes;
  const pads = node.ints("pads") ?? [...sizes, ...sizes].map(() => 0);
  const whole = [strides, dilations].every(
    (list) => list.length === sizes.length && list.every((value) => Number.isSafeInteger(value) && value > 0),
  );
  if (!whole || pads.length !== 2 * sizes.length || kernel.some((size, axis) => size !== sizes[axis])) {
    return refusals.geometryDoesNotFitWeight();
  }
  const rule = node.string("auto_pad", "NOTSET");
  switch (rule) {
    case "NOTSET":
    case "":
      return { strides, dilations, pads };
    case "VALID":
      return { strides, dilations, pads: pads.map(() => 0) };
    case "SAME_UPPER":
    case "SAME_LOWER": {
      const total = sizes.map((size) => size - 1);
      // With other strides the pads follow from the size of the input; onnxruntime has no dilated form.
      if ([...strides, ...dilations].some((value) => value !== 1)) return { strides, dilations, pads: rule };
      const less = total.map((pad) => Math.floor(pad / 2));
      const more = total.map((pad) => Math.ceil(pad / 2));
      return { strides, dilations, pads: rule === "SAME_UPPER" ? [...less, ...more] : [...more, ...less] };
    }
    default:
      return refusals.autoPadIsUnknown(rule);
  }
}
