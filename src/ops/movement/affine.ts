import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { CONCAT, DEPTH_TO_SPACE, SPACE_TO_DEPTH, TRANSPOSE } from "./pass.js";
import { EXPAND, GATHER, PAD, SLICE, SPLIT, TILE } from "./pass-selection.js";

/** How the operators of the family take and pass affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  CenterCropPad: missing("it could work as Slice and Pad do"),
  Col2Im: missing("a scale could pass"),
  Compress: missing("it could work as Gather does"),
  Concat: CONCAT,
  DepthToSpace: DEPTH_TO_SPACE,
  Expand: EXPAND,
  Gather: GATHER,
  GatherElements: missing("a map along another axis could pass"),
  GatherND: missing("it could work as Gather does"),
  NonZero: opaque("it gives indices"),
  OneHot: opaque("it takes indices"),
  Pad: PAD,
  ReverseSequence: missing("a map along another axis could pass"),
  Scatter: missing("it could work as ScatterElements does"),
  ScatterElements: missing("a map of both operands could pass"),
  ScatterND: missing("a map of both operands could pass"),
  Slice: SLICE,
  SpaceToDepth: SPACE_TO_DEPTH,
  Split: SPLIT,
  TensorScatter: missing("a map of both operands could pass"),
  Tile: TILE,
  Transpose: TRANSPOSE,
  Trilu: missing("a scale could pass"),
  Unique: opaque("it compares elements"),
};
