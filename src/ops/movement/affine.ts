import type { AffineFacets } from "../../rules/affine/facet.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { OPERATORS } from "./operators.js";
import { CONCAT, DEPTH_TO_SPACE, SPACE_TO_DEPTH, TRANSPOSE } from "./pass.js";
import { EXPAND, GATHER, PAD, SLICE, SPLIT, TILE } from "./pass-selection.js";

/** What the operators of the family know about affine maps of their inputs and outputs. */
export const affine: FacetTable<keyof typeof OPERATORS, AffineFacets> = {
  CenterCropPad: missing("as Slice and Pad"),
  Col2Im: missing("it lets a scale through"),
  Compress: missing("as Gather"),
  Concat: CONCAT,
  DepthToSpace: DEPTH_TO_SPACE,
  Expand: EXPAND,
  Gather: GATHER,
  GatherElements: missing("a map along another axis goes through"),
  GatherND: missing("as Gather"),
  NonZero: opaque("it gives places"),
  OneHot: opaque("it takes places"),
  Pad: PAD,
  ReverseSequence: missing("a map along another axis goes through"),
  Scatter: missing("as ScatterElements"),
  ScatterElements: missing("a map of both operands goes through"),
  ScatterND: missing("a map of both operands goes through"),
  Slice: SLICE,
  SpaceToDepth: SPACE_TO_DEPTH,
  Split: SPLIT,
  TensorScatter: missing("a map of both operands goes through"),
  Tile: TILE,
  Transpose: TRANSPOSE,
  Trilu: missing("it lets a scale through"),
  Unique: opaque("it compares elements"),
};
