import { expect, it } from "vitest";
import { type Model, optimize, type Value } from "../../src/index.js";
import { network } from "./builder.js";

/** Channels and blocks of a RepVGG-A0's stages (Ding et al. 2021, table 2). */
const STAGES = [
  [48, 1],
  [48, 2],
  [96, 4],
  [192, 14],
  [1280, 1],
] as const;

/**
 * RepVGG-A0 as its training form is exported: in every block a 3x3 Conv, a 1x1 Conv and, where the size stays, the input
 * itself, each with its BatchNormalization, summed before a Relu. `divisor` narrows it.
 */
function repvggA0(divisor: number): Model {
  const { apply, constant, conv, normalize, weight, ...net } = network("repvgg_a0");
  const branch = (x: Value, from: number, to: number, kernel: number, stride: number): Value => {
    const pad = (kernel - 1) / 2;
    const attributes = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return normalize(conv(x, [to, from, kernel, kernel], attributes), to);
  };
  let x: Value = net.input(["N", 3, 64, 64]);
  let channels = 3;
  for (const [width, blocks] of STAGES) {
    for (let block = 0; block < blocks; block++) {
      const [to, stride] = [width / divisor, block === 0 ? 2 : 1];
      let sum = apply("Add", [branch(x, channels, to, 3, stride), branch(x, channels, to, 1, stride)]);
      if (channels === to && stride === 1) sum = apply("Add", [sum, normalize(x, channels)]);
      x = apply("Relu", [sum]);
      channels = to;
    }
  }
  const features = apply("Flatten", [apply("GlobalAveragePool", [x])]);
  const y = apply("Gemm", [features, weight([channels, 10], channels), constant([10], -1, 1)]);
  return net.finish(y, ["N", 10]);
}

it("RepVGG-A0 has 169 nodes and comes down to one Conv and one Relu per block: 47", async () => {
  const { report } = await optimize(repvggA0(8));
  expect([report.before.nodes, report.before.batchNormalizations]).toEqual([169, 61]);
  expect(report.rolledBack).toEqual([]);
  expect(report.check?.status).toBe("equal");
  expect(report.after.operators).toEqual({ Conv: 22, Relu: 22, Gemm: 1, GlobalAveragePool: 1, Flatten: 1 });
  expect(report.after.nodes).toBe(47);
});
