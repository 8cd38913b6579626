import type { DType } from "../ir/dtype.js";
import type { OptimizationLevel } from "../runtime/runtime.js";
import type { Count } from "./count.js";
import type { Latency, Ratio } from "./latency.js";
import type { PeakMemory } from "./memory.js";

/** The graph that the runtime executes. */
export interface ExecutedGraph {
  /** Its nodes, those of bodies too. */
  readonly nodes: number;
  /** How many nodes each operator has, most frequent first: the runtime's own ones are "com.microsoft::...". */
  readonly operators: Readonly<Record<string, number>>;
}

/** What a model takes. */
export interface ModelProfile {
  /** The operations of one run, by operator and in all. */
  readonly count: Count;
  /** Nodes, those of bodies and functions once; Constant nodes are not counted. */
  readonly nodes: number;
  /** The elements of its constants. */
  readonly parameters: number;
  /** The bytes of the same. */
  readonly parameterBytes: number;
  /** The most memory that values take at one time. */
  readonly peakMemory: PeakMemory;
  /** The times; undefined where the model was not run. */
  readonly latency: Latency | undefined;
  /** The graph that the runtime executes; undefined where the model was not run, or the runtime does not say it. */
  readonly executed: ExecutedGraph | undefined;
}

/** The findings of `profile`. Plain data: it survives JSON. */
export interface ProfileReport {
  /** The inputs of the run. Where a size is not known, the figures hold for what is known. */
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: DType | undefined;
    readonly dims: readonly (number | string)[];
  }[];
  /** Model by model. */
  readonly models: readonly ModelProfile[];
  /** Time of one run of the second model over that of the first; undefined where there is one, or nothing was run. */
  readonly ratio: Ratio | undefined;
  /** How the models were run; undefined where they were not. */
  readonly run:
    | {
        /** The name and version of the runtime. */
        readonly runtime: string;
        readonly provider: string;
        /** Threads within an operator; undefined: as many as the runtime takes by itself. */
        readonly threads: number | undefined;
        readonly level: OptimizationLevel;
      }
    | undefined;
}
