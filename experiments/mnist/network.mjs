// The networks of the experiment, built node by node with normfold's own IR.
import { createModel, tensorFromNumbers, tensorType } from "../../dist/src/index.js";

/** Mulberry32 and Box-Muller: the weights of a seed are the same everywhere. */
export function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Adds nodes to a model as it grows. */
class Network {
  constructor(inputShape) {
    this.model = createModel(17, "mnist");
    this.graph = this.model.graph;
    this.x = this.graph.addInput({ name: "x", type: tensorType("float", ["N", ...inputShape]) });
  }
  constant(name, dims, values) {
    return this.graph.addInitializer(name, tensorFromNumbers("float", dims, values));
  }
  filled(name, size, value) {
    return this.constant(name, [size], new Float64Array(size).fill(value));
  }
  drawn(name, dims, std, normal) {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return this.constant(
      name,
      dims,
      Float64Array.from({ length: count }, () => std * normal()),
    );
  }
  op(opType, inputs, name, attributes = {}) {
    return this.graph.addNode({ opType, inputs, outputs: [name], attributes }).output(0);
  }
  normalize(x, name, size) {
    const parameters = [
      this.filled(`${name}_gamma`, size, 1),
      this.filled(`${name}_beta`, size, 0),
      this.filled(`${name}_mean`, size, 0),
      this.filled(`${name}_variance`, size, 1),
    ];
    return this.op("BatchNormalization", [x, ...parameters], `${name}_normalized`, {
      epsilon: { kind: "float", value: 1e-5 },
      momentum: { kind: "float", value: 0.9 },
    });
  }
  dropout(x, name, ratio, seed) {
    const off = this.constant(`${name}_ratio`, [], [ratio]);
    const on = this.graph.addInitializer(`${name}_training`, tensorFromNumbers("bool", [], [1]));
    return this.graph
      .addNode({
        opType: "Dropout",
        inputs: [x, off, on],
        outputs: [`${name}_dropped`],
        attributes: { seed },
      })
      .output(0);
  }
  finish(y) {
    y.info = { name: y.name, type: tensorType("float", ["N", 10]) };
    this.graph.addOutput(y);
    return this.model;
  }
}

/** The paper's section 4.1: 784-100-100-100-10, sigmoid, BatchNormalization before each hidden sigmoid. */
export function perceptron({ normalized, std, seed, dropout = 0 }) {
  const normal = normals(seed);
  const net = new Network([784]);
  let h = net.x;
  let size = 784;
  for (const layer of [1, 2, 3]) {
    const w = net.drawn(`w${layer}`, [size, 100], std, normal);
    const u = normalized
      ? net.normalize(net.op("MatMul", [h, w], `u${layer}`), `n${layer}`, 100)
      : net.op("Gemm", [h, w, net.filled(`b${layer}`, 100, 0)], `u${layer}`);
    h = net.op("Sigmoid", [u], `h${layer}`);
    if (dropout > 0) h = net.dropout(h, `h${layer}`, dropout, 10 * seed + layer);
    size = 100;
  }
  return net.finish(
    net.op("Gemm", [h, net.drawn("w4", [100, 10], std, normal), net.filled("b4", 10, 0)], "y"),
  );
}

/** A deep sigmoid CNN: six convolutions, two of stride 2, one linear layer. */
export function convolutional({ normalized, std, seed }) {
  const normal = normals(seed);
  const net = new Network([1, 28, 28]);
  let h = net.x;
  let channels = 1;
  for (const [layer, [filters, stride]] of [
    [8, 2],
    [16, 2],
    [16, 1],
    [16, 1],
    [16, 1],
    [16, 1],
  ].entries()) {
    const name = `c${layer + 1}`;
    const w = net.drawn(`${name}_w`, [filters, channels, 3, 3], std, normal);
    const attributes = { kernel_shape: [3, 3], strides: [stride, stride], pads: [1, 1, 1, 1] };
    const inputs = normalized ? [h, w] : [h, w, net.filled(`${name}_b`, filters, 0)];
    const u = net.op("Conv", inputs, name, attributes);
    h = net.op("Sigmoid", [normalized ? net.normalize(u, name, filters) : u], `${name}_h`);
    channels = filters;
  }
  const pooled = net.op("Flatten", [h], "flat");
  const w = net.drawn("w", [16 * 49, 10], std, normal);
  return net.finish(net.op("Gemm", [pooled, w, net.filled("b", 10, 0)], "y"));
}
