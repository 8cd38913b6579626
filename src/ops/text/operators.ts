/** Strings. */
export const OPERATORS = {
  RegexFullMatch: { since: [20], inputs: 1 },
  StringConcat: { since: [20], inputs: 2 },
  StringNormalizer: { since: [10], inputs: 1 },
  StringSplit: { since: [20], inputs: 1, outputs: 2 },
  TfIdfVectorizer: { since: [9], inputs: 1 },
} as const;
