import { JSON_ONLY, LOAD } from "./common.js";
import { HEADS } from "./heads.js";
import { ISOLATION } from "./optimize.js";
import type { CommandSpec } from "./spec.js";

/** How a model is profiled. */
export const PROFILE = {
  /** Sizes of inputs by name, the batch too: `{ x: [1, 3, 224, 224] }`. Default: sizes that the model runs on, found by trying. */
  inputShapes: {
    flag: "--input-shape <name:sizes>",
    help: "sizes of an input, x:1,3,224,224 (repeatable)",
    type: "shapes",
    idleWith: [{ option: "data" }],
    group: "Inputs",
  },
  /** Run the model in onnxruntime: latency, time to load, executed nodes. Default true. */
  latency: {
    flag: "--no-latency",
    help: "only count; do not run the model in onnxruntime",
    type: "switch",
    default: true,
    group: "Latency",
  },
  /** Threads within an operator; Infinity: as many as onnxruntime takes by itself. Default 1: such figures repeat best. */
  threads: {
    flag: "--threads <n>",
    help: 'threads within an operator, or "all" that onnxruntime would take',
    type: "limit",
    from: 1,
    default: 1,
    idleWith: [{ option: "latency", is: [false] }],
    group: "Latency",
  },
  /** Where onnxruntime runs the model: "cpu", "cuda", ...; "wasm" is onnxruntime-web. Default "cpu". */
  provider: {
    flag: "--provider <name>",
    help: "where onnxruntime runs it: cpu, cuda, ..., or wasm, which is onnxruntime-web",
    type: "text",
    default: "cpu",
    idleWith: [{ option: "latency", is: [false] }],
    group: "Latency",
  },
  /** How far onnxruntime optimizes the graph when it loads it. Default "all", as onnxruntime has it. */
  level: {
    flag: "--level <level>",
    help: "how far onnxruntime optimizes the graph when it loads it",
    type: "choice",
    choices: ["disabled", "basic", "extended", "layout", "all"],
    default: "all",
    idleWith: [{ option: "latency", is: [false] }],
    group: "Latency",
  },
  /** Seconds after which no further round of measuring begins, for each model. Default 10. */
  duration: {
    flag: "--duration <seconds>",
    help: "how long to measure a model at most, if its latency is not known well before",
    type: "number",
    from: 0,
    default: 10,
    idleWith: [{ option: "latency", is: [false] }],
    group: "Latency",
  },
} as const;

/** Options of the command that are no options of the library's `profile`. */
export const PROFILE_RUN = {
  /** The data to run on: a file or folder with inputs. */
  data: {
    flag: "--data <data>",
    help: "run on this data, of several sets the first: .npz, .npy, .pb or a test_data_set folder",
    type: "text",
    group: "Inputs",
  },
} as const;

/** `normfold profile`. */
export const PROFILE_COMMAND: CommandSpec = {
  ...HEADS.profile,
  description:
    "Counts multiply-adds, parameters and memory by operator, and measures latency, time to load and the nodes that " +
    "onnxruntime executes after its own fusions; two models are measured in turns.",
  tables: [PROFILE, PROFILE_RUN, ISOLATION, LOAD, JSON_ONLY],
  examples: [
    "normfold profile model.onnx",
    "normfold profile model.onnx folded.onnx --input-shape x:8,3,224,224",
    "normfold profile model.onnx --no-latency --json",
  ],
};
