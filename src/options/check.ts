import { BUDGET } from "./budget.js";
import { LOAD, PRINTING, REPORTING } from "./common.js";
import { HEADS } from "./heads.js";
import { CHECK_DATA, COMPARISON, ISOLATION } from "./optimize.js";
import type { CommandSpec } from "./spec.js";

/** How outputs are judged, and what is compared beside them. */
export const JUDGING = {
  /** Let elements differ by this, in the place of the measured tolerance: `|a - b| <= atol + rtol |a|`. */
  atol: {
    flag: "--atol <x>",
    help: "let elements differ by this, in the place of a measured tolerance",
    type: "number",
    from: 0,
    defaultText: "measured; 0 beside --rtol",
    group: "Judgement",
  },
  /** Let elements differ by this share of the original's, in the place of the measured tolerance. */
  rtol: {
    flag: "--rtol <x>",
    help: "let elements differ by this share of the original's, in the place of a measured tolerance",
    type: "number",
    from: 0,
    defaultText: "measured; 0 beside --atol",
    group: "Judgement",
  },
  /** Compare each value that both models compute under one name, and name the first that differs. */
  layers: {
    flag: "--layers",
    help: "compare every value that both models have, and name the first that differs",
    type: "switch",
    group: "Judgement",
  },
  /** Count how often the best class of the original is among so many best of the result; with labels, how often both are right. */
  topK: {
    flag: "--top-k <k>",
    help: "say how often the original's best class is among the result's k best",
    type: "whole",
    from: 1,
    group: "Judgement",
  },
} as const;

/** Where each of the two models runs. */
export const SIDES = {
  /** Where onnxruntime runs the models: "cpu", "cuda", ...; "wasm" is onnxruntime-web. Default "cpu". */
  provider: {
    flag: "--provider <name>",
    help: "where onnxruntime runs the models: cpu, cuda, ..., or wasm, which is onnxruntime-web",
    type: "text",
    defaultText: "cpu",
    group: "Runtime",
  },
  /** How far onnxruntime optimizes the models when it loads them. Default "disabled". */
  level: {
    flag: "--level <level>",
    help: "how far onnxruntime optimizes the models when it loads them",
    type: "choice",
    choices: ["disabled", "basic", "extended", "layout", "all"],
    defaultText: "disabled",
    group: "Runtime",
  },
  /** Where the result runs, if not where the original does. */
  resultProvider: {
    flag: "--result-provider <name>",
    help: "where the result runs",
    type: "text",
    defaultText: "as the original",
    group: "Runtime",
  },
  /** How far the result is optimized, if not as far as the original. */
  resultLevel: {
    flag: "--result-level <level>",
    help: "how far the result is optimized",
    type: "choice",
    choices: ["disabled", "basic", "extended", "layout", "all"],
    defaultText: "as the original",
    group: "Runtime",
  },
} as const;

/** Options of the command that are no options of the library's `check`. */
export const CHECK_RUN = {
  /** A file with the class of each sample. */
  labels: {
    flag: "--labels <file>",
    help: 'the class of each sample: .npy, .pb or .npz; without it the array "labels" of --data',
    type: "text",
    needs: [{ option: "topK" }],
    group: "Judgement",
  },
} as const;

/** `normfold check`. */
export const CHECK_COMMAND: CommandSpec = {
  ...HEADS.check,
  description:
    "Runs two models on the same inputs in onnxruntime, its own optimizations off, and compares each output. " +
    "The inputs are --data, else the test_data_set_* folders beside the first model, else generated.",
  tables: [CHECK_DATA, COMPARISON, JUDGING, CHECK_RUN, SIDES, ISOLATION, BUDGET, LOAD, PRINTING, REPORTING],
  outcome: {
    done: "the outputs are equal (and the budget is met)",
    differs: "the outputs differ, or the result misses the budget",
  },
  examples: [
    "normfold check model.onnx folded.onnx",
    "normfold check model.onnx folded.onnx --data samples.npz -q && echo equal",
    "normfold check model.onnx model.onnx --result-provider wasm --layers",
  ],
};
