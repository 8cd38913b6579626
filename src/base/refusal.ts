import { kebabCase, lazyValues } from "./names.js";

/** Why something that looked possible was not done: a sentence for the user, never an exception. */
export interface Refusal {
  /** Tells a refusal from a result. */
  readonly kind: "refusal";
  /** Names the kind of refusal in `--json`, in tests and in docs/refusals.md; the sentence may change, the id does not. */
  readonly id: string;
  /** A clause about the node or value that was asked about: "its weight is int8". */
  readonly reason: string;
}

/** A refusal of one's own, for passes outside this project; inside, refusals come from the catalogue of their room. */
export function refuse(reason: string, id = "other"): Refusal {
  return { kind: "refusal", id, reason };
}

/** True for a refusal, false for any result. */
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
  /** Gives the refusal with its sentence. */
  (...args: Args): Refusal;
  /** The kind of refusal; stable, unlike the sentence. */
  readonly id: string;
  /** For the documentation, which prints its template. */
  readonly sentence: (...args: Args) => string;
}

/** The kinds of refusals of a room, by name. */
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
  return lazyValues(sentences, (sentence, name) => {
    const id = kebabCase(name);
    const make = (...args: never[]): Refusal => ({ kind: "refusal", id, reason: sentence(...args) });
    return Object.assign(make, { id, sentence });
  });
}
