import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Upsample 7: a scale for every axis instead of two. */
function upsampleScales(at: RaiseContext): void {
  const scales = [1, 1, at.float("height_scale") ?? 1, at.float("width_scale") ?? 1];
  if (at.string("mode", "nearest") === "bilinear") at.set("mode", "linear");
  at.node.unset("height_scale");
  at.node.unset("width_scale");
  at.set("scales", { kind: "floats", value: scales });
}

/** Upsample 9: the scales are an input. */
function upsampleInput(at: RaiseContext): void {
  const scales = at.takeFloats("scales");
  if (scales !== undefined) at.node.setInput(1, scales);
}

/** Upsample became Resize, which may also shrink. */
function upsampleToResize(at: RaiseContext): void {
  at.retype("Resize");
}

/**
 * Resize 11 has several ways to map coordinates; the former one is "asymmetric". The nearest neighbour was not specified:
 * runtimes took the lower one when they enlarged, and the upper one when they shrank.
 */
function resizeModes(at: RaiseContext): void {
  at.set("coordinate_transformation_mode", "asymmetric");
  if (at.string("mode", "nearest") === "nearest") at.set("nearest_mode", nearestMode(at));
  at.node.setInputs([at.input(0) ?? null, at.floats([]), at.input(1) ?? null]);
}

function nearestMode(at: RaiseContext): "floor" | "ceil" {
  // An Upsample never shrinks.
  if (at.origin === "Upsample") return "floor";
  const scales = at.know(1)?.numbers;
  if (scales === undefined) at.refuse(refusals.enlargementIsUnknown());
  if (scales.every((scale) => scale >= 1)) return "floor";
  if (scales.every((scale) => scale <= 1)) return "ceil";
  at.refuse(refusals.enlargesAndShrinks());
}

/** Resize 13 dropped one way to map coordinates. */
function resizeCoordinates(at: RaiseContext): void {
  const mode = at.string("coordinate_transformation_mode", "half_pixel");
  if (mode === "tf_half_pixel_for_nn") at.refuse(refusals.coordinateModeWasRemoved(mode));
}

/** RoiAlign 16 has another default. */
function roiAlignPixels(at: RaiseContext): void {
  at.setDefault("coordinate_transformation_mode", "output_half_pixel");
}

/** GridSample 20 renamed its modes. */
function gridSampleMode(at: RaiseContext): void {
  const mode = at.string("mode", "bilinear");
  if (mode === "bilinear") at.set("mode", "linear");
  if (mode === "bicubic") at.set("mode", "cubic");
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  GridSample: { 20: gridSampleMode },
  Resize: { 11: resizeModes, 13: resizeCoordinates },
  RoiAlign: { 16: roiAlignPixels },
  Upsample: { 7: upsampleScales, 9: upsampleInput, 10: upsampleToResize },
};
