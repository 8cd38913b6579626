import { present } from "../base/assert.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { AffineFacets } from "../rules/affine/facet.js";
import { type Facet, Gap } from "../rules/facet.js";
import { type GradientRule, NO_GRADIENT, refusalOf } from "../rules/gradient/rule.js";
import type { OperatorRecord } from "../rules/operator.js";
import { AFFINE } from "./affine.js";
import { OPERATOR_NAMES, OPERATORS } from "./catalogue.js";
import { GRADIENT } from "./gradient.js";
import { INFERENCE } from "./inference.js";
import { LAYOUT } from "./layout.js";
import { OPERANDS } from "./operands.js";
import { REFERENCE } from "./reference.js";

/** The row of an operator in one facet. */
export interface FacetCoverage {
  /** given: a rule. opaque: none on purpose, because there is nothing to know. missing: none is written yet. */
  readonly kind: "given" | "opaque" | "missing";
  /** Which of several rules are given (lift, absorbUp, ...), or what kind of rule it is (zero). */
  readonly detail?: string;
  /** Why there is no rule. */
  readonly reason?: string;
}

/** The facets of an operator, in the order of `normfold passes --operators`. */
export const FACETS = ["inference", "layout", "affine", "gradient", "reference", "operands"] as const;
/** The name of a facet. */
export type FacetName = (typeof FACETS)[number];

/** The declaration of an operator of the standard domain, and its row in each facet. */
export interface OperatorCoverage extends OperatorRecord {
  /** Its name. */
  readonly operator: StandardOperator;
  /** Its rule, or the reason why there is none, in each facet. */
  readonly facets: Readonly<Record<FacetName, FacetCoverage>>;
}

/** The declarations and rows of all operators of the standard domain, by name. */
export function operatorCoverage(): readonly OperatorCoverage[] {
  return OPERATOR_NAMES.map((operator) => ({
    operator,
    ...OPERATORS[operator],
    facets: {
      inference: coverage(INFERENCE, operator),
      layout: coverage(LAYOUT, operator),
      affine: coverage(AFFINE, operator, affineDetail),
      gradient: gradientCoverageOf(operator),
      reference: coverage(REFERENCE, operator),
      operands: coverage(OPERANDS, operator),
    },
  }));
}

function coverage<Rule>(
  facet: Facet<Rule>,
  operator: string,
  detailOf?: (rule: Rule) => string,
): FacetCoverage {
  const row = present(facet.row(operator), "every operator has a row");
  if (row instanceof Gap) return { kind: row.kind, reason: row.reason };
  return detailOf === undefined ? { kind: "given" } : { kind: "given", detail: detailOf(row) };
}

function affineDetail(facets: AffineFacets): string {
  return Object.keys(facets).sort().join(", ");
}

function gradientCoverageOf(operator: string): FacetCoverage {
  const refusal = refusalReason(GRADIENT.rule(operator));
  if (refusal !== undefined) return { kind: "missing", reason: refusal };
  return coverage(GRADIENT, operator, (rule) => (rule === NO_GRADIENT ? "zero" : "rule"));
}

function refusalReason(rule: GradientRule | undefined): string | undefined {
  return rule === undefined ? undefined : refusalOf(rule)?.reason;
}
