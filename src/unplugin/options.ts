import type { OptimizeOptions } from "../library/optimize.js";

/** How the plugin treats the models that a program imports. */
export interface NormfoldPluginOptions {
  /** How models are optimized. The check is on, and onnxruntime runs in a process of its own, unless this says otherwise. */
  readonly optimize?: Omit<OptimizeOptions, "signal" | "onStage" | "original">;
  /**
   * The folder that keeps results by the content of their models. Default: node_modules/.cache/normfold of the current folder. With
   * passes, a runtime or data that are objects of your own, results are kept for one build alone.
   */
  readonly cacheDir?: string;
  /** Bytes that the folder may take when a build starts. Default 1 GiB; those that were used longest ago go first. */
  readonly cacheLimit?: number;
  /** Models that stay as they are, by the absolute path of the file. */
  readonly exclude?: (file: string) => boolean;
}
