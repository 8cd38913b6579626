import type { Command } from "commander";
import { defineCheck } from "./check.js";
import { defineDiff } from "./diff.js";
import { defineInspect } from "./inspect.js";
import { defineOptimize } from "./optimize.js";
import { definePrint } from "./print.js";

/** The commands that need the first door alone. */
export const INFERENCE_COMMANDS: ReadonlyMap<string, (command: Command) => void> = new Map([
  ["optimize", defineOptimize],
  ["check", defineCheck],
  ["diff", defineDiff],
  ["inspect", defineInspect],
  ["print", definePrint],
]);
