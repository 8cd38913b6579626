import { isStandardDomain, type Node } from "../ir/graph.js";
import { attentionGradients } from "./attention/gradient.js";
import { convolutionGradients } from "./convolution/gradient.js";
import { arithmeticGradients } from "./elementwise/gradient.js";
import { activationGradients } from "./elementwise/gradient-activation.js";
import { functionGradients } from "./elementwise/gradient-unary.js";
import type { Facts } from "./facts.js";
import { generateGradients } from "./generate/gradient.js";
import type { GradientRule, GradientTable } from "./gradient-rule.js";
import { linearGradients } from "./linear/gradient.js";
import { lossGradients } from "./loss/gradient.js";
import { movementGradients } from "./movement/gradient.js";
import { normalizationGradients } from "./normalization/gradient.js";
import { poolingGradients } from "./pooling/gradient.js";
import { recurrentGradients } from "./recurrent/gradient.js";
import { reductionGradients } from "./reduction/gradient.js";
import { shapeGradients } from "./shape/gradient.js";
import { visionGradients } from "./vision/gradient.js";

/** One row per family. */
const FAMILIES: readonly GradientTable[] = [
  activationGradients,
  arithmeticGradients,
  attentionGradients,
  convolutionGradients,
  functionGradients,
  generateGradients,
  linearGradients,
  lossGradients,
  movementGradients,
  normalizationGradients,
  poolingGradients,
  recurrentGradients,
  reductionGradients,
  shapeGradients,
  visionGradients,
];

const RULES: ReadonlyMap<string, GradientRule> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);

/** The rule of a node; undefined for calls of functions, other domains and operators without one. */
export function gradientRule(node: Node, facts: Facts): GradientRule | undefined {
  return isStandardDomain(node.domain) && !facts.isCall(node) ? RULES.get(node.opType) : undefined;
}

/** The standard operators that have a rule, by name. */
export function differentiableOperators(): readonly string[] {
  return [...RULES.keys()].sort();
}
