import { isStandardDomain, type Node } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";
import { type GradientRule, type GradientTable, NO_GRADIENT, refusalOf } from "../rules/gradient-rule.js";
import { attentionGradients } from "./attention/gradient.js";
import { convolutionGradients } from "./convolution/gradient.js";
import { arithmeticGradients } from "./elementwise/gradient.js";
import { activationGradients } from "./elementwise/gradient-activation.js";
import { functionGradients } from "./elementwise/gradient-unary.js";
import { generateGradients } from "./generate/gradient.js";
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

export interface GradientCoverage {
  readonly operator: string;
  /**
   * gradient: the rule gives one. zero: the operator is constant wherever it has a derivative, or gives integers. refused: it
   * has a derivative, which is not written; `reason` says what to do.
   */
  readonly kind: "gradient" | "zero" | "refused";
  readonly reason?: string;
}

/** What becomes of the gradient at each standard operator that is known to differentiation, by name. */
export function gradientCoverage(): readonly GradientCoverage[] {
  return [...RULES]
    .map(([operator, rule]): GradientCoverage => {
      const reason = refusalOf(rule);
      if (reason !== undefined) return { operator, kind: "refused", reason };
      return { operator, kind: rule === NO_GRADIENT ? "zero" : "gradient" };
    })
    .sort((a, b) => (a.operator < b.operator ? -1 : 1));
}

/** The standard operators that have a rule, by name. */
export function differentiableOperators(): readonly string[] {
  return gradientCoverage().map(({ operator }) => operator);
}
