import { present } from "../base/assert.js";
import { isStandardDomain, type Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { Facet, type FacetTable } from "../rules/facet.js";
import type { Facts } from "../rules/facts.js";
import { type GradientRule, NO_GRADIENT, refusalOf } from "../rules/gradient/rule.js";
import { gradient as attention } from "./attention/gradient.js";
import { gradient as control } from "./control/gaps.js";
import { gradient as convolution } from "./convolution/gradient.js";
import { gradient as elementwise } from "./elementwise/gradient.js";
import { gradient as generate } from "./generate/gradient.js";
import { gradient as linear } from "./linear/gradient.js";
import { gradient as loss } from "./loss/gradient.js";
import { gradient as movement } from "./movement/gradient.js";
import { gradient as normalization } from "./normalization/gradient.js";
import { gradient as pooling } from "./pooling/gradient.js";
import { gradient as quantization } from "./quantization/gaps.js";
import { gradient as recurrent } from "./recurrent/gradient.js";
import { gradient as reduction } from "./reduction/gradient.js";
import { gradient as sequence } from "./sequence/gaps.js";
import { gradient as shape } from "./shape/gradient.js";
import { gradient as signal } from "./signal/gaps.js";
import { gradient as text } from "./text/gaps.js";
import { gradient as vision } from "./vision/gradient.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, GradientRule> = {
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

/** The gradient of each operator of the standard domain. */
export const GRADIENT: Facet<GradientRule> = new Facet(TABLE);

/** The rule of a node; undefined for calls of functions, other domains and operators without one. */
export function gradientRule(node: Node, facts: Facts): GradientRule | undefined {
  return isStandardDomain(node.domain) && !facts.isCall(node) ? GRADIENT.rule(node.opType) : undefined;
}

/** The gradient of one operator. */
export interface GradientCoverage {
  /** The name of the operator. */
  readonly operator: string;
  /**
   * gradient: the rule gives a gradient. zero: the derivative is zero wherever it exists, or the operator gives integers.
   * refused: the derivative is not written, and `reason` says what to do instead.
   */
  readonly kind: "gradient" | "zero" | "refused";
  /** The id of the refusal, for kind "refused". */
  readonly id?: string;
  /** What to do instead, for kind "refused". */
  readonly reason?: string;
}

/** The gradient of each standard operator that has a rule, by name. */
export function gradientCoverage(): readonly GradientCoverage[] {
  return GRADIENT.withRule
    .map((operator): GradientCoverage => {
      const rule = present(GRADIENT.rule(operator), "it has a rule");
      const refusal = refusalOf(rule);
      if (refusal !== undefined) {
        const { id, reason } = refusal;
        return { operator, kind: "refused", id, reason };
      }
      return { operator, kind: rule === NO_GRADIENT ? "zero" : "gradient" };
    })
    .sort((a, b) => (a.operator < b.operator ? -1 : 1));
}
