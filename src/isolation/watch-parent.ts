import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { GUARD_BYTES } from "./guard.js";
import { startWatchdog } from "./start-watchdog.js";

/**
 * Has this process end when its parent has gone, whatever it does then. The parent holds the other end of the descriptor WATCH,
 * and says there what is to be removed.
 */
export function watchOverParent(): void {
  const manifest = createRequire(import.meta.url).resolve("normfold/package.json");
  startWatchdog(join(dirname(manifest), "dist/isolation/watchdog.cjs"), new SharedArrayBuffer(GUARD_BYTES));
}
