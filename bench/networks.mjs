// Networks of a wanted size with seeded random weights, built with the library's own editing API.
import { createModel, tensorFromBytes, tensorType } from "../dist/src/index.js";

/** A cheap seeded stream of weights in (-0.05, 0.05): filling 100 MB must not take longer than the measured work. */
function weights(count, state) {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    state.seed = (Math.imul(state.seed, 1664525) + 1013904223) >>> 0;
    values[i] = (state.seed / 2 ** 32 - 0.5) / 10;
  }
  return new Uint8Array(values.buffer);
}

function vector(count, from, to, state) {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    state.seed = (Math.imul(state.seed, 1664525) + 1013904223) >>> 0;
    values[i] = from + (to - from) * (state.seed / 2 ** 32);
  }
  return new Uint8Array(values.buffer);
}

function builder(opset, name) {
  const model = createModel(opset, name);
  const { graph } = model;
  const state = { seed: 1 };
  const constant = (label, dims, bytes) =>
    graph.addInitializer(graph.freshName(label), tensorFromBytes("float", dims, bytes));
  const apply = (opType, inputs, attributes = {}) =>
    graph
      .addNode({ opType, inputs, outputs: [graph.freshName(`${opType.toLowerCase()}_out`)], attributes })
      .output(0);
  const convolution = (x, input, output, kernel, stride) => {
    const label = `conv${graph.nodeCount}`;
    const bytes = weights(output * input * kernel * kernel, state);
    const w = constant(`${label}.weight`, [output, input, kernel, kernel], bytes);
    const pad = (kernel - 1) / 2;
    return apply("Conv", [x, w], { strides: [stride, stride], pads: [pad, pad, pad, pad] });
  };
  const normalization = (x, channels) => {
    const parameters = [
      ["weight", -1, 1],
      ["bias", -1, 1],
      ["running_mean", -1, 1],
      ["running_var", 0.1, 2],
    ].map(([label, from, to]) =>
      constant(`bn${graph.nodeCount}.${label}`, [channels], vector(channels, from, to, state)),
    );
    return apply("BatchNormalization", [x, ...parameters]);
  };
  return { model, graph, state, constant, apply, convolution, normalization };
}

/** ResNet-50 as torchvision exports it: 53 Conv, each followed by a BatchNormalization; about 102 MB. */
export function resnet50() {
  const { model, graph, state, constant, apply, convolution, normalization } = builder(17, "resnet50");
  let x = graph.addInput({ name: "x", type: tensorType("float", ["N", 3, 224, 224]) });
  const block = (input, from, to, kernel, stride) =>
    normalization(convolution(input, from, to, kernel, stride), to);
  x = apply("Relu", [block(x, 3, 64, 7, 2)]);
  x = apply("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  for (const [width, blocks, firstStride] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ]) {
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 ? firstStride : 1;
      let y = apply("Relu", [block(x, channels, width, 1, 1)]);
      y = apply("Relu", [block(y, width, width, 3, stride)]);
      y = block(y, width, 4 * width, 1, 1);
      const shortcut = i === 0 ? block(x, channels, 4 * width, 1, stride) : x;
      x = apply("Relu", [apply("Add", [y, shortcut])]);
      channels = 4 * width;
    }
  }
  x = apply("Flatten", [apply("GlobalAveragePool", [x])]);
  const w = constant("fc.weight", [1000, channels], weights(1000 * channels, state));
  const b = constant("fc.bias", [1000], weights(1000, state));
  const y = apply("Gemm", [x, w, b], { transB: 1 });
  y.info = { name: y.name, type: tensorType("float", ["N", 1000]) };
  graph.addOutput(y);
  return model;
}

/** A residual network of blocks of two 3x3 convolutions, normalized: [width, blocks, first stride] by stage. */
function residual(net, x, from, stages, classes) {
  const { model, graph, state, constant, apply } = net;
  const block = (input, inputs, outputs, kernel, stride) =>
    net.normalization(net.convolution(input, inputs, outputs, kernel, stride), outputs);
  let [y, channels] = [x, from];
  for (const [width, blocks, firstStride] of stages) {
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 ? firstStride : 1;
      const inner = apply("Relu", [block(y, channels, width, 3, stride)]);
      const changes = stride !== 1 || channels !== width;
      const shortcut = changes ? block(y, channels, width, 1, stride) : y;
      y = apply("Relu", [apply("Add", [block(inner, width, width, 3, 1), shortcut])]);
      channels = width;
    }
  }
  const pooled = apply("Flatten", [apply("GlobalAveragePool", [y])]);
  const w = constant("fc.weight", [classes, channels], weights(classes * channels, state));
  const b = constant("fc.bias", [classes], weights(classes, state));
  const logits = apply("Gemm", [pooled, w, b], { transB: 1 });
  logits.info = { name: logits.name, type: tensorType("float", ["N", classes]) };
  graph.addOutput(logits);
  return model;
}

/** ResNet-18 for images of 224x224. */
export function resnet18() {
  const net = builder(17, "resnet18");
  const x = net.graph.addInput({ name: "x", type: tensorType("float", ["N", 3, 224, 224]) });
  const stem = net.apply("Relu", [net.normalization(net.convolution(x, 3, 64, 7, 2), 64)]);
  const pooled = net.apply("MaxPool", [stem], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  const stages = [
    [64, 2, 1],
    [128, 2, 2],
    [256, 2, 2],
    [512, 2, 2],
  ];
  return residual(net, pooled, 64, stages, 1000);
}

/** ResNet-20 for CIFAR's images, with projections where sizes change. */
export function resnet20() {
  const net = builder(17, "resnet20");
  const x = net.graph.addInput({ name: "x", type: tensorType("float", ["N", 3, 32, 32]) });
  const stem = net.apply("Relu", [net.normalization(net.convolution(x, 3, 16, 3, 1), 16)]);
  const stages = [
    [16, 3, 1],
    [32, 3, 2],
    [64, 3, 2],
  ];
  return residual(net, stem, 16, stages, 10);
}

/** A tower of `layers` 1x1 convolutions over `width` channels with BatchNormalization: layers * width^2 * 4 bytes. */
export function tower(layers, width) {
  const { model, graph, apply, convolution, normalization } = builder(17, "tower");
  let x = graph.addInput({ name: "x", type: tensorType("float", ["N", width, 8, 8]) });
  for (let layer = 0; layer < layers; layer++) {
    x = apply("Relu", [normalization(convolution(x, width, width, 1, 1), width)]);
  }
  x.info = { name: x.name, type: tensorType("float", ["N", width, 8, 8]) };
  graph.addOutput(x);
  return model;
}

/** A chain of `count` Conv + BatchNormalization + Relu of one channel: the cost of the graph itself. */
export function chain(count) {
  const { model, graph, apply, convolution, normalization } = builder(17, "chain");
  let x = graph.addInput({ name: "x", type: tensorType("float", [1, 1, 8, 8]) });
  for (let i = 0; i < count; i++) x = apply("Relu", [normalization(convolution(x, 1, 1, 1, 1), 1)]);
  x.info = { name: x.name, type: tensorType("float", [1, 1, 8, 8]) };
  graph.addOutput(x);
  return model;
}
