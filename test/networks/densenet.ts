import type { Model, Value } from "../../src/index.js";
import { network } from "./builder.js";

/** Channels that a layer adds, and those in front of its 3x3; of DenseNet-121 (Huang et al. 2017, table 1) an eighth. */
const [GROWTH, BOTTLENECK] = [4, 16];
const LAYERS = [6, 12, 24, 16] as const;

/**
 * DenseNet-121, an eighth as wide: 121 normalizations, each as Caffe's export has it: BatchNormalization, then the Mul and Add
 * of its Scale. Of the 121, 59 read a Conv of their own: the stem's, and those between the two Convs of the 58 layers. The
 * other 62 read the output of a Concat or a pool of it, and each part of a Concat has several readers.
 */
export function densenet121(signs: "positive" | "mixed"): Model {
  const { apply, constant, conv, normalize, ...net } = network("densenet121");
  let x: Value = net.input(["N", 3, 64, 64]);
  const caffe = (input: Value, size: number): Value => {
    const normalized = normalize(input, size, signs === "positive" ? 0.5 : -1);
    const scaled = apply("Mul", [normalized, constant([size, 1, 1], 0.5, 1)]);
    return apply("Relu", [apply("Add", [scaled, constant([size, 1, 1], -1, 1)])]);
  };
  let channels = 8;
  x = conv(x, [channels, 3, 7, 7], { pads: [3, 3, 3, 3], strides: [2, 2] });
  x = apply("MaxPool", [caffe(x, channels)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] });
  for (const [block, layers] of LAYERS.entries()) {
    for (let layer = 0; layer < layers; layer++) {
      const narrow = conv(caffe(x, channels), [BOTTLENECK, channels, 1, 1]);
      const grown = conv(caffe(narrow, BOTTLENECK), [GROWTH, BOTTLENECK, 3, 3], { pads: [1, 1, 1, 1] });
      x = apply("Concat", [x, grown], { axis: 1 });
      channels += GROWTH;
    }
    if (block === LAYERS.length - 1) break;
    x = conv(caffe(x, channels), [channels / 2, channels, 1, 1]);
    channels /= 2;
    x = apply("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  const features = apply("Flatten", [apply("GlobalAveragePool", [caffe(x, channels)])]);
  const logits = apply("Gemm", [features, net.weight([channels, 10], channels), constant([10], -1, 1)]);
  return net.finish(logits, ["N", 10]);
}
