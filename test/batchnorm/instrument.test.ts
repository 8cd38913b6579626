import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { instrument } from "../../src/batchnorm/instrument.js";
import { estimateStatistics } from "../../src/batchnorm/statistics.js";
import type { Node } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { modelOf } from "../support/rewrite.js";
import { constant, elementsOf, literal, normalization } from "../support/text.js";
import { byChannel, dataOf, meanOf, run, tensor, varianceOf } from "./support.js";

/** x [8, 2, ...] with a wave of its own in each sample: enough elements for layers of 16 channels to be measured by rows. */
function wave(plane: readonly number[]): ReturnType<typeof tensor> {
  const size = 8 * 2 * plane.reduce((product, dim) => product * dim, 1);
  return tensor(
    [8, 2, ...plane],
    Array.from({ length: size }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.0013)),
  );
}

interface Case {
  readonly name: string;
  readonly plane: readonly number[];
  readonly constants: string;
  /** %a, %b: the normalizations of the channels in c and d. */
  readonly body: string;
  readonly channels: readonly [number, number];
  /** Whether the copy that measures pools in front of the first normalization. */
  readonly poolsFirst?: boolean;
  readonly opset?: number;
  /** The constant "far", which normalization subtracts again: expected values are measured without it, with more digits. */
  readonly shift?: readonly number[];
}

const WEIGHT = constant("w", [16, 2, 3, 3]);
const POSITIVE = normalization("a", 16);
const FAR = elementsOf("far", [16], { low: 40, high: 60 });
const SIGNED = POSITIVE.replace(/float\[16\] a_gamma = \{[^}]*\}/, constant("a_gamma", [16]));
const SECOND = `${constant("v", [4, 16, 1, 1])}, ${normalization("b", 4)}`;
const POOL = "MaxPool <kernel_shape = [3,3], strides = [2,2], pads = [1,1,1,1]>";

const CASES: readonly Case[] = [
  {
    name: "a map, and what its normalization leaves for the next layer",
    plane: [64, 64],
    constants: `${WEIGHT}, ${POSITIVE}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w)  %a  r = Relu (an)  d = Conv (r, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
  },
  {
    name: "a residual sum",
    plane: [64, 64],
    constants: `${constant("w", [16, 2, 1, 1])}, ${POSITIVE}, ${constant("v", [16, 2, 1, 1])}, ${normalization("b", 16)}`,
    body: "c = Conv (x, w)  d = Conv (x, v)  %a  %b  s = Add (an, bn)  y = Relu (s)",
    channels: [16, 16],
  },
  {
    name: "a map whose mean is twenty deviations from 0",
    plane: [64, 64],
    constants: `${WEIGHT}, ${literal("far", [16], FAR)}, ${POSITIVE}, ${SECOND}`,
    shift: FAR,
    body: `c = Conv <pads = [1,1,1,1]> (x, w, far)  %a  r = Relu (an)  d = Conv (r, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
  },
  {
    name: "a MaxPool behind a map whose mean is twenty deviations from 0",
    plane: [64, 64],
    constants: `${WEIGHT}, ${literal("far", [16], FAR)}, ${SIGNED}, ${SECOND}`,
    shift: FAR,
    body: `c = Conv <pads = [1,1,1,1]> (x, w, far)  %a  r = Relu (an)  p = ${POOL} (r)  d = Conv (p, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: true,
  },
  {
    name: "a MaxPool behind scales of both signs",
    plane: [64, 64],
    constants: `${WEIGHT}, ${constant("o", [16])}, ${SIGNED}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w, o)  %a  r = Relu (an)  p = ${POOL} (r)  d = Conv (p, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: true,
  },
  {
    name: "a MaxPool behind scales that are 0 or above, of a map that is read twice",
    plane: [64, 64],
    constants: `${WEIGHT}, ${POSITIVE}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w)  %a  r = Sigmoid (an)  p = ${POOL} (r)  n = Neg (c)  q = ${POOL} (n)
           s = Add (p, q)  d = Conv (s, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: true,
  },
  {
    name: "a MaxPool behind scales of both signs, of a map that is read twice",
    plane: [64, 64],
    constants: `${WEIGHT}, ${SIGNED}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w)  %a  r = Relu (an)  p = ${POOL} (r)  n = Neg (c)  q = ${POOL} (n)
           s = Add (p, q)  d = Conv (s, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: false,
  },
  {
    name: "a MaxPool behind an activation with an attribute, which rises whatever its value is",
    plane: [64, 64],
    constants: `${WEIGHT}, ${POSITIVE}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w)  %a  r = Celu <alpha = 0.25> (an)  p = ${POOL} (r)  d = Conv (p, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: true,
  },
  {
    name: "a MaxPool behind an activation that falls",
    plane: [64, 64],
    constants: `${WEIGHT}, ${POSITIVE}, ${SECOND}`,
    body: `c = Conv <pads = [1,1,1,1]> (x, w)  %a  r = Abs (an)  p = ${POOL} (r)  d = Conv (p, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: false,
  },
  {
    name: "signals",
    plane: [4096],
    constants: `${constant("w", [16, 2, 3])}, ${SIGNED}, ${constant("v", [4, 16, 1])}, ${normalization("b", 4)}`,
    body: `c = Conv <pads = [1,1]> (x, w)  %a  p = MaxPool <kernel_shape = [4], strides = [4]> (an)  d = Conv (p, v)  %b  y = Relu (bn)`,
    channels: [16, 4],
    poolsFirst: true,
    opset: 18,
  },
  {
    name: "volumes",
    plane: [16, 16, 16],
    constants: `${constant("w", [16, 2, 1, 1, 1])}, ${POSITIVE}, ${constant("v", [4, 16, 1, 1, 1])}, ${normalization("b", 4)}`,
    body: "c = Conv (x, w)  %a  r = Relu (an)  d = Conv (r, v)  %b  y = Relu (bn)",
    channels: [16, 4],
  },
];

/** The network with its normalizations in inference form, or in training form with the measured statistics as outputs. */
function network({ plane, constants, body, opset = 17 }: Case, form: "inference" | "training"): Model {
  const written = body.replace(/%([ab])/g, (_, prefix: string) => {
    const parameters = `${prefix === "a" ? "c" : "d"}, ${prefix}_gamma, ${prefix}_beta, ${prefix}_mean, ${prefix}_var`;
    return form === "inference"
      ? `${prefix}n = BatchNormalization (${parameters})`
      : `${prefix}n, ${prefix}m, ${prefix}v = BatchNormalization <training_mode = 1, momentum = 0.0> (${parameters})`;
  });
  const free = plane.map(() => "?").join(",");
  const outputs =
    form === "inference" ? `float[N,?,${free}] y` : "float[?] am, float[?] av, float[?] bm, float[?] bv";
  const text = `g (float[N,2,${plane.join(",")}] x) => (${outputs}) <${constants}> { ${written} }`;
  return modelOf(text, opset);
}

function normalizations(model: Model): readonly Node[] {
  return [...model.nodes()].filter((node) => node.is("BatchNormalization"));
}

/** Largest distance over channels, of means in deviations and of variances in themselves. */
function farthest(actual: ArrayLike<number>, expected: readonly number[], unit: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(
    ...expected.map((value, c) => Math.abs((actual[c] ?? Number.NaN) - value) / (unit[c] ?? 0)),
  );
}

describe("statistics of large maps", () => {
  it.each(CASES)("equals what BatchNormalization measures itself: $name", async (entry) => {
    const x = wave(entry.plane);
    const constants = entry.constants.replace(/far = \{[^}]*\}/, `far = {${FAR.map(() => 0).join(",")}}`);
    const expected = await run(network({ ...entry, constants }, "training"), new Map([["x", x]]));
    const model = network(entry, "inference");
    const { layers } = await estimateStatistics(model, dataOf({ x }), { method: "pooled", batchSize: 8 });
    ["a", "b"].forEach((prefix, index) => {
      const [own, variance] = [expected.get(`${prefix}m`) ?? [], expected.get(`${prefix}v`) ?? []];
      const mean = own.map((value, c) => value + (index === 0 ? (entry.shift?.[c] ?? 0) : 0));
      const size = variance.map((value, c) => Math.hypot(Math.sqrt(value), mean[c] ?? 0));
      // Values that a layer in front has rounded, or that are far from 0, have fewer correct digits.
      const room = index === 0 && entry.shift === undefined ? 1e-6 : 4e-6;
      expect(mean.length).toBe(entry.channels[index]);
      expect(farthest(layers[index]?.mean ?? [], mean, size), `means of ${prefix}`).toBeLessThan(room);
      expect(
        farthest(layers[index]?.variance ?? [], variance, variance),
        `variances of ${prefix}`,
      ).toBeLessThan(room);
    });
  });

  it.each(CASES)("leaves no BatchNormalization to one thread: $name", (entry) => {
    const model = network(entry, "inference");
    const targets = normalizations(model).map((node, index) => ({
      name: node.key,
      value: node.inputs[0] ?? expect.fail("it has an input"),
      axis: 1 as const,
      channels: entry.channels[index] ?? 0,
      dtype: "float" as const,
      normalization: node,
    }));
    const { model: measuring } = instrument(model, targets, 8);
    const left = [...measuring.nodes()].filter((node) => node.is("BatchNormalization"));
    expect(left.length).toBe(entry.channels[1] === 16 ? 0 : 1);
    if (entry.poolsFirst === undefined) return;
    const isFirst = [...measuring.nodes()].some(
      (node) => node.is("Sub") && node.input(0)?.producer?.is("MaxPool") === true,
    );
    expect(isFirst).toBe(entry.poolsFirst);
  });

  it("measures by BatchNormalization where no row divides the map, its sizes are not known, or it is small", () => {
    for (const plane of ["113,113", "H,W", "8,8"]) {
      const model = modelOf(
        `g (float[N,16,${plane}] x) => (float[N,16,${plane}] y) <${normalization("a", 16)}> {
           y = BatchNormalization (x, a_gamma, a_beta, a_mean, a_var) }`,
      );
      const [node] = normalizations(model);
      const value = node?.input(0) ?? expect.fail("it has an input");
      const target = { name: "bn", value, axis: 1, channels: 16, dtype: "float" } as const;
      const { model: measuring } = instrument(model, [target], 8);
      const one = [...measuring.nodes()].filter((other) => other.is("BatchNormalization")).length;
      expect(one, plane).toBe(1);
    }
  });

  it.each([
    ["near 0", 0],
    ["far from 0", 50],
  ])("measures a value that is not normalized yet, with a mean %s", async (_, mean) => {
    const shift = literal(
      "far",
      [16],
      Array.from({ length: 16 }, () => mean),
    );
    const body = "c = Conv <pads = [1,1,1,1]> (x, w, far)  y = Relu (c)";
    const model = modelOf(
      `g (float[N,2,64,64] x) => (float[N,16,64,64] y) <${WEIGHT}, ${shift}> { ${body} }`,
    );
    const value = model.graph.first?.output(0) ?? expect.fail("a Conv");
    const target = { name: "c", value, axis: 1, channels: 16, dtype: "float" } as const;
    const x = wave([64, 64]);
    const { layers } = await estimateStatistics(model, dataOf({ x }), { targets: [target], batchSize: 8 });
    const whole = await run(
      modelOf(`g (float[N,2,64,64] x) => (float[N,16,64,64] c) <${WEIGHT}, ${shift}> { ${body} }`),
      new Map([["x", x]]),
    );
    const lists = byChannel([...(whole.get("c") ?? [])], 16, 64 * 64);
    const [means, variances] = [lists.map(meanOf), lists.map(varianceOf)];
    const unbiased = variances.map((variance) => (variance * 32768) / 32767);
    expect(
      farthest(
        layers[0]?.mean ?? [],
        means,
        means.map((m, c) => Math.hypot(m, variances[c] ?? 0)),
      ),
    ).toBeLessThan(1e-6);
    expect(farthest(layers[0]?.variance ?? [], unbiased, unbiased)).toBeLessThan(1e-6);
  });

  it("keeps the digits of a map that is all but one number, and finds the channel that is", async () => {
    const side = 1024;
    const model = modelOf(
      `g (float[N,2,${side},${side}] x) => (float[N,2,${side},${side}] y) <${normalization("a", 2)}> {
         y = BatchNormalization (x, a_gamma, a_beta, a_mean, a_var) }`,
    );
    const plane = side * side;
    const values = Array.from({ length: 2 * plane }, (_, i) => (i < plane ? 7.3 : 7.3 + Math.sin(i) / 16));
    const data = dataOf({ x: tensor([1, 2, side, side], values) });
    const { report } = await calibrate(model, data, { method: "pooled", batchSize: 1 });
    const [layer] = report.layers;
    expect(layer?.dead).toEqual([0]);
    for (const mean of layer?.after.mean ?? []) expect(Math.abs(mean - 7.3)).toBeLessThan(1e-4);
    expect(layer?.after.variance[1]).toBeCloseTo(1 / 512, 6);
  });

  it("names the layer whose activations are no numbers", async () => {
    const model = modelOf(
      `g (float[N,2,64,64] x) => (float[N,16,64,64] y) <${WEIGHT}, ${POSITIVE}, ${literal("huge", [1], [3e38])}> {
         h = Mul (x, huge)  s = Add (h, h)  c = Conv <pads = [1,1,1,1]> (s, w)
         y = BatchNormalization (c, a_gamma, a_beta, a_mean, a_var) }`,
    );
    await expect(
      estimateStatistics(model, dataOf({ x: wave([64, 64]) }), { batchSize: 8 }),
    ).rejects.toMatchObject({
      id: "activation-is-not-finite",
      where: { element: "y" },
    });
  });
});
