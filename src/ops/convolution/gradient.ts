import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { axesBut, sizesOf } from "../../rules/gradient/sizes.js";
import { weightGradient } from "./gradient-weight.js";
import {
  type PaddedWindow,
  reachOf,
  readSteps,
  readWindow,
  restOf,
  spread,
  type WeightGradient,
} from "./gradient-window.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** The spatial sizes of the kernel: the attribute, or those of W. */
function kernelOf(c: GradientContext): readonly number[] | Refusal {
  const { node, facts } = c;
  const given = node.ints("kernel_shape");
  if (given !== undefined) return given;
  const sizes = facts.shape(c.input(1))?.slice(2);
  const kernel = sizes?.filter((size) => typeof size === "number");
  if (kernel !== undefined && kernel.length === sizes?.length) return kernel;
  return refusals.kernelSizeIsUnknown();
}

const conv: GradientRule = (c) => {
  const { node, facts } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const kernel = kernelOf(c);
  if (isRefusal(kernel)) return kernel;
  const [x, weight] = [c.input(0), c.input(1)];
  const window = readWindow(c, x, kernel);
  if (isRefusal(window)) return window;
  const group = node.int("group", 1);
  const y = facts.shape(g) === undefined ? c.output(0) : g;
  const dx = c.needs(0)
    ? (flipped(c, g, weight, window, group) ?? spread(c, g, weight, window, group, x, y))
    : undefined;
  const of: WeightGradient = { x, g, weight, window, group, rest: restOf(c, window, x, y) };
  const dw = c.needs(1) ? weightGradient(c, of) : undefined;
  const db = c.needs(2) ? biasGradient(c, g, kernel.length + 2) : undefined;
  return [dx, dw, db];
};

function biasGradient({ build }: GradientContext, g: Value, rank: number): Value {
  return build.op("ReduceSum", [g, build.ints(axesBut(rank, 1))], { keepdims: 0n });
}

/**
 * With strides of 1 the gradient is a convolution with the mirrored kernel. Runtimes compute it faster than a ConvTranspose,
 * and its output gets the right size by itself. Undefined for other strides.
 */
function flipped(
  c: GradientContext,
  g: Value,
  weight: Value,
  window: PaddedWindow,
  group: number,
): Value | undefined {
  const { build, facts } = c;
  const { kernel, strides, dilations } = window;
  const [outputs, inputs] = facts.shape(weight) ?? [];
  const isDepthwise = inputs === 1 && outputs === group;
  if (strides.some((stride) => stride !== 1) || (group !== 1 && !isDepthwise)) return undefined;
  const pads = [window.begin, window.end].flatMap((side) =>
    side.map((pad, axis) => reachOf(window, axis) - 1 - pad),
  );
  if (pads.some((pad) => pad < 0)) return undefined;
  let mirrored = weight;
  if (kernel.some((size) => size !== 1)) {
    const back = build.ints(kernel.map(() => -1));
    const ends = build.ints(kernel.map((size) => -size - 1));
    const axes = build.ints(kernel.map((_, axis) => axis + 2));
    mirrored = build.op("Slice", [weight, back, ends, axes, back]);
  }
  if (group === 1) {
    mirrored = build.op("Transpose", [mirrored], { perm: [1, 0, ...kernel.map((_, axis) => axis + 2)] });
  }
  return build.op("Conv", [g, mirrored], { group: BigInt(group), dilations, pads });
}

/** The pads by which ConvTranspose makes its result smaller. */
function readTransposedWindow(
  c: GradientContext,
  kernel: readonly number[],
): (PaddedWindow & { readonly more: readonly number[] }) | Refusal {
  const { node, facts } = c;
  const steps = readSteps(c, kernel);
  const rank = kernel.length;
  const more = node.ints("output_padding") ?? kernel.map(() => 0);
  const wanted = node.ints("output_shape")?.slice(-rank);
  const auto = node.string("auto_pad", "NOTSET");
  const isSame = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  const pads = auto === "VALID" ? [] : (node.ints("pads") ?? []);
  const sizes = facts.shape(c.input(0))?.slice(2);
  const begin: number[] = [];
  const end: number[] = [];
  for (const axis of kernel.keys()) {
    if (wanted === undefined && !isSame) {
      begin.push(pads[axis] ?? 0);
      end.push(pads[axis + rank] ?? 0);
      continue;
    }
    const stride = steps.strides[axis] ?? 1;
    const reach = ((kernel[axis] ?? 1) - 1) * (steps.dilations[axis] ?? 1) + 1 + (more[axis] ?? 0);
    let total = reach - stride;
    if (wanted !== undefined) {
      const size = sizes?.[axis];
      if (typeof size !== "number") {
        return refusals.outputShapeDependsOnUnknownSizes();
      }
      total = (size - 1) * stride + reach - (wanted[axis] ?? 0);
    }
    if (total < 0) return refusals.outputExceedsWindows();
    if (total % 2 !== 0 && !isSame) {
      return refusals.outputShapeLeavesOddPadding();
    }
    const less = Math.floor(total / 2);
    begin.push(auto === "SAME_LOWER" ? total - less : less);
    end.push(auto === "SAME_LOWER" ? less : total - less);
  }
  return { ...steps, begin, end, more };
}

/** The adjoint of a transposed convolution is the convolution; for the gradient of the weight, x and g change places. */
const convTranspose: GradientRule = (c) => {
  const { node, build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const kernel = kernelOf(c);
  if (isRefusal(kernel)) return kernel;
  const window = readTransposedWindow(c, kernel);
  if (isRefusal(window)) return window;
  const [x, weight] = [c.input(0), c.input(1)];
  const group = node.int("group", 1);
  const { strides, dilations, begin, end, more } = window;
  let dx: Value | undefined;
  if (c.needs(0)) {
    const pads = [...begin, ...end];
    dx = build.op("Conv", [g, weight], { group: BigInt(group), strides, dilations, pads });
    if (more.some((count, axis) => count >= (strides[axis] ?? 1))) {
      const axes = build.ints(kernel.map((_, axis) => axis + 2));
      dx = build.op("Slice", [dx, build.ints(kernel.map(() => 0)), sizesOf(c, x, 2), axes]);
    }
  }
  const dw = c.needs(1) ? weightGradient(c, { x: g, g: x, weight, window, group, rest: more }) : undefined;
  return [dx, dw, c.needs(2) ? biasGradient(c, g, kernel.length + 2) : undefined];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  DeformConv: missing("write it as GridSample and Conv to train through it"),
};
