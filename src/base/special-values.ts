/**
 * A kind of value on which a rewrite that is right on ordinary numbers may differ from the model.
 *
 *   nan            an element is NaN in one of the two only
 *   infinity       an element is infinite, of either sign, in one of the two only
 *   negative-zero  a zero has another sign
 *   empty          with a size of zero the result has other elements or another shape, or there is none
 *   overflow       finite numbers within a few orders of magnitude of the type's largest leave its range in one of the two
 *                  only, because terms are scaled or added in another order
 */
export type SpecialValue = "nan" | "infinity" | "negative-zero" | "empty" | "overflow";

/** All kinds, in the order in which they are listed. */
export const SPECIAL_VALUES: readonly SpecialValue[] = [
  "nan",
  "infinity",
  "negative-zero",
  "empty",
  "overflow",
];

/** The effect of a pass on special values. */
export interface SpecialEffect {
  /** The kinds that its rewrites may change; none: it keeps them all. A rewrite may say that it changes fewer. */
  readonly mayChange: readonly SpecialValue[];
  /** The reason, in a clause: "elements are only moved". */
  readonly because: string;
}

/** The kinds that are in any of the lists, each once, in their order. */
export function unionOf(lists: Iterable<readonly SpecialValue[]>): readonly SpecialValue[] {
  const found = new Set([...lists].flat());
  return SPECIAL_VALUES.filter((kind) => found.has(kind));
}

/** With infinity where there is overflow of float16, because real networks reach the end of its range. */
export function forType(
  dtype: string | undefined,
  mayChange: readonly SpecialValue[],
): readonly SpecialValue[] {
  return dtype === "float16" && mayChange.includes("overflow")
    ? unionOf([mayChange, ["infinity"]])
    : mayChange;
}

/**
 * Whether --preserve-nonfinite leaves a rewrite out: it may change more than where finite numbers overflow, which every
 * fold into weights may.
 */
export function changesSpecialValues(mayChange: readonly SpecialValue[]): boolean {
  return mayChange.some((kind) => kind !== "overflow");
}

/** The kinds in words: "NaN, infinity and -0". */
export function specialText(kinds: readonly SpecialValue[]): string {
  const words = kinds.map((kind) => WORDS[kind]);
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

const WORDS: Readonly<Record<SpecialValue, string>> = {
  nan: "NaN",
  infinity: "infinity",
  "negative-zero": "-0",
  empty: "empty tensors",
  overflow: "overflow",
};
