import { matchesGlob } from "../base/glob.js";
import type { Refusal } from "../base/refusal.js";
import { refusals } from "./refusals.js";
import type { SiteOptions } from "./site.js";

/** Why `include` or `exclude` leaves out a place with these names; undefined if it stays in. */
export function deselected(names: readonly string[], { include, exclude }: SiteOptions): Refusal | undefined {
  const matching = (patterns: readonly string[]): string | undefined =>
    patterns.find((pattern) => names.some((name) => matchesGlob(pattern, name)));
  if (include !== undefined && matching(include) === undefined) return refusals.isNotIncluded();
  const excluding = exclude && matching(exclude);
  return excluding === undefined ? undefined : refusals.isExcluded(excluding);
}
