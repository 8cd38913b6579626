import { LOAD, PRINTING, TARGET } from "./common.js";
import { DATA, DRAWING, LIMIT, MODULE, PREPARATION } from "./data.js";
import { HEADS } from "./heads.js";
import type { CommandSpec } from "./spec.js";

/** How statistics are computed. */
export const CALIBRATE = {
  /** How statistics are computed. Default "paper". */
  method: {
    flag: "--method <how>",
    help: "paper: Algorithm 2; pooled: all data at once; sequential: layer by layer, one pass over the data for those side by side; moving-average: from the stored values on",
    type: "choice",
    choices: ["paper", "pooled", "sequential", "moving-average"],
    default: "paper",
    group: "Statistics",
  },
  /** For `moving-average` alone: the weight of the old value, from 0 to below 1. Default: each node's own. */
  momentum: {
    flag: "--momentum <x>",
    help: "of moving-average: the old value's share",
    type: "number",
    from: 0,
    below: 1,
    defaultText: "each node's own",
    needs: [{ option: "method", is: ["moving-average"] }],
    group: "Statistics",
  },
} as const;

/** `normfold calibrate`. */
export const CALIBRATE_COMMAND: CommandSpec = {
  ...HEADS.calibrate,
  description:
    "Replaces the statistics of every BatchNormalization by those of the data: after training, or on data of another " +
    "domain (AdaBN). With --labels, says how accurate the model was before and is after.",
  tables: [TARGET, LOAD, PRINTING, CALIBRATE, DATA, PREPARATION, MODULE, DRAWING, LIMIT],
  required: ["data"],
  examples: [
    "normfold calibrate model.onnx -o new.onnx --data images/ --scale 1/255",
    "normfold calibrate model.onnx -o new.onnx --data x.npy --labels y.npy",
  ],
};
