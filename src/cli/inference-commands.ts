import type { Command } from "commander";
import { defineCheck } from "./check.js";
import { defineDiff } from "./diff.js";
import { defineInspect } from "./inspect.js";
import { definePrint } from "./print.js";
import { defineProfile } from "./profile.js";

// What optimize does with one model is loaded with these commands, whose code it shares.
export { assertPasses, optimizeOne } from "./optimize-one.js";

/** The commands that need the first door alone. */
export const INFERENCE_COMMANDS: ReadonlyMap<string, (command: Command) => void> = new Map([
  ["check", defineCheck],
  ["diff", defineDiff],
  ["profile", defineProfile],
  ["inspect", defineInspect],
  ["print", definePrint],
]);
