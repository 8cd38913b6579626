import { describe, expect, it } from "vitest";
import {
  batchOf,
  type Course,
  course,
  draw,
  LOSSES,
  NETWORKS,
  numbersOf,
  type ParityCase,
  parityModel,
  parityTable,
} from "./support.js";

/** Of the largest update of a tensor. */
const UPDATE = 1e-5;
const CURVE = 1e-4;

async function repeat({
  net,
  loss,
  losses,
  optimizer,
  learningRate,
  weightDecay,
}: ParityCase): Promise<Course> {
  const network = NETWORKS[net];
  const known = LOSSES[loss];
  if (network === undefined || known === undefined) return expect.unreachable(`no ${net} or ${loss}`);
  const batches = [0, 1, 2, 3].map((b) => batchOf(network, loss, b));
  return course(parityModel(network), batches, {
    loss: known[0],
    optimizer: { kind: optimizer },
    learningRate,
    weightDecay,
    steps: (losses.length - 1) * 10 + 1,
  });
}

function expectUpdates(of: ParityCase, { step, first }: Course): void {
  const trained = step.state.filter(({ kind }) => kind === "parameter").map(({ name }) => name);
  expect(trained.sort()).toEqual(Object.keys(of.updates).sort());
  for (const { name, initial, kind } of step.state) {
    const expected = of.updates[name];
    if (kind !== "parameter" || expected === undefined) continue;
    const before = numbersOf({ dtype: initial.dtype, dims: initial.dims, data: initial.bytes() });
    const update = numbersOf(first.get(name)).map((value, i) => value - (before[i] ?? 0));
    // The rounding of the new value: an update is small beside its weight.
    const rounding = Math.max(...before.map(Math.abs)) * 2 ** -24;
    const allowed = UPDATE * expected.largest + rounding;
    const every = Math.max(1, Math.floor(update.length / 12));
    const sampled = update.filter((_, i) => i % every === 0);
    expect(sampled.length, name).toBe(expected.values.length);
    sampled.forEach((value, i) => {
      expect(Math.abs(value - (expected.values[i] ?? 0)), `${name}, sample ${i}`).toBeLessThanOrEqual(
        allowed,
      );
    });
    // Every element counts here; errors of random sign add up as the root of their number.
    const directions = draw(77, update.length, 1);
    const projection = update.reduce((sum, value, i) => sum + value * (directions[i] ?? 0), 0);
    expect(Math.abs(projection - expected.projection), `${name}, all`).toBeLessThanOrEqual(
      allowed * Math.sqrt(update.length),
    );
  }
}

function expectCurve(of: ParityCase, { losses }: Course): void {
  const sampled = losses.filter((_, i) => i % 10 === 0);
  expect(sampled.length).toBe(of.losses.length);
  sampled.forEach((loss, i) => {
    expect(Math.abs(loss - (of.losses[i] ?? 0)), `step ${i * 10}`).toBeLessThanOrEqual(CURVE);
  });
}

describe("steps of training are PyTorch's", () => {
  it.each(parityTable("networks"))("$net", async (of) => {
    const ours = await repeat(of);
    expectUpdates(of, ours);
    expectCurve(of, ours);
    // ONNX keeps the biased variance, PyTorch the unbiased one.
    for (const [name, [mean, variance]] of Object.entries(of.running ?? {})) {
      const places = name === "n1" ? 6 * 8 * 8 : 6 * 4 * 4;
      const biased = variance.map((value) => ((value - 0.9) * (places - 1)) / places + 0.9);
      numbersOf(ours.first.get(`${name}_mean`)).forEach((value, i) => {
        expect(value).toBeCloseTo(mean[i] ?? Number.NaN, 6);
      });
      numbersOf(ours.first.get(`${name}_var`)).forEach((value, i) => {
        expect(value).toBeCloseTo(biased[i] ?? Number.NaN, 6);
      });
    }
  });

  it.each(parityTable("optimizers"))("$optimizer with weight decay", async (of) => {
    const ours = await repeat(of);
    expectUpdates(of, ours);
    expectCurve(of, ours);
  });

  it.each(parityTable("losses"))("$loss", async (of) => {
    const ours = await repeat(of);
    expectUpdates(of, ours);
    expectCurve(of, ours);
  });
});
