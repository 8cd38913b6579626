import type { Value } from "../../ir/graph.js";
import { tensorFromNumbers } from "../../ir/tensor.js";
import { sameDim } from "../../rules/dims.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import { type GradientContext, type GradientRule, refusing } from "../../rules/gradient/rule.js";
import { joinSizes, range, sizeParts, sizesOf } from "../../rules/gradient/sizes.js";
import { refusals as shared } from "../../rules/refusals.js";
import { normalAxes } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Attributes that say where an element comes from, the same on every axis. */
const INTERPOLATION = [
  "antialias",
  "coordinate_transformation_mode",
  "cubic_coeff_a",
  "exclude_outside",
  "mode",
  "nearest_mode",
] as const;

/** The axes that change, with their scales where the node is given scales. */
function resizedAxes(c: GradientContext, rank: number): ReadonlyMap<number, number | undefined> | undefined {
  const { node, facts } = c;
  const axes = normalAxes(node.ints("axes") ?? range(rank), rank);
  if (axes === undefined) return undefined;
  const [from, to] = [facts.shape(c.input(0)), facts.shape(c.output(0))];
  const bySizes = node.input(3) !== undefined;
  const scales = bySizes ? undefined : facts.numbers(c.input(2));
  if (!bySizes && scales?.length !== axes.length) return undefined;
  const resized = new Map<number, number | undefined>();
  axes.forEach((axis, index) => {
    const scale = scales?.[index];
    const stays = bySizes ? sameDim(from?.[axis], to?.[axis]) : scale === 1;
    if (!stays) resized.set(axis, scale);
  });
  return resized;
}

/** How one axis is resized, as a matrix [new size, old size]: the same Resize of the identity. */
function matrixOf(c: GradientContext, axis: number, scale: number | undefined): Value {
  const { build, facts, node } = c;
  const [x, y] = [c.input(0), c.output(0)];
  const [size] = sizeParts(c, x, axis, axis + 1);
  const square = build.op("ConstantOfShape", [joinSizes(c, [size ?? 1, size ?? 1])], {
    value: tensorFromNumbers(facts.dtype(x) ?? "float", [1], [0]),
  });
  const identity = build.op("Unsqueeze", [build.op("EyeLike", [square]), build.ints([0, 1])]);
  const attributes = INTERPOLATION.flatMap((name) => node.attribute(name) ?? []);
  const kept = Object.fromEntries(attributes.map(({ name, ...payload }) => [name, payload]));
  const sizes = joinSizes(c, [1, 1, sizesOf(c, y, axis, axis + 1), size ?? 1]);
  const scales = build.constant(tensorFromNumbers("float", [4], [1, 1, scale ?? 1, 1]));
  const inputs = scale === undefined ? [identity, null, null, sizes] : [identity, null, scales];
  return build.op("Squeeze", [build.op("Resize", inputs, kept), build.ints([0, 1])]);
}

/** Every mode is linear in x and works axis by axis, so that the gradient is a product with a matrix on each axis. */
const resize: GradientRule = (c) => {
  const { build, facts, node } = c;
  let g = c.grad(0);
  if (g === undefined) return [];
  const x = c.input(0);
  const rank = facts.rank(x);
  if (rank === undefined) return shared.inputRankIsUnknown();
  if (node.string("coordinate_transformation_mode") === "tf_crop_and_resize") {
    return refusals.cropHasNoGradient();
  }
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") {
    return refusals.aspectRatioIsKept();
  }
  const resized = resizedAxes(c, rank);
  if (resized === undefined) return refusals.resizeScalesAreUnknown();
  for (const [axis, scale] of resized) {
    const matrix = matrixOf(c, axis, scale);
    if (axis === rank - 1) {
      g = build.op("MatMul", [g, matrix]);
      continue;
    }
    // [..., new size, all that follows] is multiplied from the left.
    const turned = build.op("Transpose", [matrix], { perm: [1, 0] });
    const isLast = axis === rank - 2;
    const after = sizeParts(c, g, axis + 1, rank);
    const rows: Value = isLast
      ? g
      : build.op("Reshape", [g, build.ints([...range(axis + 1).map(() => 0), -1])]);
    const product = build.op("MatMul", [turned, rows]);
    const sizes = joinSizes(c, [...range(axis + 1).map(() => 0), ...after]);
    g = isLast ? product : build.op("Reshape", [product, sizes]);
  }
  return [g];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  AffineGrid: missing("write it as MatMul to train through it"),
  GridSample: refusing(refusals.gridSampleHasNoGradient()),
  ImageDecoder: opaque("its input is the bytes of a file"),
  MaxRoiPool: missing("its gradient scatters to places that it does not give"),
  NonMaxSuppression: opaque("it gives indices"),
  Resize: resize,
  RoiAlign: missing("write it as Gather and products to train through it"),
  Upsample: missing("raising to opset 18 makes it a Resize, which has a gradient"),
};
