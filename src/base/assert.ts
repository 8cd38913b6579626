import { NormfoldError } from "./errors.js";

/** The default branch of a switch over a union: a type error when a case is missing. */
export function assertNever(value: never, what: string): never {
  throw new NormfoldError("internal", `unhandled ${what}: ${JSON.stringify(value)}`);
}

/** Our own invariants, never the user's input: a failure is a bug in normfold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new NormfoldError("internal", message);
}

/** The element that an invariant says is there; turns `T | undefined` into `T`. */
export function present<T>(value: T | null | undefined, message: string): T {
  invariant(value !== undefined && value !== null, message);
  return value;
}
