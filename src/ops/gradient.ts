import { isStandardDomain, type Node } from "../ir/graph.js";
import { ARITHMETIC } from "./elementwise/gradient.js";
import type { Facts } from "./facts.js";
import type { GradientRule, GradientTable } from "./gradient-rule.js";

/** One row per family. */
const FAMILIES: readonly GradientTable[] = [ARITHMETIC];

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
