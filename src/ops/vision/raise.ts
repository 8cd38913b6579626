import type { Site } from "../../rules/raise-site.js";

/** Upsample 7: a scale for every axis instead of two. */
export function upsampleScales(at: Site): void {
  const scales = [1, 1, at.float("height_scale") ?? 1, at.float("width_scale") ?? 1];
  if (at.string("mode", "nearest") === "bilinear") at.set("mode", "linear");
  at.node.unset("height_scale");
  at.node.unset("width_scale");
  at.set("scales", { kind: "floats", value: scales });
}

/** Upsample 9: the scales are an input. */
export function upsampleInput(at: Site): void {
  const scales = at.takeFloats("scales");
  if (scales !== undefined) at.node.setInput(1, scales);
}

/** Upsample became Resize, which may also make smaller. */
export function upsampleToResize(at: Site): void {
  at.retype("Resize");
}

/**
 * Resize 11 maps coordinates in several ways, of which the former one is "asymmetric". Which neighbour is the nearest was
 * not specified; runtimes took the lower one when they made larger, and the upper one when they made smaller.
 */
export function resizeModes(at: Site): void {
  at.set("coordinate_transformation_mode", "asymmetric");
  if (at.string("mode", "nearest") === "nearest") at.set("nearest_mode", nearestMode(at));
  at.node.setInputs([at.input(0) ?? null, at.floats([]), at.input(1) ?? null]);
}

function nearestMode(at: Site): "floor" | "ceil" {
  // An Upsample never makes smaller.
  if (at.origin === "Upsample") return "floor";
  const scales = at.know(1)?.numbers;
  if (scales === undefined)
    at.refuse("whether its scales enlarge is not known, and nearest neighbours depend on it");
  if (scales.every((scale) => scale >= 1)) return "floor";
  if (scales.every((scale) => scale <= 1)) return "ceil";
  at.refuse("it enlarges one axis and shrinks another, each with its own nearest neighbour");
}

/** Resize 13 lacks one way to map coordinates. */
export function resizeCoordinates(at: Site): void {
  const mode = at.string("coordinate_transformation_mode", "half_pixel");
  if (mode === "tf_half_pixel_for_nn")
    at.refuse(`it has no coordinate_transformation_mode "${mode}" any more`);
}

/** RoiAlign 16 has another default. */
export function roiAlignPixels(at: Site): void {
  at.setDefault("coordinate_transformation_mode", "output_half_pixel");
}

/** GridSample 20 renamed its modes. */
export function gridSampleMode(at: Site): void {
  const mode = at.string("mode", "bilinear");
  if (mode === "bilinear") at.set("mode", "linear");
  if (mode === "bicubic") at.set("mode", "cubic");
}

/** LpPool 2 and GlobalLpPool 2 take whole powers alone. */
export function wholePower(at: Site): void {
  const p = at.float("p") ?? 2;
  if (!Number.isInteger(p)) at.refuse(`its p is ${p}, and has to be whole`);
  at.set("p", p);
}
