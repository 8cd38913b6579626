import { matchesGlob } from "../base/glob.js";
import { tiedNames } from "../batchnorm/own-constants.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/**
 * A test for constants by name, from patterns with * and ?. Throws NormfoldError "usage" for a pattern that matches no constant of
 * the model.
 */
export function constantsNamed(model: Model, patterns: readonly string[] = []): (name: string) => boolean {
  const { graph } = model;
  const names = [...[...graph.initializers].map(({ name }) => name), ...tiedNames(graph).flat()];
  const idle = patterns.find((pattern) => !names.some((name) => matchesGlob(pattern, name)));
  if (idle !== undefined) throw errors.globMatchesNoParameter(idle);
  return (name) => patterns.some((pattern) => matchesGlob(pattern, name));
}
