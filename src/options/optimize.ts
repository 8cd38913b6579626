import { BUDGET, REFUSAL_BUDGET } from "./budget.js";
import { LOAD, PRINTING, REPORTING, TARGET } from "./common.js";
import { CONFIGURE } from "./configure.js";
import { HEADS } from "./heads.js";
import { CACHE, MANY } from "./many.js";
import type { CommandSpec, OptionsOf, TextOption } from "./spec.js";

/** The passes; in the library also as objects. */
export const PIPELINE = {
  /** Passes to run, in this order; the whole pipeline by default. */
  passes: {
    flag: "--pass <names>",
    help: "run only these passes, in this order (repeatable, or a,b)",
    type: "names",
    group: "Rewrites",
  },
} as const;

/** The rewrites that are made. */
export const REWRITE = {
  /** Names of passes to leave out. */
  skip: {
    flag: "--skip <names>",
    help: "leave out these passes (repeatable, or a,b)",
    type: "names",
    group: "Rewrites",
  },
  /** Names of values and nodes that stay as they are: nothing removes, renames or changes them. */
  keep: {
    flag: "--keep <names>",
    help: "values and nodes that stay as they are (repeatable, or a,b)",
    type: "names",
    group: "Rewrites",
  },
  /**
   * Bytes by which computed constants may make the model grow in all; those that together would go past it all stay as
   * they are computed. Default 128 MiB: room for the weights of a ResNet-50 whose file has only formulas for them.
   */
  growthLimit: {
    flag: "--growth-limit <bytes>",
    help: "how much computed constants may make the model grow in all",
    type: "bytes",
    from: 0,
    default: 134_217_728,
    defaultText: "128MiB",
    group: "Rewrites",
  },
  /** Put the bodies of the model's functions in the place of their calls. Default false: a function is kept as one. */
  inlineFunctions: {
    flag: "--inline-functions",
    help: "replace calls of the model's own functions by their bodies",
    type: "switch",
    default: false,
    group: "Rewrites",
  },
  /**
   * Leave out rewrites that may change NaN, infinity, -0 or the result of empty tensors: report.mayChange is then empty,
   * or says that finite numbers near the end of their type's range may overflow elsewhere. Default false.
   */
  preserveNonfinite: {
    flag: "--preserve-nonfinite",
    help: "leave out rewrites that may change NaN, infinity, -0 or empty tensors",
    type: "switch",
    default: false,
    group: "Rewrites",
  },
  /**
   * Make constants of graph inputs that have a default value, which a caller could override; older exporters list every
   * weight so. Changes the model's inputs, hence off by default.
   */
  freezeInitializers: {
    flag: "--freeze-initializers",
    help: "make constants of inputs with a default value; callers can no longer set them",
    type: "switch",
    group: "The model",
  },
  /**
   * What the result is for. onnxruntime fuses operators when it loads a model, and a rewrite that keeps it from doing so is
   * no gain; other compilers are better served by fewer operators. Default "onnxruntime".
   */
  target: {
    flag: "--target <runtime>",
    help: "keep together what this runtime fuses when it loads",
    type: "choice",
    choices: ["onnxruntime", "any"],
    default: "onnxruntime",
    group: "Rewrites",
  },
  /** Raise the model to this version of the standard operator set first, for operators that are new in it. */
  opset: {
    flag: "--opset <n>",
    help: "raise the model to this version of the operator set first",
    type: "whole",
    from: 0,
    to: 999,
    group: "The model",
  },
} as const;

/** How the result is proven. */
export const PROOF = {
  /** Compare the result with the original in onnxruntime and undo rewrites that change it. Default true. */
  check: {
    flag: "--no-check",
    help: "do not compare in onnxruntime before writing",
    type: "switch",
    default: true,
    group: "Proof",
  },
  /**
   * Seconds that the check may take, counted from its start; a run that goes on is not ended. When they are spent, the rewrites
   * that are exact and those that are proven are kept, and the others left out: `report.leftOut`. Default: 10 times the time of
   * rewriting, at least 10.
   */
  checkBudget: {
    flag: "--check-budget <seconds>",
    help: "how long the check may take before unproven rewrites are left out",
    type: "number",
    above: 0,
    defaultText: "10 times the time of rewriting, at least 10",
    idleWith: [{ option: "check", is: [false] }],
    group: "Proof",
  },
  /** Measure how far original and result each are from a float64 evaluation of the original: `report.accuracy`. Slow. */
  reference: {
    flag: "--reference",
    help: "say how far original and result are from a float64 evaluation",
    type: "switch",
    idleWith: [{ option: "check", is: [false] }],
    group: "Proof",
  },
} as const;

/** The generated inputs that models are compared on. */
export const COMPARISON = {
  /** Sizes of generated inputs, by input name, the batch too: `{ x: [1, 3, 224, 224] }`. */
  inputShapes: {
    flag: "--input-shape <name:sizes>",
    help: "sizes of a generated input, x:1,3,224,224 (repeatable)",
    type: "shapes",
    idleWith: [{ option: "check", is: [false] }, { option: "checkInputs" }, { option: "data" }],
    group: "Proof",
  },
  /** Seed of the generated inputs. Default 0. */
  seed: {
    flag: "--seed <n>",
    help: "seed of the generated inputs",
    type: "whole",
    from: 0,
    to: 4_294_967_295,
    default: 0,
    idleWith: [{ option: "check", is: [false] }],
    group: "Proof",
  },
} as const;

/** Where onnxruntime runs, and what it may take there. */
export const ISOLATION = {
  /**
   * "process": onnxruntime runs in a process of its own, so that a model on which it crashes, loops or runs out of memory is an
   * error like any other. "none": in the process of the caller. The default is "process" on the command line, and "none" in the
   * library.
   */
  isolation: {
    flag: "--isolation <where>",
    help: "run onnxruntime in a process of its own, or in normfold's",
    type: "choice",
    choices: ["process", "none"],
    defaultText: "process",
    group: "Limits",
  },
  /**
   * Seconds that onnxruntime may take to load a model or to run it once, in a process of its own. Default: 60, and one more for
   * each MiB of weights.
   */
  timeout: {
    flag: "--timeout <seconds>",
    help: "how long onnxruntime may load a model, or run it once",
    type: "number",
    above: 0,
    defaultText: "60, and 1 more for each MiB of weights",
    idleWith: [{ option: "isolation", is: ["none"] }],
    group: "Limits",
  },
  /**
   * Bytes of memory that the process of onnxruntime may take. Default: 4 GiB, and eight times the weights.
   */
  memoryLimit: {
    flag: "--memory-limit <bytes>",
    help: "how much memory the process of onnxruntime may take",
    type: "bytes",
    from: 1,
    defaultText: "4GiB, and 8 times the weights",
    idleWith: [{ option: "isolation", is: ["none"] }],
    group: "Limits",
  },
} as const;

const COMPARED_DATA = {
  help: "compare on this data: .npz, .npy, .pb or a test_data_set folder",
  type: "text",
  group: "Proof",
} as const;

/** The data that `optimize` compares on: a file or folder with inputs. */
export const CHECK_INPUTS: { readonly checkInputs: TextOption } = {
  checkInputs: {
    flag: "--check-inputs <data>",
    ...COMPARED_DATA,
    idleWith: [{ option: "check", is: [false] }],
  },
};

/** The data that `check` compares on: a file or folder with inputs. */
export const CHECK_DATA: { readonly data: TextOption } = {
  data: { flag: "--data <data>", ...COMPARED_DATA },
};

/** The part of a model to go on with. */
export const CUT = {
  /** Names of values that become the inputs, in this order; any value of the model's graph. Default: its inputs. */
  inputs: {
    flag: "--inputs <names>",
    help: "cut the model: these values become its inputs (repeatable, or a,b)",
    type: "names",
    group: "The model",
  },
  /** Names of values that become the outputs, in this order. Default: its outputs. */
  outputs: {
    flag: "--outputs <names>",
    help: "cut the model: these values become its outputs (repeatable, or a,b)",
    type: "names",
    group: "The model",
  },
} as const;

/** Options of the command that are no options of the library's `optimize`. */
export const OPTIMIZE_RUN = {
  /** Write over the input. */
  inPlace: { flag: "--in-place", help: "write over the input", type: "switch", group: "Input and output" },
  /** Compute constants. Default true. */
  constantFolding: {
    flag: "--no-constant-folding",
    help: "do not compute constants; the same as --skip fold-constants",
    type: "switch",
    default: true,
    group: "Rewrites",
  },
  /** Sizes that inputs of the model are fixed to. */
  overwriteInputShapes: {
    flag: "--overwrite-input-shape <name:sizes>",
    help: "fix the sizes of an input in the model, x:1,3,224,224 (repeatable)",
    type: "shapes",
    group: "The model",
  },
  /** Tensors of at least this size go to a file of their own; true: from 1024 bytes on. */
  externalData: {
    flag: "--external-data [bytes]",
    help: "tensors of at least this size (1024) go to a file beside the model, <output>.data",
    type: "bytes",
    group: "Input and output",
  },
  /** Measure the original and the result in onnxruntime: latency, time to load, executed nodes, multiply-adds. */
  time: {
    flag: "--time",
    help: "measure latency, time to load and executed nodes before and after",
    type: "switch",
    group: "Input and output",
  },
  /** List every rewrite, and every place that was left alone. */
  explain: {
    flag: "--explain",
    help: "list every rewrite, and by reason every place that was left alone",
    type: "switch",
    idleWith: [{ option: "quiet", is: [true] }],
    group: "Input and output",
  },
} as const;

/** All that says how one file is optimized: what is read, rewritten, compared and written. */
export const OPTIMIZE_FILE: typeof CHECK_INPUTS &
  typeof OPTIMIZE_RUN &
  typeof LOAD &
  typeof PIPELINE &
  typeof REWRITE &
  typeof CUT &
  typeof PROOF &
  typeof COMPARISON &
  typeof ISOLATION &
  typeof BUDGET &
  typeof REFUSAL_BUDGET = {
  ...CHECK_INPUTS,
  ...OPTIMIZE_RUN,
  ...LOAD,
  ...PIPELINE,
  ...REWRITE,
  ...CUT,
  ...PROOF,
  ...COMPARISON,
  ...ISOLATION,
  ...BUDGET,
  ...REFUSAL_BUDGET,
};

/** How a file is optimized: the options of the command that say nothing about printing. */
export type OptimizeFileOptions = OptionsOf<typeof OPTIMIZE_FILE>;

/** `normfold optimize`. */
export const OPTIMIZE_COMMAND: CommandSpec = {
  ...HEADS.optimize,
  description:
    "Folds BatchNormalization into its neighbours and simplifies the model, compares the result with the original in " +
    "onnxruntime, undoes the rewrites that change the outputs, and writes the rest.",
  tables: [
    TARGET,
    MANY,
    CACHE,
    CONFIGURE,
    CHECK_INPUTS,
    OPTIMIZE_RUN,
    LOAD,
    PRINTING,
    REPORTING,
    PIPELINE,
    REWRITE,
    CUT,
    PROOF,
    COMPARISON,
    ISOLATION,
    BUDGET,
    REFUSAL_BUDGET,
  ],
  outcome: {
    done: "what was written is proven (or --no-check was given)",
    differs: "the outputs differ, or the budget is missed; nothing was written",
  },
  examples: [
    "normfold optimize model.onnx -o small.onnx",
    "normfold optimize model.onnx --in-place --check-inputs samples.npz",
    "normfold optimize models --out-dir optimized --cache .normfold",
    "normfold optimize model.onnx -o small.onnx --max-nodes 100 --max-bytes 10MB",
    "cat model.onnx | normfold optimize - -o - > small.onnx",
  ],
};
