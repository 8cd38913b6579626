import type { Command } from "commander";
import { defineCalibrate } from "./calibrate.js";
import { defineCompletion } from "./completion.js";
import { defineEnsemble } from "./ensemble.js";
import { defineFreeze } from "./freeze.js";
import { defineInsert } from "./insert.js";
import { defineLower } from "./lower.js";
import { definePasses } from "./passes.js";
import { definePrepare } from "./prepare.js";
import { defineReduce } from "./reduce.js";
import { defineTrain } from "./train.js";

/**
 * The commands that need the second door, passes among them because it lists gradients, and those that are called too rarely
 * for the others to load their code.
 */
export const TRAINING_COMMANDS: ReadonlyMap<string, (command: Command) => void> = new Map([
  ["insert", defineInsert],
  ["train", defineTrain],
  ["calibrate", defineCalibrate],
  ["freeze", defineFreeze],
  ["prepare", definePrepare],
  ["ensemble", defineEnsemble],
  ["lower", defineLower],
  ["passes", definePasses],
  ["completion", defineCompletion],
  ["reduce", defineReduce],
]);
