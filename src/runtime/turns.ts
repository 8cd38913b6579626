import type { Entrant, Span } from "./runtime.js";

/**
 * Milliseconds of a burst: a session runs so long before another has its turn, and once at least. In a burst a small model has
 * its weights in the processor's cache, as it has where it runs alone.
 */
const BURST = 10;
/** From so many runs on the first of a burst, which finds the cache as the other session left it, is left out. */
const LONG_BURST = 4;

interface Runner {
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}

/**
 * The milliseconds of each run, entrant by entrant. The sessions take turns, now in this order and now in the other, so that a
 * machine that changes its speed treats all alike. Without `prepare` of the session, what it takes to hand over feeds and
 * outputs counts too.
 */
export async function takeTurns(
  entrants: readonly Entrant[],
  { milliseconds, leastRuns }: Span,
  clock: () => number = () => performance.now(),
): Promise<readonly (readonly number[])[]> {
  const all = entrants.map(({ session, feeds }): Runner => {
    const run = session.prepare?.(feeds) ?? (() => session.run(feeds));
    return { run, times: [] };
  });
  const runners = [...all];
  const until = clock() + milliseconds * entrants.length;
  while (clock() < until || runners.some(({ times }) => times.length < leastRuns)) {
    for (const { run, times } of runners) {
      const burst: number[] = [];
      const start = clock();
      for (let now = start; burst.length === 0 || now - start < BURST; ) {
        const before = now;
        await run();
        now = clock();
        burst.push(now - before);
      }
      times.push(...(burst.length < LONG_BURST ? burst : burst.slice(1)));
    }
    runners.reverse();
  }
  return all.map(({ times }) => times);
}
