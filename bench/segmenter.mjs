// A network for removing backgrounds, as ISNet is built: 44 million weights, 1024x1024 images and no other size.
import { createModel, tensorFromNumbers, tensorType } from "../dist/src/index.js";

/**
 * As it is shipped in float16 (88 MB, every Conv normalized), or quantized (44 MB, normalizations folded, each Conv in integers
 * between steps that are computed on the way).
 */
export function segmenter(form = "float16", size = 1024) {
  const net = builder(form);
  const { graph, apply } = net;
  const input = graph.addInput({ name: "x", type: tensorType(net.dtype, [1, 3, size, size]) });
  const encoders = [
    [7, 64, 32, 64],
    [6, 64, 32, 128],
    [5, 128, 64, 256],
    [4, 256, 128, 512],
    [0, 512, 256, 512],
    [0, 512, 256, 512],
  ];
  const decoders = [
    [0, 1024, 256, 512],
    [4, 1024, 128, 256],
    [5, 512, 64, 128],
    [6, 256, 32, 64],
    [7, 128, 16, 64],
  ];
  let x = net.layer(input, 3, 64, { stride: 2 });
  const levels = [];
  for (const [at, unit] of encoders.entries()) {
    if (at > 0) x = net.pool(x);
    x = net.unit(x, ...unit);
    levels.push(x);
  }
  x = levels.pop();
  const sides = [];
  for (const unit of decoders) {
    x = net.unit(apply("Concat", [net.resize(x), levels.pop()], { axis: 1 }), ...unit);
    sides.push(net.convolution(x, unit[3], 1, {}));
  }
  const mask = apply("Sigmoid", [net.resize(sides.at(-1))]);
  mask.info = { name: mask.name, type: tensorType(net.dtype, [1, 1, size, size]) };
  graph.addOutput(mask);
  return net.model;
}

function builder(form) {
  const dtype = form === "float16" ? "float16" : "float";
  const model = createModel(17, `segmenter_${form}`);
  const { graph } = model;
  let seed = 1;
  const uniform = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const constant = (label, dims, draw, type = dtype) => {
    const values = Float64Array.from({ length: dims.reduce((n, dim) => n * dim, 1) }, draw);
    return graph.addInitializer(graph.freshName(label), tensorFromNumbers(type, dims, values));
  };
  const make = (opType, inputs, outputs, attributes) =>
    graph.addNode({
      opType,
      inputs,
      outputs: outputs.map((name) => graph.freshName(`${name}_${graph.nodeCount}`)),
      attributes,
    });
  const apply = (opType, inputs, attributes = {}) =>
    make(opType, inputs, [opType.toLowerCase()], attributes).output(0);
  const scales = graph.addInitializer("scales", tensorFromNumbers("float", [4], [1, 1, 2, 2]));

  const convolution = (x, from, to, { stride = 1, dilation = 1, kernel = 3 }) => {
    const pad = (dilation * (kernel - 1)) / 2;
    const attributes = {
      strides: [stride, stride],
      dilations: [dilation, dilation],
      pads: [pad, pad, pad, pad],
    };
    const dims = [to, from, kernel, kernel];
    if (form !== "quantized") {
      const bound = Math.sqrt(6 / (from * kernel * kernel));
      return apply("Conv", [x, constant("w", dims, () => (2 * uniform() - 1) * bound)], attributes);
    }
    const [codes, step, zero] = make("DynamicQuantizeLinear", [x], ["codes", "step", "zero"], {}).outputs;
    const w = constant("w", dims, () => Math.floor(uniform() * 256), "uint8");
    const middle = constant("zero", [], () => 128, "uint8");
    const sum = apply("Cast", [apply("ConvInteger", [codes, w, zero, middle], attributes)], { to: 1n });
    const unit = constant("unit", [], () => Math.sqrt(6 / (from * kernel * kernel)) / 128);
    const bias = constant("b", [1, to, 1, 1], () => uniform() - 0.5);
    return apply("Add", [apply("Mul", [sum, apply("Mul", [step, unit])]), bias]);
  };
  const layer = (x, from, to, options = {}) => {
    const made = convolution(x, from, to, options);
    if (form === "quantized") return apply("Relu", [made]);
    const parameters = [
      [0.8, 1.2],
      [-0.1, 0.1],
      [-0.1, 0.1],
      [0.8, 1.2],
    ].map(([low, high]) => constant("bn", [to], () => low + uniform() * (high - low)));
    return apply("Relu", [apply("BatchNormalization", [made, ...parameters])]);
  };
  const pool = (x) => apply("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const resize = (x) => apply("Resize", [x, null, scales], { mode: "linear" });

  /** A U of that many levels within one level of the whole; of none, dilated layers of one size. */
  const unit = (x, levels, from, middle, to) => {
    const start = layer(x, from, to);
    const down = [layer(start, to, middle)];
    const depth = levels === 0 ? 3 : levels - 1;
    for (let level = 1; level < depth; level++)
      down.push(
        layer(levels === 0 ? down.at(-1) : pool(down.at(-1)), middle, middle, dilated(levels, level)),
      );
    let y = layer(down.at(-1), middle, middle, { dilation: levels === 0 ? 8 : 2 });
    for (let level = depth - 1; level >= 0; level--) {
      const joined = apply("Concat", [y, down[level]], { axis: 1 });
      y = layer(joined, 2 * middle, level === 0 ? to : middle, dilated(levels, level));
      if (level > 0 && levels > 0) y = resize(y);
    }
    return apply("Add", [y, start]);
  };
  const dilated = (levels, level) => (levels === 0 ? { dilation: 2 ** level } : {});
  return { model, graph, dtype, apply, convolution, layer, pool, resize, unit };
}
