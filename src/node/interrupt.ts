/** A signal by which a user or a system stops a command. */
export type StopSignal = "SIGINT" | "SIGTERM";

const SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

let stop: ((signal: StopSignal) => void) | undefined;
let listens = true;
let abort: (() => void) | undefined;
let tell: ((isGentle: boolean) => void) | undefined;
let waits = 0;
let isBusy = false;
let isListening = false;

/**
 * Has `handler` stop the process on a signal, but only while the process waits for something (`whileWaiting`): a listener for a
 * signal runs when the event loop turns, and a long computation would keep it from turning. Without a listener the system ends
 * the process at once, whatever it does.
 */
export function stopOnSignals(handler: (signal: StopSignal) => void): void {
  stop = handler;
  update();
}

/**
 * Says that another process gets the signals and passes them on to `obey`. `told` hears whether the first Ctrl-C would end the
 * work cleanly (`interruptible`) or would stop it.
 */
export function leaveSignals(told: (isGentle: boolean) => void): void {
  listens = false;
  tell = told;
  update();
}

/** Says that a long computation begins, although something is waited for beside it, or that it has ended. */
export function setBusy(busy: boolean): void {
  isBusy = busy;
  update();
}

/** Waits for `work`, which leaves the event loop turning. */
export async function whileWaiting<T>(work: () => Promise<T>): Promise<T> {
  waits++;
  update();
  try {
    return await work();
  } finally {
    waits--;
    update();
  }
}

/**
 * Runs `use` with a signal that the first Ctrl-C aborts, so that the work can end cleanly. The second Ctrl-C, and every one
 * after `use`, stops the process.
 */
export async function interruptible<T>(use: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  setAbort(() => controller.abort());
  try {
    return await whileWaiting(() => use(controller.signal));
  } finally {
    setAbort(undefined);
  }
}

/** Does what a signal asks for. */
export function obey(signal: StopSignal): void {
  const gentle = signal === "SIGINT" ? abort : undefined;
  setAbort(undefined);
  if (gentle === undefined) stop?.(signal);
  else gentle();
}

function setAbort(gentle: (() => void) | undefined): void {
  abort = gentle;
  tell?.(gentle !== undefined);
}

function update(): void {
  const shouldListen = listens && stop !== undefined && waits > 0 && !isBusy;
  if (shouldListen === isListening) return;
  isListening = shouldListen;
  for (const signal of SIGNALS) {
    if (shouldListen) process.on(signal, obey);
    else process.removeListener(signal, obey);
  }
}
