import type { FloatDType } from "../ir/dtype.js";
import type { Node, Use, Value } from "../ir/graph.js";

/** A linear layer with a constant weight: what a normalization belongs to. */
export interface LinearLayer {
  /** Conv, ConvTranspose, Gemm or MatMul. */
  readonly node: Node;
  /** The node's own output, Wu or Wu + b. */
  readonly raw: Value;
  /** Wu + b: `raw`, or the output of the Add that follows it. */
  readonly output: Value;
  /** The Add of the bias, where it is a node of its own. */
  readonly biasAdd: Node | undefined;
  /** b, one number for each channel; undefined without a bias, and where `biasKept` says why it cannot be taken over. */
  readonly bias: Float64Array | undefined;
  /** Why the bias cannot be taken over by beta. */
  readonly biasKept: string | undefined;
  /** 1, or -1 for the last axis. */
  readonly axis: 1 | -1;
  readonly channels: number;
  readonly dtype: FloatDType;
}

/** A place for one BatchNormalization: a linear layer's output on its way into nonlinearities. */
export interface Site {
  /** How reports name it: the layer's node, or its output where it has no name. */
  readonly name: string;
  /** The value to normalize and to measure. */
  readonly value: Value;
  /** The axis that the channels lie along: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  readonly channels: number;
  readonly dtype: FloatDType;
  /** undefined where the sum of a residual block is normalized, which is no layer of its own. */
  readonly layer: LinearLayer | undefined;
  /** The nonlinearities that it feeds; `kind` is what a spelling of several nodes stands for. */
  readonly activations: readonly { readonly node: Node; readonly kind: string }[];
  /** The readers of `value` on the way to the nonlinearities. */
  readonly readers: readonly Use[];
  /** The readers are all there are, so that nothing sees the layer without its normalization. */
  readonly exclusive: boolean;
  /** In the body of an If, Loop or Scan. */
  readonly inBody: boolean;
}

/** A nonlinearity that gets no normalization, and why. */
export interface PassedOver {
  readonly node: string;
  readonly opType: string;
  readonly reason: string;
}

export interface SiteOptions {
  /** Normalize each branch of a residual sum (default), or the sum. */
  readonly residual?: "branch" | "sum";
  /** Normalize before sigmoids that gate another value too. Default false. */
  readonly gates?: boolean;
  /** Normalize before nonlinearities whose result is an output of the model too. Default false. */
  readonly outputs?: boolean;
  /** Look into the bodies of If, Loop and Scan too. Default false. */
  readonly bodies?: boolean;
  /** Only sites where one of these matches the name or the operator of the layer or of a nonlinearity; * and ? stand for any text and character. */
  readonly include?: readonly string[];
  /** No sites where one of these matches. */
  readonly exclude?: readonly string[];
}

/** True where a pattern with * and ? matches the whole text. */
export function matchesGlob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
