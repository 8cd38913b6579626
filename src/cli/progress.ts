import { type Stages, timedStages } from "../job/stages.js";
import { shown, WIDTH } from "../report/layout.js";
import { onInterrupt } from "./exit.js";
import { write } from "./output.js";

interface Spinner {
  text: string;
  stop(): unknown;
}

/** Says what is going on, to whoever waits. */
export interface Progress {
  show(text: string): void;
  stop(): void;
}

/** Milliseconds between two lines where nobody sees a line change. */
const PACE = 10_000;

/** On a terminal a spinner; elsewhere a line on stderr now and then, for the log of a long run; nothing unless `visible`. */
export async function createProgress(visible: boolean): Promise<Progress> {
  if (!visible) return { show: () => {}, stop: () => {} };
  if (process.stderr.isTTY === true) return await spinnerProgress();
  let last = performance.now();
  const show = (text: string): void => {
    if (performance.now() - last < PACE) return;
    last = performance.now();
    // Nobody waits for it, and an error shows when a result is printed.
    write(`${shown(text, WIDTH)}\n`, "stderr").catch(() => {});
  };
  return { show, stop: () => {} };
}

async function spinnerProgress(): Promise<Progress> {
  const spinner = await startSpinner();
  return {
    show: (text) => {
      spinner.text = shown(text, WIDTH);
    },
    stop: () => spinner.stop(),
  };
}

/** Stages that a spinner shows: on stderr, and only where that is a terminal and `visible`. */
export async function createStages(visible: boolean): Promise<Stages> {
  if (!visible || process.stderr.isTTY !== true) return timedStages();
  const { show, stop } = await spinnerProgress();
  return timedStages(show, stop);
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
