import { kebabCase, mapValues } from "./names.js";

/** Why something that looked possible was not done: a sentence for the user, never an exception. */
export interface Refusal {
  readonly kind: "refusal";
  /** Names the kind of refusal in `--json`, in tests and in docs/refusals.md; the sentence may change, the id does not. */
  readonly id: string;
  readonly reason: string;
}

/** A refusal of one's own, for passes outside this project; inside, refusals come from the catalogue of their room. */
export function refuse(reason: string, id = "other"): Refusal {
  return { kind: "refusal", id, reason };
}

export function isRefusal(result: unknown): result is Refusal {
  return typeof result === "object" && result !== null && "kind" in result && result.kind === "refusal";
}

/** The same refusal, with the place in front of its sentence: `Conv "c": its weight is int8`. */
export function refusedAt(place: string, { id, reason }: Refusal): Refusal {
  return { kind: "refusal", id, reason: `${place}: ${reason}` };
}

/** Sentences by name; the id of a refusal is its name in kebab-case. */
export type RefusalSentences = Readonly<Record<string, (...args: never[]) => string>>;

/** Gives one kind of refusal. */
export interface RefusalKind<Args extends readonly unknown[]> {
  (...args: Args): Refusal;
  readonly id: string;
  /** For the documentation, which prints its template. */
  readonly sentence: (...args: Args) => string;
}

export type RefusalCatalogue<T extends RefusalSentences> = {
  readonly [Name in keyof T]: RefusalKind<Parameters<T[Name]>>;
};

/**
 * The refusals of one room.
 *
 *   const SENTENCES = { weightIsNotFloat: (dtype: DType): string => `its weight is ${dtype}` } as const;
 *   export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
 *   return refusals.weightIsNotFloat("int8"); // { id: "weight-is-not-float", reason: "its weight is int8" }
 */
export function refusalCatalogue<T extends RefusalSentences>(sentences: T): RefusalCatalogue<T> {
  return mapValues(sentences, (sentence, name) => {
    const id = kebabCase(name);
    const make = (...args: never[]): Refusal => ({ kind: "refusal", id, reason: sentence(...args) });
    return Object.assign(make, { id, sentence });
  });
}
