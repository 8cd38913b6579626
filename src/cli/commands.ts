import type { Command } from "commander";
import { defineCalibrate } from "./calibrate.js";
import { defineCheck } from "./check.js";
import { defineEnsemble } from "./ensemble.js";
import { defineFreeze } from "./freeze.js";
import { defineInsert } from "./insert.js";
import { defineInspect } from "./inspect.js";
import { defineLower } from "./lower.js";
import { defineOptimize } from "./optimize.js";
import { definePasses } from "./passes.js";
import { definePrepare } from "./prepare.js";
import { definePrint } from "./print.js";
import { defineTrain } from "./train.js";

/** The function that gives each command its options and its action. `--help` and `--version` never load this module. */
export const DEFINITIONS: ReadonlyMap<string, (command: Command) => void> = new Map([
  ["optimize", defineOptimize],
  ["insert", defineInsert],
  ["train", defineTrain],
  ["calibrate", defineCalibrate],
  ["freeze", defineFreeze],
  ["prepare", definePrepare],
  ["ensemble", defineEnsemble],
  ["lower", defineLower],
  ["check", defineCheck],
  ["inspect", defineInspect],
  ["print", definePrint],
  ["passes", definePasses],
]);
