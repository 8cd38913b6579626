import type { Refusal } from "../../base/refusal.js";
import type { Value } from "../../ir/graph.js";
import type { GradientContext } from "../../rules/gradient/rule.js";
import { joinSizes, range, sizesOf } from "../../rules/gradient/sizes.js";
import { refusals } from "./refusals.js";

/** How a window moves over the spatial axes, with the pads that auto_pad stands for: one entry per axis. */
export interface PaddedWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Elements before and after each axis. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** The operands of a convolution, for the gradient of its weight. */
export interface WeightGradient {
  /** The tensor under the window: [N, C, ...]. */
  readonly x: Value;
  /** [N, M, places]. */
  readonly g: Value;
  /** [M, C / group, kernel]. */
  readonly weight: Value;
  readonly window: PaddedWindow;
  readonly group: number;
  /** Elements at the end of each axis that no window reaches; undefined where they are not known. */
  readonly rest: readonly number[] | undefined;
}

/** The length of the window along an axis, from the first element that it reads to the last. */
export function reachOf(window: PaddedWindow, axis: number): number {
  return ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
}

/** The window of Conv and the pools over the input x; auto_pad is replaced by numbers. */
export function readWindow(c: GradientContext, x: Value, kernel: readonly number[]): PaddedWindow | Refusal {
  const { node, facts } = c;
  const steps = readSteps(c, kernel);
  const rank = kernel.length;
  const auto = node.string("auto_pad", "NOTSET");
  if (auto !== "SAME_UPPER" && auto !== "SAME_LOWER") {
    const pads = auto === "VALID" ? [] : (node.ints("pads") ?? []);
    const [begin, end] = [range(rank), range(rank)].map((axes, side) =>
      axes.map((axis) => pads[axis + side * rank] ?? 0),
    );
    return { ...steps, begin: begin ?? [], end: end ?? [] };
  }
  const dims = facts.shape(x);
  const begin: number[] = [];
  const end: number[] = [];
  for (const [axis, size] of kernel.entries()) {
    const stride = steps.strides[axis] ?? 1;
    const reach = (size - 1) * (steps.dilations[axis] ?? 1) + 1;
    const length = dims?.[axis + 2];
    if (stride !== 1 && typeof length !== "number") {
      return refusals.autoPadDependsOnUnknownSizes(auto);
    }
    const total =
      typeof length === "number"
        ? Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0)
        : reach - 1;
    const less = Math.floor(total / 2);
    begin.push(auto === "SAME_UPPER" ? less : total - less);
    end.push(auto === "SAME_UPPER" ? total - less : less);
  }
  return { ...steps, begin, end };
}

/** Strides and dilations of a window, without pads. */
export function readSteps(
  { node }: GradientContext,
  kernel: readonly number[],
): Pick<PaddedWindow, "kernel" | "strides" | "dilations"> {
  const ones = kernel.map(() => 1);
  return { kernel, strides: node.ints("strides") ?? ones, dilations: node.ints("dilations") ?? ones };
}

/** The number of elements at the end of each axis that no window reaches; undefined where a size is not known. */
export function restOf(
  { facts }: GradientContext,
  window: PaddedWindow,
  x: Value,
  y: Value,
): readonly number[] | undefined {
  const [from, to] = [facts.shape(x), facts.shape(y)];
  const rest: number[] = [];
  for (const axis of window.kernel.keys()) {
    const [size, count] = [from?.[axis + 2], to?.[axis + 2]];
    if (typeof size !== "number" || typeof count !== "number") return undefined;
    const padded = size + (window.begin[axis] ?? 0) + (window.end[axis] ?? 0);
    rest.push(padded - (count - 1) * (window.strides[axis] ?? 1) - reachOf(window, axis));
  }
  return rest;
}

/**
 * The adjoint of a convolution of x with `weight` [M, C / group, ...]: spreads g [N, M, places] over the spatial sizes of x,
 * [N, C, ...]. `y` has the shape of g, for where more is known of it.
 */
export function spread(
  c: GradientContext,
  g: Value,
  weight: Value,
  window: PaddedWindow,
  group: number,
  x: Value,
  y: Value,
): Value {
  const { build } = c;
  const { strides, dilations, begin, end } = window;
  const rest = restOf(c, window, x, y);
  if (rest !== undefined) {
    // With ceil_mode the last window may reach beyond the padding.
    const over = rest.map((count) => Math.max(-count, 0));
    return build.op("ConvTranspose", [g, weight], {
      group: BigInt(group),
      strides,
      dilations,
      pads: [...begin, ...end.map((pad, axis) => pad + (over[axis] ?? 0))],
      ...(rest.some((count) => count > 0) ? { output_padding: rest.map((count) => Math.max(count, 0)) } : {}),
    });
  }
  const full = build.op("ConvTranspose", [g, weight], { group: BigInt(group), strides, dilations });
  const wanted = build.op("Add", [sizesOf(c, x, 2), build.ints(begin)]);
  const missing = build.op("Sub", [wanted, sizesOf(c, full, 2)]);
  const pads = joinSizes(c, [0, 0, ...begin.map((pad) => -pad), 0, 0, missing]);
  return build.op("Pad", [full, pads]);
}

/** x with zeros around its spatial axes. */
export function padSpatial(
  { build }: GradientContext,
  x: Value,
  begin: readonly number[],
  end: readonly number[],
): Value {
  if ([...begin, ...end].every((pad) => pad === 0)) return x;
  return build.op("Pad", [x, build.ints([0, 0, ...begin, 0, 0, ...end])]);
}
