/** Why something that looked possible was not done: a sentence for the user, never an exception. */
export interface Refusal {
  readonly kind: "refusal";
  readonly reason: string;
}

export function refuse(reason: string): Refusal {
  return { kind: "refusal", reason };
}

export function isRefusal(result: unknown): result is Refusal {
  return typeof result === "object" && result !== null && "kind" in result && result.kind === "refusal";
}
