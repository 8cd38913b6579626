import { LOAD, PRINTING, TARGET } from "./common.js";
import { DATA, DRAWING, LIMIT, MODULE, PREPARATION } from "./data.js";
import { HEADS } from "./heads.js";
import type { CommandSpec } from "./spec.js";

/** Which places get a BatchNormalization. */
export const SITES = {
  /** In a residual block, normalize each branch of the sum (default), or the sum. */
  residual: {
    flag: "--residual <where>",
    help: "in residual blocks, normalize each branch or the sum",
    type: "choice",
    choices: ["branch", "sum"],
    default: "branch",
    group: "Places",
  },
  /** Normalize before sigmoids that gate another value too. Default false. */
  gates: {
    flag: "--gates",
    help: "also before sigmoids that gate another value",
    type: "switch",
    group: "Places",
  },
  /** Look into the bodies of If, Loop and Scan too. Default false. */
  bodies: { flag: "--bodies", help: "also inside If, Loop and Scan", type: "switch", group: "Places" },
  /**
   * Take only sites where one of these patterns matches the name or the operator of the layer or of a nonlinearity;
   * `*` stands for any text, `?` for any character.
   */
  include: {
    flag: "--include <globs>",
    help: "only sites of these names or operators (repeatable, or a,b)",
    type: "names",
    group: "Places",
  },
  /** Leave out sites where one of these patterns matches. */
  exclude: {
    flag: "--exclude <globs>",
    help: "no sites of these names or operators (repeatable, or a,b)",
    type: "names",
    group: "Places",
  },
} as const;

/** The form of the inserted normalizations, and their proof. */
export const INSERT = {
  /**
   * identity (default): the model keeps its function; gamma and beta come from the statistics of `data`. fresh: gamma is 1
   * and beta the layer's bias, for training from the start; needs no data, and changes the function.
   */
  init: {
    flag: "--init <how>",
    help: "identity: from data, the function stays; fresh: gamma 1, beta the bias, for training from the start",
    type: "choice",
    choices: ["identity", "fresh"],
    default: "identity",
    group: "Normalization",
  },
  /**
   * inference (default): the ordinary form. training: training_mode = 1, with the updated running statistics as further
   * outputs of the model.
   */
  form: {
    flag: "--form <form>",
    help: "inference, or training: training_mode 1 and the updated statistics as further outputs",
    type: "choice",
    choices: ["inference", "training"],
    default: "inference",
    group: "Normalization",
  },
  /** Write the training form in plain operators, for runtimes without it. Default false. */
  decompose: {
    flag: "--decompose",
    help: "write the training form in plain operators",
    type: "switch",
    group: "Normalization",
  },
  /** Added to the variance. Default 1e-5. */
  epsilon: {
    flag: "--epsilon <x>",
    help: "added to the variance",
    type: "number",
    above: 0,
    below: 1,
    default: 0.00001,
    defaultText: "1e-5",
    group: "Normalization",
  },
  /**
   * ONNX's convention, the share of the old value in a running statistic (PyTorch's momentum is 1 minus it). Default 0.9.
   */
  momentum: {
    flag: "--momentum <x>",
    help: "the old value's share in running statistics, as ONNX has it",
    type: "number",
    from: 0,
    below: 1,
    default: 0.9,
    group: "Normalization",
  },
  /**
   * Also normalize W x, the input term of LSTM, GRU and RNN, with statistics over batch and time. It becomes a MatMul of its
   * own, which `freeze` and `optimize` fold back into W and B; until then W is a constant of [directions, gates * hidden,
   * directions * gates * hidden] that picks each gate its part. Default false.
   */
  recurrent: {
    flag: "--recurrent",
    help: "also the input term of LSTM, GRU and RNN, over batch and time",
    type: "switch",
    group: "Places",
  },
  /** Only list the sites. Default false. */
  dryRun: {
    flag: "--dry-run",
    help: "list the sites and the places passed over, and write nothing",
    type: "switch",
    group: "Places",
  },
  /** Compare with the original in the runtime where the function is meant to stay. Default true. */
  check: {
    flag: "--no-check",
    help: "do not compare in onnxruntime before writing",
    type: "switch",
    default: true,
    group: "Proof",
  },
  /**
   * Also measure how far original and result each are from a float64 evaluation of the original, on the inputs of the check:
   * `report.accuracy`. Slow. Default false.
   */
  reference: {
    flag: "--reference",
    help: "say how far original and result are from a float64 evaluation",
    type: "switch",
    idleWith: [
      { option: "dryRun", is: [true] },
      { option: "check", is: [false] },
      { option: "init", is: ["fresh"] },
      { option: "form", is: ["training"] },
    ],
    group: "Proof",
  },
} as const;

/** Options of the command that the library takes in another form. */
export const INSERT_RUN = {
  /** all: the activations at the end of the model too, the library's `outputs`. */
  sites: {
    flag: "--sites <which>",
    help: "all: the activations at the end of the model too",
    type: "choice",
    choices: ["hidden", "all"],
    default: "hidden",
    group: "Places",
  },
} as const;

/** `normfold insert`. */
export const INSERT_COMMAND: CommandSpec = {
  ...HEADS.insert,
  description:
    "Puts BatchNormalization between linear layers and their nonlinearities. With --init identity its parameters come " +
    "from data, so that the function stays, which is proven in onnxruntime before anything is written.",
  tables: [TARGET, LOAD, PRINTING, INSERT, SITES, INSERT_RUN, DATA, PREPARATION, MODULE, DRAWING, LIMIT],
  outcome: {
    done: "a function that was to stay is proven (or --no-check was given)",
    differs: "the outputs differ; nothing was written",
  },
  examples: [
    "normfold insert plain.onnx -o normalized.onnx --data samples.npz",
    "normfold insert plain.onnx -o to-train.onnx --init fresh --form training",
    "normfold insert plain.onnx --dry-run",
  ],
};
