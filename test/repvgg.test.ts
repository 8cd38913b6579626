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

/**
 * RepVGG-A0 (Ding et al. 2021, table 2) as its training form is exported: in every block a 3x3 Conv, a 1x1 Conv and, where
 * the size stays, the input itself, each with its BatchNormalization, summed before a Relu. `divisor` narrows it.
 */
function repvggA0(divisor: number): Model {
  const model = createModel(17, "repvgg_a0");
  const { graph } = model;
  const random = createRandom(7);
  const constant = (name: string, dims: readonly number[], low: number, high: number): Value => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = Float64Array.from({ length: size }, () => low + (high - low) * random.uniform());
    return graph.addInitializer(graph.freshName(name), tensorFromNumbers("float", dims, values));
  };
  const apply = (
    opType: string,
    inputs: readonly Value[],
    attributes: Record<string, readonly number[]> = {},
  ): Value => {
    const outputs = [graph.freshName(opType.toLowerCase())];
    const value = graph.addNode({ opType, inputs, outputs, attributes }).output(0);
    if (value === undefined) throw new Error("a node without output");
    return value;
  };
  const normalize = (x: Value, channels: number): Value =>
    apply("BatchNormalization", [
      x,
      constant("gamma", [channels], -1, 1),
      constant("beta", [channels], -1, 1),
      constant("mean", [channels], -0.2, 0.2),
      constant("variance", [channels], 0.5, 2),
    ]);
  const branch = (x: Value, from: number, to: number, kernel: number, stride: number): Value => {
    const bound = Math.sqrt(3 / (from * kernel * kernel));
    const weight = constant("weight", [to, from, kernel, kernel], -bound, bound);
    const pad = (kernel - 1) / 2;
    const pads = [pad, pad, pad, pad];
    return normalize(apply("Conv", [x, weight], { strides: [stride, stride], pads }), to);
  };

  let x: Value = graph.addInput({ name: "x", type: tensorType("float", ["N", 3, 64, 64]) });
  let channels = 3;
  for (const [width, blocks] of [
    [48, 1],
    [48, 2],
    [96, 4],
    [192, 14],
    [1280, 1],
  ] as const) {
    for (let block = 0; block < blocks; block++) {
      const [to, stride] = [width / divisor, block === 0 ? 2 : 1];
      let sum = apply("Add", [branch(x, channels, to, 3, stride), branch(x, channels, to, 1, stride)]);
      if (channels === to && stride === 1) sum = apply("Add", [sum, normalize(x, channels)]);
      x = apply("Relu", [sum]);
      channels = to;
    }
  }
  const features = apply("Flatten", [apply("GlobalAveragePool", [x])]);
  const y = apply("Gemm", [
    features,
    constant("fc", [channels, 10], -0.1, 0.1),
    constant("fc_bias", [10], -1, 1),
  ]);
  y.info = { name: y.name, type: tensorType("float", ["N", 10]) };
  graph.addOutput(y);
  return model;
}

describe("RepVGG-A0", () => {
  it("has 169 nodes and comes down to one Conv and one Relu per block: 46", async () => {
    const { report } = await optimize(repvggA0(8));
    expect([report.before.nodes, report.before.batchNormalizations]).toEqual([169, 61]);
    expect(report.rolledBack).toEqual([]);
    expect(report.check?.status).toBe("equal");
    expect(report.after.operators).toEqual({ Conv: 22, Relu: 22, Gemm: 1, ReduceMean: 1 });
    expect(report.after.nodes).toBe(46);
  });
});
