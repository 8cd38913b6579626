import type { Refusal } from "../base/refusal.js";
import { isStandardDomain, type Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { AffineFacets, LiftedAffine } from "../rules/affine/facet.js";
import { Facet, type FacetTable, Gap } from "../rules/facet.js";
import type { Facts } from "../rules/facts.js";
import { affine as attention } from "./attention/gaps.js";
import { OPERATOR_NAMES } from "./catalogue.js";
import { affine as control } from "./control/gaps.js";
import { affine as convolution } from "./convolution/affine.js";
import { affine as elementwise } from "./elementwise/affine.js";
import { affine as generate } from "./generate/gaps.js";
import { affine as linear } from "./linear/affine.js";
import { affine as loss } from "./loss/gaps.js";
import { affine as movement } from "./movement/affine.js";
import { affine as normalization } from "./normalization/affine.js";
import { affine as pooling } from "./pooling/affine.js";
import { affine as quantization } from "./quantization/affine.js";
import { affine as recurrent } from "./recurrent/affine.js";
import { affine as reduction } from "./reduction/affine.js";
import { affine as sequence } from "./sequence/gaps.js";
import { affine as shape } from "./shape/affine.js";
import { affine as signal } from "./signal/gaps.js";
import { affine as text } from "./text/gaps.js";
import { affine as vision } from "./vision/affine.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, AffineFacets> = {
  ...attention,
  ...control,
  ...convolution,
  ...elementwise,
  ...generate,
  ...linear,
  ...loss,
  ...movement,
  ...normalization,
  ...pooling,
  ...quantization,
  ...recurrent,
  ...reduction,
  ...sequence,
  ...shape,
  ...signal,
  ...text,
  ...vision,
};

/** How each operator of the standard domain takes and passes affine maps of its inputs and outputs. */
export const AFFINE: Facet<AffineFacets> = new Facet(TABLE);

/** The operators that can be affine maps. */
export const LIFTED: readonly StandardOperator[] = OPERATOR_NAMES.filter(
  (name) => AFFINE.rule(name)?.lift !== undefined,
);

const OPAQUE: AffineFacets = {};

/** The affine functions of a node; none for other domains and for operators without a row. */
export function affineFacets(node: Node): AffineFacets {
  return (isStandardDomain(node.domain) ? AFFINE.rule(node.opType) : undefined) ?? OPAQUE;
}

/** Why an operator has no affine functions; undefined for one that has some, and for one without a row. */
export function affineGap(node: Node): Gap | undefined {
  const row = isStandardDomain(node.domain) ? AFFINE.row(node.opType) : undefined;
  return row instanceof Gap ? row : undefined;
}

/** The node as y = scale[c] * x + shift[c]; a refusal if it resembles such a map but is none; undefined for others. */
export function liftAffine(node: Node, facts: Facts): LiftedAffine | Refusal | undefined {
  return facts.isCall(node) ? undefined : affineFacets(node).lift?.(node, facts);
}
