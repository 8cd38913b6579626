import { CALIBRATE_COMMAND } from "./calibrate.js";
import { CHECK_COMMAND } from "./check.js";
import { JSON_ONLY, LOAD, PRINTING, REPORTING, TARGET } from "./common.js";
import { HEADS } from "./heads.js";
import { INSERT_COMMAND } from "./insert.js";
import { OPTIMIZE_COMMAND } from "./optimize.js";
import { PROFILE_COMMAND } from "./profile.js";
import { REDUCE_COMMAND } from "./reduce.js";
import type { CommandSpec } from "./spec.js";
import { TRAIN_COMMAND } from "./train.js";

/** How a network is prepared. */
export const PREPARE = {
  /** Which recipe. */
  recipe: {
    flag: "--recipe <name>",
    help: "batchnorm-paper",
    type: "choice",
    choices: ["batchnorm-paper"],
  },
  /** training (default) or inference, as insertBatchNorm has it. */
  form: {
    flag: "--form <form>",
    help: "of the normalizations: training or inference",
    type: "choice",
    choices: ["training", "inference"],
    default: "training",
  },
  /** The seed of the new kernels' random values. Default 0. */
  seed: {
    flag: "--seed <n>",
    help: "seed of the new kernels",
    type: "whole",
    from: 0,
    to: 4_294_967_295,
    default: 0,
  },
} as const;

/** How models become one. */
export const ENSEMBLE = {
  /** The output of each model with the classes in its second dimension; by default the first. */
  output: {
    flag: "--of <name>",
    help: "the output with the classes",
    type: "text",
    defaultText: "the first",
  },
  /** A number for each model, by which its probabilities count; they are divided by their sum. Default: all alike. */
  weights: {
    flag: "--weights <list>",
    help: "how much each counts",
    type: "numbers",
    defaultText: "all alike",
  },
} as const;

/** Options of the command that are no options of the library's `buildEnsemble`. */
export const ENSEMBLE_RUN = {
  /** Compare with the members. Default true. */
  check: {
    flag: "--no-check",
    help: "do not compare with the members in onnxruntime before writing",
    type: "switch",
    default: true,
  },
} as const;

/** Options of the command that are no options of the library's `lower`, which counts steps from 0. */
export const LOWER_RUN = {
  /** The step of training in training_info, counted from 1; true: the first. */
  trainingInfo: {
    flag: "--training-info [n]",
    help: "the step of training in the model's training_info (the first, or the nth) as a model of its own",
    type: "whole",
    from: 1,
  },
} as const;

/** Whether the result of `lower` is checked. */
export const LOWER = {
  /** Have onnxruntime load the result. Default true. */
  check: {
    flag: "--no-check",
    help: "do not have onnxruntime load the result",
    type: "switch",
    default: true,
  },
} as const;

/** How much `inspect` shows. */
export const INSPECT = {
  /** Each normalization, and metadata in full. */
  all: { flag: "--all", help: "list each BatchNormalization, and metadata in full", type: "switch" },
  /** Each constant with its role, as training sees it. */
  parameters: {
    flag: "--parameters",
    help: "list each constant with its role, and whether training would change it",
    type: "switch",
  },
} as const;

/** What counts as a difference. */
export const DIFF = {
  /** Parts that may differ: fields, opsets, metadata, names, weights, other. */
  ignore: {
    flag: "--ignore <parts>",
    help: "let these differ: fields, opsets, metadata, names, weights, other (repeatable, or a,b)",
    type: "names",
  },
} as const;

/** How much `diff` shows. */
export const DIFF_RUN = {
  /** Each node and each constant that differs. */
  all: {
    flag: "--all",
    help: "list every node and weight that differs, not the first of each kind",
    type: "switch",
    idleWith: [
      { option: "quiet", is: [true] },
      { option: "json", is: [true] },
    ],
  },
} as const;

/** How a model is printed. */
export const PRINT = {
  /** Tensors of up to so many elements are printed in full. Default 16. */
  maxElements: {
    flag: "--max-elements <n>",
    help: 'print tensors of up to n elements in full, or "all"',
    type: "limit",
    from: 0,
    defaultText: "16",
  },
} as const;

/** The tables that `passes` can list. */
export const PASSES_RUN = {
  /** The operators that gradients are written for. */
  gradients: {
    flag: "--gradients",
    help: "instead of the passes, list the operators that gradients are written for",
    type: "switch",
    idleWith: [{ option: "operators", is: [true] }, { option: "operator" }],
  },
  /** The matrix of operators and facets. */
  operators: {
    flag: "--operators",
    help: "instead of the passes, list the operators of the standard domain and what is known of each",
    type: "switch",
    idleWith: [{ option: "operator" }],
  },
  /** All that is known of one operator. */
  operator: {
    flag: "--operator <name>",
    help: "instead of the passes, say what is known of one operator, with reasons for the gaps",
    type: "text",
  },
} as const;

/** `normfold freeze`. */
export const FREEZE_COMMAND: CommandSpec = {
  ...HEADS.freeze,
  description:
    "Makes every BatchNormalization normalize with its running statistics as they are stored; outputs with updated " +
    "statistics and Dropout go. The result is ready for optimize.",
  tables: [TARGET, LOAD, PRINTING],
};

/** `normfold prepare`. */
export const PREPARE_COMMAND: CommandSpec = {
  ...HEADS.prepare,
  description:
    "batchnorm-paper (Ioffe & Szegedy 2015, section 4.2.1): Dropout and LRN go, each 5x5 Conv becomes two of 3x3 with " +
    "new kernels, BatchNormalization goes before the nonlinearities. This changes what the network computes, on " +
    "purpose: it is to be trained.",
  tables: [PREPARE, TARGET, LOAD, PRINTING],
  required: ["recipe"],
};

/** `normfold ensemble`. */
export const ENSEMBLE_COMMAND: CommandSpec = {
  ...HEADS.ensemble,
  description:
    "Writes one model whose output is the arithmetic mean of the class probabilities of several (the paper's 4.2.3). " +
    "Inputs of the same name are shared; models that end in logits get a Softmax.",
  tables: [ENSEMBLE, ENSEMBLE_RUN, TARGET, LOAD, PRINTING],
  outcome: {
    done: "what was written is proven (or --no-check was given)",
    differs: "the outputs are not the mean of the members'; nothing was written",
  },
};

/** `normfold lower`. */
export const LOWER_COMMAND: CommandSpec = {
  ...HEADS.lower,
  description:
    "Writes out ONNX's preview operators for training (Gradient, Adam, Adagrad, Momentum) in standard operators by the " +
    "formulas of their specification, and has onnxruntime load the result.",
  tables: [LOWER_RUN, LOWER, TARGET, LOAD, PRINTING],
  outcome: { done: "onnxruntime loads what was written (or --no-check was given)" },
};

/** `normfold diff`. */
export const DIFF_COMMAND: CommandSpec = {
  ...HEADS.diff,
  description:
    "Says what changed from one model to another: inputs and outputs, opsets, metadata, operators, nodes (matched by what " +
    "they compute, by name and by neighbours), weights and their largest difference. It runs neither.",
  tables: [DIFF, DIFF_RUN, LOAD, PRINTING, REPORTING],
  outcome: { done: "the models are the same", differs: "the models differ" },
  examples: [
    "normfold diff model.onnx folded.onnx",
    "normfold diff old.onnx new.onnx --ignore metadata,names -q && echo same",
  ],
};

/** `normfold inspect`. */
export const INSPECT_COMMAND: CommandSpec = {
  ...HEADS.inspect,
  description:
    "Prints inputs, outputs, opsets, operators, parameters, external data, and the operators before and after each " +
    "BatchNormalization. External files may be missing: tensor data is not read.",
  tables: [INSPECT, LOAD, JSON_ONLY],
  examples: ["normfold inspect model.onnx", "normfold inspect model.onnx --json > model.json"],
};

/** `normfold print`. */
export const PRINT_COMMAND: CommandSpec = {
  ...HEADS.print,
  description:
    "Prints a model in ONNX's textual syntax, which every command reads in place of a model. Tensors of many elements are " +
    "shortened to {...}, and cannot be read back then.",
  tables: [PRINT, LOAD],
  examples: ["normfold print model.onnx | less", "normfold print model.onnx --max-elements all > model.txt"],
};

/** `normfold passes`. */
export const PASSES_COMMAND: CommandSpec = {
  ...HEADS.passes,
  description:
    "Lists the passes in the order they run: what each looks for, what it leaves, how exact it is. One option can " +
    "ask for another list instead.",
  tables: [PASSES_RUN, JSON_ONLY],
};

/** `normfold completion`. */
export const COMPLETION_COMMAND: CommandSpec = {
  ...HEADS.completion,
  description:
    "Prints the script by which a shell completes commands, options, and their values. It holds all words, so that the shell " +
    "answers without starting normfold; print it anew after an update.",
  tables: [],
  examples: [
    "source <(normfold completion bash)",
    "normfold completion zsh > $fpath[1]/_normfold",
    "normfold completion fish > ~/.config/fish/completions/normfold.fish",
  ],
};

/** All commands, in the order of `normfold --help`. */
export const COMMANDS: readonly CommandSpec[] = [
  OPTIMIZE_COMMAND,
  CHECK_COMMAND,
  DIFF_COMMAND,
  PROFILE_COMMAND,
  REDUCE_COMMAND,
  INSPECT_COMMAND,
  PRINT_COMMAND,
  PASSES_COMMAND,
  COMPLETION_COMMAND,
  INSERT_COMMAND,
  TRAIN_COMMAND,
  CALIBRATE_COMMAND,
  FREEZE_COMMAND,
  PREPARE_COMMAND,
  LOWER_COMMAND,
  ENSEMBLE_COMMAND,
];
