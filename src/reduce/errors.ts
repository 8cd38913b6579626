import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  nothingHappens: [
    "usage",
    (what: string): string => `${what} on the whole model, so that there is nothing to reduce it to`,
  ],
  symptomIsFlaky: [
    "unsupported",
    (first: string, second: string): string =>
      `the whole model, tried twice, once gave "${first}" and once "${second}"; make the try repeatable first, with fixed seeds or one thread`,
  ],
  unknownPredicate: [
    "usage",
    (text: string, words: readonly string[], meant: string | undefined): string =>
      `there is no predicate "${text}"; ${meant === undefined ? `choose among ${words.join(", ")}` : `did you mean "${meant}"?`}`,
  ],
  predicateNeedsPass: [
    "usage",
    (): string => 'the predicate "pass" needs a pass; write "pass:fold-constants"',
  ],
  predicateTakesNoPass: [
    "usage",
    (word: string): string => `the predicate "${word}" takes no pass; write "${word}" alone`,
  ],
  commandTakesNoModel: [
    "usage",
    (): string =>
      'the command has no place for the model; write {} where its path goes, like "python run.py {}"',
  ],
  commandDoesNotStart: [
    "usage",
    (code: number): string =>
      `the shell does not find or start the command (exit code ${code}); check its name and path`,
  ],
  expressionIsWrong: [
    "usage",
    (text: string, reason: string): string => `"${text}" is no regular expression (${reason}); mend it`,
  ],
} as const;

/** The errors of reducing models. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
