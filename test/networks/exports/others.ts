import { type Model, tensorFromNumbers, type Value } from "../../../src/index.js";
import { classify, excited } from "./convolutional.js";
import type { Exporter } from "./exporter.js";

const relu = (e: Exporter, x: Value): Value => e.apply("Relu", [x]);

/** A residual network in front of which nothing was folded: normalizations before activations (He et al. 2016b). */
export function preActivated(e: Exporter): Model {
  const normalized = (x: Value, channels: number): Value => relu(e, e.batchNorm(x, channels));
  let x = e.conv(e.input("x", ["batch", 3, 32, 32]), 3, 16, 3, { bias: false });
  for (const [from, to, stride] of [
    [16, 16, 1],
    [16, 32, 2],
  ] as const) {
    const y = normalized(x, from);
    const shortcut = from === to ? x : e.conv(y, from, to, 1, { stride, bias: false });
    const inner = normalized(e.conv(y, from, to, 3, { stride, bias: false }), to);
    x = e.add(e.conv(inner, to, to, 3, { bias: false }), shortcut);
  }
  return classify(e, normalized(x, 32), 32);
}

/** ResNet (He et al. 2016): bottlenecks, normalizations folded by the exporter. */
export function residual(e: Exporter): Model {
  let x = relu(e, e.conv(e.input("x", ["batch", 3, 64, 64]), 3, 16, 7, { stride: 2 }));
  x = e.apply("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  for (const [from, to, stride] of [
    [16, 32, 1],
    [32, 32, 1],
    [32, 64, 2],
  ] as const) {
    const inner = relu(e, e.conv(relu(e, e.conv(x, from, to / 2, 1)), to / 2, to / 2, 3, { stride }));
    const shortcut = from === to ? x : e.conv(x, from, to, 1, { stride });
    x = relu(e, e.add(e.conv(inner, to / 2, to, 1), shortcut));
  }
  return classify(e, x, 64);
}

/** MobileNetV3 (Howard et al. 2019): inverted residuals, HardSwish, excitation. */
export function mobileNet(e: Exporter): Model {
  const swish = (x: Value): Value => e.apply("HardSwish", [x]);
  let x = swish(e.conv(e.input("x", ["batch", 3, 64, 64]), 3, 16, 3, { stride: 2 }));
  for (const [from, wide, to, stride] of [
    [16, 32, 16, 1],
    [16, 48, 24, 2],
    [24, 64, 24, 1],
  ] as const) {
    const inner = swish(e.conv(swish(e.conv(x, from, wide, 1)), wide, wide, 3, { stride, groups: wide }));
    const y = e.conv(excited(e, inner, wide, "HardSigmoid"), wide, to, 1);
    x = from === to ? e.add(y, x) : y;
  }
  const pooled = e.mean(swish(e.conv(x, 24, 48, 1)), [2, 3], false);
  return e.finish([e.dense(swish(e.dense(pooled, 48, 64)), 64, 10), ["batch", 10]]);
}

/** A U-Net (Ronneberger et al. 2015) for segmentation: skips, transposed convolutions, normalizations behind them. */
export function uNet(e: Exporter): Model {
  const twice = (x: Value, from: number, to: number): Value =>
    relu(e, e.conv(relu(e, e.conv(x, from, to, 3)), to, to, 3));
  const pool = (x: Value): Value => e.apply("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const up = (x: Value, from: number, to: number): Value => {
    const [w, b] = [e.constant([from, to, 2, 2], -0.2, 0.2), e.constant([to], -0.5, 0.5)];
    return e.batchNorm(e.apply("ConvTranspose", [x, w, b], { kernel_shape: [2, 2], strides: [2, 2] }), to);
  };
  const first = twice(e.input("x", ["batch", 3, 32, 32]), 3, 8);
  const second = twice(pool(first), 8, 16);
  const third = twice(pool(second), 16, 32);
  const fourth = twice(e.apply("Concat", [second, up(third, 32, 16)], { axis: 1 }), 32, 16);
  const last = twice(e.apply("Concat", [first, up(fourth, 16, 8)], { axis: 1 }), 16, 8);
  return e.finish([e.conv(last, 8, 5, 1), ["batch", 5, 32, 32]]);
}

/** A speech network of depthwise convolutions along time, normalizations and gated units. */
export function speech(e: Exporter): Model {
  const along = (x: Value, from: number, to: number, kernel: number, groups = 1): Value => {
    const [w, b] = [e.constant([to, from / groups, kernel], -0.3, 0.3), e.constant([to], -0.5, 0.5)];
    const pad = (kernel - 1) / 2;
    return e.apply("Conv", [x, w, b], { kernel_shape: [kernel], pads: [pad, pad], group: groups });
  };
  let x = along(e.input("x", ["batch", 16, 40]), 16, 24, 1);
  for (let block = 0; block < 2; block++) {
    const [kept, gate] = e.chunk(along(x, 24, 48, 1), 1, 24, 24);
    if (kept === undefined || gate === undefined) throw new Error("two parts");
    const gated = e.mul(kept, e.apply("Sigmoid", [gate]));
    const mixed = e.silu(e.batchNorm(along(gated, 24, 24, 7, 24), 24));
    const y = e.add(x, along(mixed, 24, 24, 1));
    x = e.transpose(e.layerNorm(e.transpose(y, 0, 2, 1), 24), 0, 2, 1);
  }
  const logits = e.linear(e.transpose(x, 0, 2, 1), 24, 11);
  return e.finish([e.apply("LogSoftmax", [logits], { axis: -1 }), ["batch", 40, 11]]);
}

/** CRNN (Shi et al. 2015) for text in images: convolutions, one LSTM in both directions, a linear layer. */
export function textReader(e: Exporter): Model {
  const pool = (x: Value, height: number, width: number): Value =>
    e.apply("MaxPool", [x], { kernel_shape: [height, width], strides: [height, width] });
  let x = pool(relu(e, e.conv(e.input("x", ["batch", 1, 16, 40]), 1, 16, 3)), 2, 2);
  x = pool(relu(e, e.batchNorm(e.conv(x, 16, 24, 3, { bias: false }), 24)), 8, 1);
  const columns = e.transpose(e.reshape(x, e.size(x, 0, "batch"), 24, 20), 2, 0, 1);
  const hidden = 16;
  const [w, r, b] = [24, hidden]
    .map((from) => e.constant([2, 4 * hidden, from], -0.3, 0.3))
    .concat(e.constant([2, 8 * hidden], -0.3, 0.3));
  if (w === undefined || r === undefined || b === undefined) throw new Error("three weights");
  const start = (): Value => {
    const value = tensorFromNumbers("float", [1], Float64Array.of(0));
    const shape = e.apply("Concat", [e.ints(2), e.vectorOf(e.size(columns, 1, "batch")), e.ints(hidden)], {
      axis: 0,
    });
    return e.apply("ConstantOfShape", [shape], { value: { kind: "tensor", value } });
  };
  const none = e.integers([1], [20]);
  const lengths = e.apply("Expand", [
    e.apply("Cast", [none], { to: 6 }),
    e.vectorOf(e.size(columns, 1, "batch")),
  ]);
  const [both] = e.outputsOf("LSTM", 1, [columns, w, r, b, lengths, start(), start()], {
    hidden_size: hidden,
    direction: "bidirectional",
  });
  if (both === undefined) throw new Error("an output");
  const turned = e.transpose(both, 0, 2, 1, 3);
  const features = e.reshape(turned, 20, e.size(columns, 1, "batch"), 2 * hidden);
  const logits = e.linear(features, 2 * hidden, 12);
  return e.finish([e.apply("LogSoftmax", [logits], { axis: -1 }), [20, "batch", 12]]);
}
