/** Hears of the stages of a run, and times them. */
export interface Stages {
  /** Ends the stage before; the same stage may be entered again. `text` says what is going on, for whoever waits. */
  enter(stage: string, text: string): void;
  /** Ends the last stage; gives milliseconds by stage, to the microsecond. */
  finish(): Readonly<Record<string, number>>;
}

/** Times stages; `show` hears what is going on, and `stop` that nothing is any more. */
export function timedStages(show?: (text: string) => void, stop?: () => void): Stages {
  const time: Record<string, number> = {};
  let current: string | undefined;
  let since = 0;
  const settle = (): void => {
    const now = performance.now();
    if (current !== undefined) time[current] = (time[current] ?? 0) + now - since;
    since = now;
    current = undefined;
  };
  return {
    enter: (stage, text) => {
      settle();
      current = stage;
      show?.(text);
    },
    finish: () => {
      settle();
      stop?.();
      return Object.fromEntries(
        Object.entries(time).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]),
      );
    },
  };
}
