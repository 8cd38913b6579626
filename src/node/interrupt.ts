/**
 * Runs `use` with a signal that the first Ctrl-C aborts, so that the work can end cleanly. The process's own listeners for
 * Ctrl-C are removed meanwhile; they get the second Ctrl-C, and every one after `use`.
 */
export async function interruptible<T>(use: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const others = process.listeners("SIGINT");
  const restore = (): void => {
    process.removeAllListeners("SIGINT");
    for (const listener of others) process.on("SIGINT", listener);
  };
  process.removeAllListeners("SIGINT");
  process.once("SIGINT", () => {
    restore();
    abort.abort();
  });
  try {
    return await use(abort.signal);
  } finally {
    restore();
  }
}
