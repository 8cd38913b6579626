/** Bytes of the memory that the process shares with its watchdog. */
export const GUARD_BYTES = 16;

/** How the process tells its watchdog what it does; a view of shared memory. */
export interface Guard {
  readonly buffer: SharedArrayBuffer;
  /** A call begins that may take so many seconds, and the process so many bytes. */
  begin(timeout: number, memory: number): void;
  /** The call has ended. */
  end(): void;
  /** The limit that the running call has passed, if any. */
  passed(resident: number): "time" | "memory" | undefined;
}

/** The guard in a piece of shared memory. Times are the system's monotonic clock, which threads share. */
export function guardOf(buffer: SharedArrayBuffer): Guard {
  const cells = new BigInt64Array(buffer);
  return {
    buffer,
    begin: (timeout, memory) => {
      Atomics.store(cells, 1, BigInt(Math.round(Math.min(memory, Number.MAX_SAFE_INTEGER))));
      const nanoseconds = BigInt(Math.round(Math.min(timeout, FOREVER) * 1e9));
      Atomics.store(cells, 0, process.hrtime.bigint() + nanoseconds);
    },
    end: () => Atomics.store(cells, 0, 0n),
    passed: (resident) => {
      const deadline = Atomics.load(cells, 0);
      if (deadline === 0n) return undefined;
      if (process.hrtime.bigint() > deadline) return "time";
      return BigInt(resident) > Atomics.load(cells, 1) ? "memory" : undefined;
    },
  };
}

/** Seconds; a hundred years, in nanoseconds, fit into 64 bits. */
const FOREVER = 3_000_000_000;
