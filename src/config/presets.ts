import type { OptimizeFileOptions } from "../options/optimize.js";

/** The name of a preset. */
export type PresetName = "edge" | "web" | "server" | "quantization-ready";

/** Options for one purpose. */
export interface Preset {
  /** What it is for, and why its options are as they are; docs/pipeline.md has it. */
  readonly reason: string;
  readonly options: OptimizeFileOptions;
}

const MIB = 1_048_576;

/** The presets, by name. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  edge: {
    reason:
      "For compilers of small devices (ncnn, MNN, TFLite, OpenCV): they fuse little and know few operators, so that fewer and plainer " +
      "ones are better than what onnxruntime would fuse; functions and overridable constants are foreign to most of them. " +
      "Computed constants may add 1 MiB.",
    options: { target: "any", inlineFunctions: true, freezeInitializers: true, growthLimit: MIB },
  },
  web: {
    reason:
      "For onnxruntime-web: every byte is downloaded by every visitor, so that computed constants may not make the file grow by more " +
      "than 64 KiB; what the runtime fuses when it loads stays whole.",
    options: { target: "onnxruntime", freezeInitializers: true, growthLimit: MIB / 16 },
  },
  server: {
    reason:
      "For onnxruntime on servers: a file is loaded once and runs for days, so that computed constants may add 1 GiB, and calls of " +
      "functions are replaced by their bodies, in which more can be rewritten.",
    options: { target: "onnxruntime", inlineFunctions: true, growthLimit: 1024 * MIB },
  },
  "quantization-ready": {
    reason:
      "For a quantizer that comes next: every BatchNormalization and scale is to be in the weights before their ranges are measured, " +
      "quantizers read neither functions nor constants that a caller may override, and what onnxruntime would fuse is theirs to " +
      "decide. NaN and infinity stay where they were, since one in a calibration run would spoil every range.",
    options: { target: "any", inlineFunctions: true, freezeInitializers: true, preserveNonfinite: true },
  },
};
