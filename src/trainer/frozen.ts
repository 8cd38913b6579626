import { matchesGlob } from "../base/glob.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/**
 * A test for the parameters that stay as they are, from patterns with * and ?. Throws NormfoldError "usage" for a pattern
 * that matches no parameter of the model.
 */
export function frozenParameters(model: Model, patterns: readonly string[] = []): (name: string) => boolean {
  const names = [...model.graph.initializers].map(({ name }) => name);
  const idle = patterns.find((pattern) => !names.some((name) => matchesGlob(pattern, name)));
  if (idle !== undefined) throw errors.globMatchesNoParameter(idle);
  return (name) => patterns.some((pattern) => matchesGlob(pattern, name));
}
