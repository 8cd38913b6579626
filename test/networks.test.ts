import { describe, expect, it } from "vitest";
import { createRandom } from "../src/base/random.js";
import {
  createModel,
  type Model,
  optimize,
  tensorFromNumbers,
  tensorType,
  type Value,
} from "../src/index.js";

interface Network {
  readonly model: Model;
  readonly constant: (dims: readonly number[], low: number, high: number) => Value;
  readonly shape: (...dims: readonly number[]) => Value;
  readonly apply: (
    opType: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, number | readonly number[]>>,
  ) => Value;
  readonly normalize: (x: Value, channels: number) => Value;
}

function network(name: string): Network {
  const model = createModel(17, name);
  const { graph } = model;
  const random = createRandom(11);
  const constant: Network["constant"] = (dims, low, high) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = Float64Array.from({ length: size }, () => low + (high - low) * random.uniform());
    return graph.addInitializer(graph.freshName("k"), tensorFromNumbers("float", dims, values));
  };
  const shape: Network["shape"] = (...dims) =>
    graph.addInitializer(
      graph.freshName("shape"),
      tensorFromNumbers("int64", [dims.length], Float64Array.from(dims)),
    );
  const apply: Network["apply"] = (opType, inputs, attributes = {}) => {
    const outputs = [graph.freshName(opType.toLowerCase())];
    const value = graph.addNode({ opType, inputs, outputs, attributes }).output(0);
    if (value === undefined) throw new Error("a node without output");
    return value;
  };
  const normalize: Network["normalize"] = (x, channels) =>
    apply("BatchNormalization", [
      x,
      constant([channels], -1, 1),
      constant([channels], -1, 1),
      constant([channels], -0.2, 0.2),
      constant([channels], 0.5, 2),
    ]);
  return { model, constant, shape, apply, normalize };
}

/**
 * The linear layers of a LeViT-128S (Graham et al. 2021) as its export has them: MatMul, Reshape to rows, BatchNormalization,
 * Reshape back, 52 times; in pairs with a residual, as its attention and its MLP end. Narrow, for tokens of 4 by 4.
 */
function levit(): Model {
  const { model, constant, shape, apply, normalize } = network("levit");
  const [tokens, width, hidden] = [16, 6, 10];
  let x: Value = model.graph.addInput({ name: "x", type: tensorType("float", ["N", tokens, width]) });
  const linear = (input: Value, from: number, to: number): Value => {
    const bound = Math.sqrt(3 / from);
    const rows = apply("Reshape", [
      apply("MatMul", [input, constant([from, to], -bound, bound)]),
      shape(-1, to),
    ]);
    return apply("Reshape", [normalize(rows, to), shape(-1, tokens, to)]);
  };
  for (let pair = 0; pair < 26; pair++) {
    const wide = apply("HardSwish", [linear(x, width, hidden)]);
    x = apply("Add", [x, linear(wide, hidden, width)]);
  }
  x.info = { name: x.name, type: tensorType("float", ["N", tokens, width]) };
  model.graph.addOutput(x);
  return model;
}

/**
 * DenseNet-121 (Huang et al. 2017), narrow and without its stem, each normalization written as Caffe does: BatchNormalization,
 * Mul, Add. Of the 120, 58 read a Conv of their own and can go.
 */
function densenet(): Model {
  const { model, constant, apply, normalize } = network("densenet");
  let x: Value = model.graph.addInput({ name: "x", type: tensorType("float", ["N", 4, 16, 16]) });
  let channels = 4;
  const conv = (input: Value, from: number, to: number, kernel: number): Value => {
    const bound = Math.sqrt(3 / (from * kernel * kernel));
    const pad = (kernel - 1) / 2;
    const weight = constant([to, from, kernel, kernel], -bound, bound);
    return apply("Conv", [input, weight], { pads: [pad, pad, pad, pad] });
  };
  const caffe = (input: Value, size: number): Value => {
    const scaled = apply("Mul", [normalize(input, size), constant([size, 1, 1], 0.5, 1)]);
    return apply("Relu", [apply("Add", [scaled, constant([size, 1, 1], -1, 1)])]);
  };
  for (const [stage, layers] of [6, 12, 24, 16].entries()) {
    for (let layer = 0; layer < layers; layer++) {
      const narrow = conv(caffe(x, channels), channels, 4, 1);
      x = apply("Concat", [x, conv(caffe(narrow, 4), 4, 2, 3)], { axis: 1 });
      channels += 2;
    }
    if (stage === 3) break;
    x = conv(caffe(x, channels), channels, channels / 2, 1);
    channels /= 2;
    x = apply("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  x = caffe(x, channels);
  x.info = { name: x.name, type: tensorType("float", ["N", channels, 2, 2]) };
  model.graph.addOutput(x);
  return model;
}

describe("networks that peers leave normalizations in", () => {
  it("LeViT: none of 52 behind MatMul and Reshape is left", async () => {
    const { report } = await optimize(levit());
    expect(report.before.batchNormalizations).toBe(52);
    expect(report.check?.status).toBe("equal");
    expect(report.after.batchNormalizations).toBe(0);
    const { Mul = 0 } = report.after.operators;
    expect(Mul).toBe(0);
  });

  it("DenseNet-121 with Caffe's Mul and Add: at most 62 nodes are left of 120 and their Mul and Add", async () => {
    const { report } = await optimize(densenet());
    expect(report.before.batchNormalizations).toBe(120);
    expect(report.check?.status).toBe("equal");
    const { BatchNormalization = 0, Mul = 0, Add = 0 } = report.after.operators;
    expect(BatchNormalization + Mul + Add).toBeLessThanOrEqual(62);
  });
});
