import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  noValuesToDifferentiateBy: [
    "usage",
    (): string => "there are no values to differentiate by; name inputs, initializers or inner values",
  ],
  valueIsNotInModel: [
    "usage",
    (name: string): string => `the model has no value "${name}"; normfold print shows their names`,
  ],
  valueHasNoGradient: [
    "usage",
    (name: string, dtype: string | undefined): string =>
      `"${name}" is of type ${dtype ?? "unknown"}, and only floating-point tensors have gradients; name another value`,
  ],
  seedTypeIsUnknown: [
    "unsupported",
    (name: string): string => `the type of "${name}" is not known; seed with ones`,
  ],
  callHasNoGradient: [
    "unsupported",
    (opType: string): string =>
      `it calls the function ${opType}, which has no gradient as a whole; inline functions first`,
  ],
  branchHasNoGradient: [
    "unsupported",
    (opType: string): string =>
      `${opType} has no gradient rule; freeze the model, then optimize it, which removes ${opType} where its condition is constant`,
  ],
  operatorHasNoGradient: [
    "unsupported",
    (opType: string): string =>
      `${opType} has no gradient rule; freeze the parameters before it, or take it out`,
  ],
  gradientRuleRefuses: [
    "unsupported",
    (opType: string, reason: string): string => `${opType} cannot be differentiated: ${reason}`,
  ],
  furtherOutputIsPinned: [
    "unsupported",
    (name: string): string =>
      `its gradient needs another output of it, but an annotation or a training binding names "${name}"; take that out first`,
  ],
} as const;

/** Errors of differentiation. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
