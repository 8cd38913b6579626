import type { Readable, Writable } from "node:stream";
import type { Watch } from "./messages.js";
import type { Watchman } from "./watchman.js";

/** This side of the watchdog, which is a thread of the process and watches over its limits itself. */
export class InsideWatch implements Watchman {
  readonly #watch: Writable;
  #reason = "";

  constructor(watch: Writable, reason: Readable) {
    this.#watch = watch;
    reason.on("data", (bytes: Uint8Array) => {
      this.#reason += String(bytes);
    });
  }

  get passed(): "time" | "memory" | undefined {
    return this.#reason === "time" || this.#reason === "memory" ? this.#reason : undefined;
  }

  begin(): void {}

  end(): void {}

  tell(change: Watch): void {
    this.#watch.write(`${JSON.stringify(change)}\n`);
  }

  close(): void {}
}
