/** What may be worked on at once. */
export interface Capacity {
  /** Tasks. */
  readonly workers: number;
  /** Bytes of memory, for the predictions of the tasks together. */
  readonly bytes: number;
}

/**
 * Runs every task, the largest first, as many at once as `capacity` has room for; a task that is too large for it runs alone. `bytes`
 * predicts what each takes. Rejects with the first error of `run`, which should have none.
 */
export async function runScheduled(
  bytes: readonly number[],
  capacity: Capacity,
  run: (task: number) => Promise<void>,
): Promise<void> {
  const waiting = [...bytes.keys()].sort((a, b) => (bytes[b] ?? 0) - (bytes[a] ?? 0) || a - b);
  const running = new Map<number, Promise<number>>();
  let taken = 0;
  for (;;) {
    while (running.size < capacity.workers) {
      const next = waiting.findIndex(
        (task) => running.size === 0 || taken + (bytes[task] ?? 0) <= capacity.bytes,
      );
      const [task] = next < 0 ? [] : waiting.splice(next, 1);
      if (task === undefined) break;
      taken += bytes[task] ?? 0;
      running.set(
        task,
        run(task).then(() => task),
      );
    }
    if (running.size === 0) return;
    const done = await Promise.race(running.values());
    running.delete(done);
    taken -= bytes[done] ?? 0;
  }
}
