import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import type { Loss } from "../../src/training/loss.js";
import type { Optimizer, OptimizerKind } from "../../src/training/optimizer.js";
import { batchOf, course, NETWORKS, type Network, numbersOf, parityModel } from "./support.js";

/** The numbers that PyTorch computed; tables/README.md describes the fields. */
interface OptionsCase {
  readonly net: string;
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

function networkOf(name: string): Network {
  return present(NETWORKS[name], `a network ${name}`);
}

function batches(net: Network): Map<string, RuntimeTensor>[] {
  return [0, 1, 2, 3].map((b) => batchOf(net, "cross-entropy", b));
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
    const net = networkOf(of.net);
    const done = await course(parityModel(net), batches(net), {
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
      // 1e-5 of the largest update, and the rounding of the updated weight to float32.
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
    ["mlp", "Softmax <axis = -1> "],
    ["mlp", "LogSoftmax <axis = 1> "],
    ["places", "Softmax <axis = 1> "],
  ] as const)("of %s, %s, is left out of the cross-entropy: the same bits", async (name, last) => {
    const net = networkOf(name);
    const options = {
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      steps: 5,
    } as const;
    const bare = await course(parityModel(net), batches(net), options);
    const ended = await course(parityModel(net, last), batches(net), options);
    expect(ended.losses).toEqual(bare.losses);
    for (const { name: parameter } of bare.step.state) {
      const value = numbersOf(ended.last.get(parameter));
      expect(value, parameter).toEqual(numbersOf(bare.last.get(parameter)));
    }
  });

  it("is a Sigmoid for the binary cross-entropy, and stays for other losses", async () => {
    const net = networkOf("mlp");
    const batch = batchOf(net, "bce", 0);
    const run = (last: string, kind: "bce" | "mse") =>
      course(parityModel(net, last), [batch], {
        loss: { kind },
        optimizer: { kind: "sgd" },
        learningRate: 0.1,
        steps: 3,
      });
    expect((await run("Sigmoid", "bce")).losses).toEqual((await run("", "bce")).losses);
    expect((await run("Sigmoid", "mse")).losses).not.toEqual((await run("", "mse")).losses);
  });
});
