import type { Refusal } from "../base/refusal.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Node, Use, Value } from "../ir/graph.js";
import type { SITES } from "../options/insert.js";
import type { OptionsOf } from "../options/spec.js";

/** A linear layer with a constant weight, whose output can be normalized. */
export interface LinearLayer {
  /** Conv, ConvTranspose, Gemm or MatMul. */
  readonly node: Node;
  /** The node's own output, Wu or Wu + b. */
  readonly raw: Value;
  /** Wu + b: `raw`, or the output of the Add that follows it. */
  readonly output: Value;
  /** The Add of the bias, where it is a node of its own. */
  readonly biasAdd: Node | undefined;
  /**
   * b, one number for each channel; undefined without a bias, and where `biasKept` says why it cannot be taken over.
   */
  readonly bias: Float64Array | undefined;
  /** Why beta cannot take the bias over. */
  readonly biasKept: Refusal | undefined;
  /** The axis of the channels: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  /** Sizes of the output along `axis`. */
  readonly channels: number;
  /** The type of the output. */
  readonly dtype: FloatDType;
}

/** A place for one BatchNormalization: a linear layer's output on its way into nonlinearities. */
export interface Site {
  /** Names the place in reports: the layer's node, or its output where the node has no name. */
  readonly name: string;
  /** The value to normalize and to measure. */
  readonly value: Value;
  /** The axis of the channels: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  /** The size of `value` along `axis`. */
  readonly channels: number;
  /** The type of `value`. */
  readonly dtype: FloatDType;
  /** The layer that gives `value`; undefined where `value` is the sum of a residual block. */
  readonly layer: LinearLayer | undefined;
  /** The nonlinearities that it feeds. */
  readonly activations: readonly {
    /** The operator, or the one of the spelling that reads the input first. */
    readonly node: Node;
    /** Its operator, or the one that the spelling stands for. */
    readonly kind: string;
  }[];
  /** The readers of `value` on the way to the nonlinearities. */
  readonly readers: readonly Use[];
  /**
   * True where nothing but `readers` sees the elements of `value`, so that nothing reads the layer without its
   * normalization.
   */
  readonly exclusive: boolean;
  /** True in the body of an If, Loop or Scan. */
  readonly inBody: boolean;
}

/** A nonlinearity or layer that gets no normalization, and the reason. */
export interface PassedOver {
  /** The node's name, or a stand-in made from its output where it has none. */
  readonly node: string;
  /** Its operator; of a spelled-out nonlinearity, the operator that it stands for. */
  readonly opType: string;
  /** Names the kind of reason; stays the same where the sentence is reworded. */
  readonly id: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/** The report's row for a refusal. */
export function passOver(node: string, opType: string, { id, reason }: Refusal): PassedOver {
  return { node, opType, id, reason };
}

/** Which places count as sites. */
export interface SiteOptions extends OptionsOf<typeof SITES> {
  /** Normalize before nonlinearities whose result is an output of the model too. Default false. */
  readonly outputs?: boolean;
}
