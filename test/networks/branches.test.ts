import { describe, expect, it } from "vitest";
import { type Model, optimize, type Value } from "../../src/index.js";
import { type Network, network } from "./builder.js";

interface Layer {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

/** Once all different, channels, height and width; once all equal, where a kernel is easily turned. */
const SIZES = [
  [
    "all sizes different",
    [5, 12, 9],
    [
      { from: 5, to: 7, stride: 2 },
      { from: 7, to: 7, stride: 1 },
      { from: 7, to: 4, stride: 1 },
    ],
  ],
  [
    "all sizes equal",
    [4, 4, 4],
    [
      { from: 4, to: 4, stride: 1 },
      { from: 4, to: 4, stride: 1 },
      { from: 4, to: 4, stride: 1 },
    ],
  ],
] as const;

type Block = (net: Network, x: Value, layer: Layer) => Value;

function stack(
  name: string,
  [channels, height, width]: readonly [number, number, number],
  layers: readonly Layer[],
  block: Block,
): Model {
  const net = network(name);
  let x: Value = net.input(["N", channels, height, width]);
  for (const layer of layers) x = block(net, x, layer);
  return net.finish(x, ["N", layers.at(-1)?.to ?? 0, "H", "W"]);
}

function sum({ apply }: Network, terms: readonly Value[]): Value {
  return terms.reduce((first, next) => apply("Add", [first, next]));
}

/** A Conv whose kernel is centred, with a bias, and its normalization. */
function branch(
  net: Network,
  x: Value,
  { from, to, stride }: Layer,
  [high, wide]: readonly [number, number],
  group = 1,
): Value {
  const [top, left] = [(high - 1) / 2, (wide - 1) / 2];
  const weight = net.weight([to, from / group, high, wide], (from / group) * high * wide);
  const attributes = { group, pads: [top, left, top, left], strides: [stride, stride] };
  return net.normalize(net.apply("Conv", [x, weight, net.constant([to], -1, 1)], attributes), to);
}

/** A 3x3, a 1x3 and a 3x1 (Ding et al. 2019, figure 2). */
const acnet: Block = (net, x, layer) =>
  net.apply("Relu", [
    sum(
      net,
      (
        [
          [3, 3],
          [1, 3],
          [3, 1],
        ] as const
      ).map((kernel) => branch(net, x, layer, kernel)),
    ),
  ]);

/** `branches` Convs, one of a single place where the kernel has more, and the normalized input where sizes stay. */
function overparameterized(net: Network, x: Value, layer: Layer, kernel: number, group: number): Value {
  const branches = 4;
  const terms = Array.from({ length: branches }, () => branch(net, x, layer, [kernel, kernel], group));
  if (kernel > 1) terms.push(branch(net, x, layer, [1, 1], group));
  if (layer.from === layer.to && layer.stride === 1) terms.unshift(net.normalize(x, layer.from));
  return net.apply("Relu", [sum(net, terms)]);
}

/** A depthwise 3x3, then a pointwise (Vasu et al. 2022, figure 3). */
const mobileone: Block = (net, x, { from, to, stride }) => {
  const deep = overparameterized(net, x, { from, to: from, stride }, 3, from);
  return overparameterized(net, deep, { from, to, stride: 1 }, 1, 1);
};

describe.each(SIZES)("%s", (_, input, layers) => {
  it.each([
    ["ACNet", acnet, { Conv: 3, Relu: 3 }],
    ["MobileOne", mobileone, { Conv: 6, Relu: 6 }],
  ] as const)("%s: each block is one Conv", async (name, block, after) => {
    const { report } = await optimize(stack(name, input, layers, block));
    expect(report.before.batchNormalizations).toBeGreaterThan(8);
    expect(report.rolledBack).toEqual([]);
    expect(report.check?.status, report.check?.reason).toBe("equal");
    expect(report.after.operators).toEqual(after);
  });
});
