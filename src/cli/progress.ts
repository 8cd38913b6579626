import { shown, WIDTH } from "../report/layout.js";
import { onInterrupt } from "./exit.js";

/** Times the stages of a run, and shows the one that is under way. */
export interface Stages {
  /** Ends the stage before; the same stage may be entered again. */
  enter(stage: string, text: string): void;
  /** Ends the last stage and takes the spinner away; gives milliseconds by stage, to the microsecond. */
  finish(): Readonly<Record<string, number>>;
}

interface Spinner {
  text: string;
  stop(): unknown;
}

/** The spinner turns on stderr, and only where that is a terminal and `visible`. */
export async function createStages(visible: boolean): Promise<Stages> {
  const spinner = visible && process.stderr.isTTY === true ? await startSpinner() : undefined;
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
      if (spinner !== undefined) spinner.text = shown(text, WIDTH);
    },
    finish: () => {
      settle();
      spinner?.stop();
      return Object.fromEntries(
        Object.entries(time).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]),
      );
    },
  };
}

const SHOW_CURSOR = "\u001b[?25h";

async function startSpinner(): Promise<Spinner> {
  const { default: createSpinner } = await import("yocto-spinner");
  // The spinner's own signal handler would exit before temporary files are removed.
  const spinner = createSpinner({ stream: process.stderr, handleSignals: false }).start();
  onInterrupt(() => spinner.stop());
  // A process that is ended by the system cannot show the cursor again, so it is not hidden.
  process.stderr.write(SHOW_CURSOR);
  return spinner;
}
