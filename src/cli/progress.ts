import { type Stages, timedStages } from "../job/stages.js";
import { shown, WIDTH } from "../report/layout.js";
import { onInterrupt } from "./exit.js";

interface Spinner {
  text: string;
  stop(): unknown;
}

/** The spinner turns on stderr, and only where that is a terminal and `visible`. */
export async function createStages(visible: boolean): Promise<Stages> {
  if (!visible || process.stderr.isTTY !== true) return timedStages();
  const spinner = await startSpinner();
  const show = (text: string): void => {
    spinner.text = shown(text, WIDTH);
  };
  return timedStages(show, () => spinner.stop());
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
