import { product } from "../base/integers.js";
import type { DType } from "../ir/dtype.js";
import type { Dim } from "../ir/type.js";

/** A model to run. By path where its bytes exceed 2 GB or it has external data, which is found relative to the path. */
export type RuntimeModel =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "path"; readonly path: string };

/** A tensor that goes into or comes out of a session: raw little-endian elements as in raw_data, or strings. */
export interface RuntimeTensor {
  /** The type of the elements. */
  readonly dtype: DType;
  /** The sizes; [] is a scalar. */
  readonly dims: readonly number[];
  /** The elements in row-major order. */
  readonly data: Uint8Array | readonly string[];
}

/** Tensors by the name of an input or output. */
export type TensorMap = ReadonlyMap<string, RuntimeTensor>;

/** An input or output as the runtime declares it. */
export interface Port {
  /** The name of the value. */
  readonly name: string;
  /** undefined: not a tensor (a sequence, a map, an optional), which this interface does not carry. */
  readonly dtype: DType | undefined;
  /** Runtimes give [] both for a scalar and for an unknown rank. */
  readonly shape: readonly Dim[];
}

/** A model that is ready to run. Close it: the garbage collector does not free its memory. */
export interface Session {
  /** The inputs, in the model's order. */
  readonly inputs: readonly Port[];
  /** The outputs, in the model's order. */
  readonly outputs: readonly Port[];
  /**
   * Runs the model and gives the outputs asked for, by default all that are tensors. Feeds that are no inputs of
   * the model are left out. Throws NormfoldError "unsupported" or "invalid" with the runtime's reason in one line.
   */
  run(feeds: TensorMap, outputs?: readonly string[]): Promise<Map<string, RuntimeTensor>>;
  /**
   * Makes feeds ready once; each call of the result runs the model on them, and lets go of the outputs. For measuring, where
   * handing over tensors must not count. Runtimes may have none.
   */
  prepare?(feeds: TensorMap): () => Promise<void>;
  /** Milliseconds that opening it took, where the runtime says it. */
  readonly openedIn?: number;
  /** Gives the session's memory back. */
  close(): Promise<void>;
}

/** A session that is measured, and the inputs that it runs on. */
export interface Entrant {
  /** A session of the runtime that measures. */
  readonly session: Session;
  /** A tensor for each input, by name. */
  readonly feeds: TensorMap;
}

/** How long sessions are measured. */
export interface Span {
  /** Milliseconds for each of them. */
  readonly milliseconds: number;
  /** The runs that each of them makes at least. */
  readonly leastRuns: number;
}

/** Runs ONNX models, as they are unless told to optimize them. Every rewrite is judged by such runs. */
export interface Runtime {
  /** The name in reports: "onnxruntime". */
  readonly name: string;
  /** The version in reports: "1.30.0". */
  readonly version: string;
  /**
   * Makes a model ready to run. Throws NormfoldError "unsupported" when the runtime lacks something that the model
   * needs (a custom operator, a kernel for a type) and "invalid" when it rejects the model.
   */
  open(model: RuntimeModel, options?: SessionSettings): Promise<Session>;
  /**
   * Runs sessions in turns where they are, and gives the milliseconds of each run, session by session. A runtime in the same
   * process needs none (takeTurns).
   */
  race?(entrants: readonly Entrant[], span: Span): Promise<readonly (readonly number[])[]>;
}

/** How far a runtime optimizes the graph before it runs it: onnxruntime's names. */
export type OptimizationLevel = "disabled" | "basic" | "extended" | "layout" | "all";

/** How a session is to run. */
export interface SessionSettings {
  /**
   * Let the runtime optimize the graph and keep memory between runs, for models that run often (training, statistics).
   * Never for a check. Default false.
   */
  readonly optimize?: boolean;
  /**
   * With `optimize`: lay out memory anew when the first run has shown what it needs. A few percent faster from the
   * third run on, for twice the memory. Default true.
   */
  readonly planMemory?: boolean;
  /** Threads within an operator; results are equal bit for bit only for an equal number. Default: the runtime's. */
  readonly threads?: number;
  /** Default: "layout" with `optimize`, else "disabled". */
  readonly level?: OptimizationLevel;
  /** Where it runs: "cpu" (default), "cuda", ..., or "wasm", which is onnxruntime-web. */
  readonly provider?: string;
  /** A file to which the runtime writes the graph that it will execute. */
  readonly executedFile?: string;
}

/** The number of elements of a tensor. */
export function tensorSize(dims: readonly number[]): number {
  return product(dims);
}
