/**
 * The time that a check may take. The only clock of the library: it decides nothing while there is time left, so that the same
 * input gives the same bytes unless a check takes ten times as long as the rewriting.
 */
export interface CheckBudget {
  /** The rewriting begins. */
  begin(): void;
  /** The first check begins: from now on time is spent. Later calls change nothing. */
  start(): void;
  isSpent(): boolean;
  /** The budget in seconds, as it is known by now. */
  readonly seconds: number;
}

/** Without a number of the user's: so many times the time of the rewriting, and at least so many seconds. */
const TIMES = 10;
const LEAST = 10;

/** `seconds` is the user's. `now` gives milliseconds. */
export function createBudget(
  seconds: number | undefined,
  now: () => number = () => performance.now(),
): CheckBudget {
  let [begun, started]: [number | undefined, number | undefined] = [undefined, undefined];
  let limit = seconds ?? LEAST;
  return {
    begin: () => {
      begun ??= now();
    },
    start: () => {
      if (started !== undefined) return;
      started = now();
      if (seconds === undefined) limit = Math.max(LEAST, (TIMES * (started - (begun ?? started))) / 1000);
    },
    isSpent: () => started !== undefined && now() - started > limit * 1000,
    get seconds() {
      return limit;
    },
  };
}
