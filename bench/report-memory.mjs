// Loaded into a measured Node child with --import: at its end it prints its peak resident set. Linux's VmHWM is preferred,
// since ru_maxrss is inherited from the parent that forked it.
import { readFileSync, writeSync } from "node:fs";

process.on("exit", () => {
  let kib = process.resourceUsage().maxRSS;
  try {
    kib = Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? kib);
  } catch {
    // Not Linux: ru_maxrss has to do.
  }
  writeSync(2, `\npeak-memory-kib=${kib}\n`);
});
