import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeNumbers } from "../../src/ir/tensor.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import type { Loss } from "../../src/training/loss.js";
import type { Optimizer, OptimizerKind } from "../../src/training/optimizer.js";
import { course, draw, floats, initializers, numbersOf } from "./parity-support.js";

/** What PyTorch made; tables/README.md says what the fields are. */
interface OptionsCase {
  readonly net: "dense" | "places";
  readonly optimizer: OptimizerKind;
  readonly learningRate: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
  readonly clipNorm?: number;
  readonly classWeights?: readonly number[];
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly updates: Readonly<Record<string, readonly number[]>>;
}

const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** The networks of tables/options.py. */
const NETWORKS = {
  dense: {
    sizes: [10, 6],
    labels: [10],
    text: `net (float[N,6] x) => (float[N,4] y)
      <${initializers([
        ["w1", [6, 8], 0.7],
        ["g", [8], 0.2, 1],
        ["h", [8], 0.2],
        ["w2", [8, 7], 0.7],
        ["b2", [7], 0.1],
        ["w3", [7, 4], 0.7],
        ["b3", [4], 0.1],
      ])}, float[8] m = {0,0,0,0,0,0,0,0}, float[8] v = {1,1,1,1,1,1,1,1}> {
        u = MatMul(x, w1)  n = BatchNormalization(u, g, h, m, v)  s = Sigmoid(n)
        t = Gemm(s, w2, b2)  r = Tanh(t)  y = Gemm(r, w3, b3) }`,
  },
  places: {
    sizes: [5, 3, 6],
    labels: [5, 6],
    text: `net (float[N,3,6] x) => (float[N,4,6] y)
      <${initializers([
        ["k", [6, 3, 3], 0.7],
        ["c", [6], 0.2],
        ["v", [4, 6, 1], 0.7],
        ["d", [4], 0.1],
      ])}> { a = Conv <pads = [1, 1]> (x, k, c)  t = Tanh(a)  y = Conv(t, v, d) }`,
  },
} as const;

const modelOf = (net: keyof typeof NETWORKS, last = ""): ReturnType<typeof parseModel> => {
  const { text } = NETWORKS[net];
  // The last node gives z, and `last` makes y of it.
  const ended = last === "" ? text : text.replace(/y = (\w+)([^}]*)}/, `z = $1$2 y = ${last}(z) }`);
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]> ${ended}`);
};

function batches(net: keyof typeof NETWORKS): Map<string, RuntimeTensor>[] {
  const { sizes, labels } = NETWORKS[net];
  return [0, 1, 2, 3].map((b) => {
    const chosen = Array.from({ length: size(labels) }, (_, i) => (i * 7 + b) % 4);
    return new Map<string, RuntimeTensor>([
      ["x", floats(sizes, draw(500 + b, size(sizes), 1.5))],
      ["labels", { dtype: "int64", dims: labels, data: encodeNumbers("int64", chosen) }],
    ]);
  });
}

function optimizerOf({ optimizer: kind, betas, epsilon }: OptionsCase): Optimizer {
  if (kind !== "adam" && kind !== "adamw") return { kind };
  return { kind, ...(betas && { betas }), ...(epsilon && { epsilon }) };
}

function lossOf({ classWeights, ignoreIndex, labelSmoothing }: OptionsCase): Loss {
  return {
    kind: "cross-entropy",
    ...(classWeights && { classWeights }),
    ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    ...(labelSmoothing && { labelSmoothing }),
  };
}

const TABLE: readonly OptionsCase[] = JSON.parse(
  readFileSync(new URL("tables/options.json", import.meta.url), "utf8"),
);
const named = TABLE.map((of) => {
  const { losses: _, norms: __, updates: ___, net, optimizer, ...options } = of;
  return [`${net}, ${optimizer} ${JSON.stringify(options)}`, of] as const;
});

describe("options are PyTorch's", () => {
  it.each(named)("%s", async (_, of) => {
    const steps = (of.losses.length - 1) * 10 + 1;
    const done = await course(modelOf(of.net), batches(of.net), {
      loss: lossOf(of),
      optimizer: optimizerOf(of),
      learningRate: of.learningRate,
      weightDecay: of.weightDecay ?? 0,
      ...(of.momentum === undefined ? {} : { momentum: of.momentum }),
      ...(of.clipNorm === undefined ? {} : { clipNorm: of.clipNorm }),
      steps,
    });
    for (const [name, expected] of Object.entries(of.updates)) {
      const initial = done.step.state.find((state) => state.name === name)?.initial;
      if (initial === undefined) return expect.unreachable(`${name} is not trained`);
      const before = numbersOf({ dtype: "float", dims: initial.dims, data: initial.bytes() });
      const largest = Math.max(...expected.map(Math.abs));
      // 1e-5 of the largest update, and what a weight that is itself a float32 cannot hold of it.
      const allowed = 1e-5 * largest + Math.max(...before.map(Math.abs)) * 2 ** -24;
      const after = numbersOf(done.first.get(name));
      expect(after.length).toBe(expected.length);
      after.forEach((value, i) => {
        const update = value - (before[i] ?? Number.NaN);
        expect(Math.abs(update - (expected[i] ?? Number.NaN)), `${name}, ${i}`).toBeLessThanOrEqual(allowed);
      });
    }
    const sampled = done.losses.filter((_, i) => i % 10 === 0);
    sampled.forEach((loss, i) => {
      expect(Math.abs(loss - (of.losses[i] ?? Number.NaN)), `step ${i * 10}`).toBeLessThanOrEqual(1e-4);
    });
    const norm = numbersOf(done.outputs.get(done.step.outputs.gradientNorm))[0];
    expect(norm).toBeCloseTo(of.norms.at(-1) ?? Number.NaN, 4);
  });
});

describe("the activation at the end", () => {
  it.each([
    ["dense", "Softmax <axis = -1> "],
    ["dense", "LogSoftmax <axis = 1> "],
    ["places", "Softmax <axis = 1> "],
  ] as const)("of %s, %s, is left out of the cross-entropy: the same bits", async (net, last) => {
    const options = {
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      steps: 5,
    } as const;
    const bare = await course(modelOf(net), batches(net), options);
    const ended = await course(modelOf(net, last), batches(net), options);
    expect(ended.losses).toEqual(bare.losses);
    for (const { name } of bare.step.state) {
      expect(numbersOf(ended.last.get(name)), name).toEqual(numbersOf(bare.last.get(name)));
    }
  });

  it("is a Sigmoid for the binary cross-entropy, and stays for other losses", async () => {
    const labels = floats([10, 4], draw(900, 40, 0.5, 0.5));
    const [first] = batches("dense");
    const batch = new Map([...(first ?? [])]).set("labels", labels);
    const run = (last: string, kind: "bce" | "mse") =>
      course(modelOf("dense", last), [batch], {
        loss: { kind },
        optimizer: { kind: "sgd" },
        learningRate: 0.1,
        steps: 3,
      });
    expect((await run("Sigmoid", "bce")).losses).toEqual((await run("", "bce")).losses);
    expect((await run("Sigmoid", "mse")).losses).not.toEqual((await run("", "mse")).losses);
  });
});
