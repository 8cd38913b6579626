import { describe, expect, it } from "vitest";
import { encodeNumbers } from "../../src/ir/tensor.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { batchOf, course, draw, floats, NETWORKS, numbersOf, parityModel } from "./support.js";

const SGD = {
  loss: { kind: "cross-entropy" },
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
  steps: 1,
} as const;

const convolutional = (kernelScale: number, bias: string): ReturnType<typeof parseModel> =>
  parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    net (float[N,2,4,4] x) => (float[N,3] y)
    <float[3,2,3,3] w = {${[...draw(1, 54, 0.5)].map((value) => value * kernelScale).join()}}, float[3] c = {${bias}},
     float[3] g = {1,0.5,2}, float[3] b = {0.1,0,-0.1}, float[3] m = {0,0,0}, float[3] v = {1,1,1},
     float[3] g2 = {1,1,1}, float[3] b2 = {0,0,0}, float[3] m2 = {0,0,0}, float[3] v2 = {1,1,1}> {
      u = Conv <pads = [1,1,1,1]> (x, w, c)
      n = BatchNormalization <epsilon = 1e-12> (u, g, b, m, v)
      r = Relu(n)  n2 = BatchNormalization(r, g2, b2, m2, v2)  s = Sigmoid(n2)
      p = GlobalAveragePool(s)  y = Flatten(p)
    }`);

function images(count: number, seed = 3): Map<string, RuntimeTensor> {
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  return new Map([
    ["x", floats([count, 2, 4, 4], draw(seed, count * 32, 1.5))],
    ["labels", { dtype: "int64" as const, dims: [count], data: encodeNumbers("int64", labels) }],
  ]);
}

const updateOf = ({ first, step }: Awaited<ReturnType<typeof course>>, name: string): readonly number[] => {
  const before = step.state.find((state) => state.name === name)?.initial;
  if (before === undefined) return [];
  const old = numbersOf({ dtype: before.dtype, dims: before.dims, data: before.bytes() });
  return numbersOf(first.get(name)).map((value, i) => value - (old[i] ?? 0));
};

describe("normalization in a step", () => {
  it("leaves a bias before it where it is", async () => {
    const done = await course(convolutional(1, "0.3,-0.2,0"), [images(5)], SGD);
    const others = Math.max(...updateOf(done, "w").map(Math.abs));
    expect(others).toBeGreaterThan(1e-3);
    for (const change of updateOf(done, "c")) expect(Math.abs(change)).toBeLessThan(1e-6 * others + 3e-8);
  });

  it("does not see the scale of the weights before it, whose gradient is as much smaller", async () => {
    const once = await course(convolutional(1, "0,0,0"), [images(5)], SGD);
    const scaled = await course(convolutional(4, "0,0,0"), [images(5)], SGD);
    expect(scaled.losses[0]).toBeCloseTo(once.losses[0] ?? Number.NaN, 6);
    const [small, large] = [updateOf(scaled, "w"), updateOf(once, "w")];
    const largest = Math.max(...large.map(Math.abs));
    small.forEach((change, i) => {
      // A quarter, up to the rounding of weights as large as 2.
      expect(Math.abs(change * 4 - (large[i] ?? 0))).toBeLessThan(1e-5 * largest + 4 * 2 ** -24);
    });
  });

  it("keeps the statistics of layers of equal width apart, and forgets a bad batch", async () => {
    const bad = images(5).set("x", floats([5, 2, 4, 4], new Array<number>(160).fill(Number.NaN)));
    const clean = await course(convolutional(1, "0,0,0"), [images(5)], SGD);
    const after = await course(convolutional(1, "0,0,0"), [bad, images(5)], { ...SGD, steps: 2 });
    expect(numbersOf(clean.first.get("m"))).not.toEqual(numbersOf(clean.first.get("m2")));
    for (const { name } of clean.step.state) {
      expect(numbersOf(after.last.get(name)), name).toEqual(numbersOf(clean.first.get(name)));
    }
  });
});

describe("one step graph", () => {
  it.each([1, 7, 60])("takes batches of %i", async (count) => {
    const { losses, outputs } = await course(convolutional(1, "0,0,0"), [images(count)], SGD);
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(numbersOf(outputs.get("finite"))).toEqual([1]);
  });

  it("leaves frozen parameters unchanged", async () => {
    const net = NETWORKS["mlp"];
    if (net === undefined) return expect.unreachable("no mlp");
    const freeze = (name: string): boolean => ["w1", "g", "b2"].includes(name);
    const batch = [batchOf(net, "cross-entropy", 0)];
    const some = await course(parityModel(net), batch, { ...SGD, freeze });
    const all = await course(parityModel(net), batch, SGD);
    expect(some.step.state.flatMap(({ kind, name }) => (kind === "parameter" ? [name] : []))).toEqual([
      "h",
      "w2",
      "w3",
      "b3",
    ]);
    for (const name of ["h", "w2", "w3", "b3"]) {
      expect(numbersOf(some.first.get(name)), name).toEqual(numbersOf(all.first.get(name)));
    }
  });

  it("lets weights decay, and no bias, whatever its shape", async () => {
    const net = NETWORKS["lstm"];
    if (net === undefined) return expect.unreachable("no lstm");
    const batch = [batchOf(net, "cross-entropy", 0)];
    const free = await course(parityModel(net), batch, SGD);
    const decayed = await course(parityModel(net), batch, { ...SGD, weightDecay: 0.5 });
    const same = free.step.state.filter(
      ({ name }) => String(numbersOf(free.first.get(name))) === String(numbersOf(decayed.first.get(name))),
    );
    expect(same.map(({ name }) => name)).toEqual(["B", "b"]);
  });

  it("runs in float64", async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      net (double[N,3] x) => (double[N,2] y)
      <double[3,2] w = {0.5, -0.25, 0.125, 1, -1, 0.75}, double[2] b = {0, 0}> { y = Gemm(x, w, b) }`;
    const data = [...draw(4, 12, 1)];
    const labels = [0, 1, 1, 0];
    const batch = new Map<string, RuntimeTensor>([
      ["x", { dtype: "double", dims: [4, 3], data: encodeNumbers("double", data) }],
      ["labels", { dtype: "int64", dims: [4], data: encodeNumbers("int64", labels) }],
    ]);
    const done = await course(parseModel(text), [batch], SGD);
    const w = [0.5, -0.25, 0.125, 1, -1, 0.75];
    const expected = new Array<number>(6).fill(0);
    labels.forEach((label, n) => {
      const row = data.slice(n * 3, n * 3 + 3);
      const z = [0, 1].map((k) => row.reduce((sum, value, i) => sum + value * (w[i * 2 + k] ?? 0), 0));
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      z.forEach((value, k) => {
        const slope = (Math.exp(value) / total - (k === label ? 1 : 0)) / 4;
        row.forEach((input, i) => {
          expected[i * 2 + k] = (expected[i * 2 + k] ?? 0) - 0.1 * slope * input;
        });
      });
    });
    updateOf(done, "w").forEach((change, i) => {
      expect(Math.abs(change - (expected[i] ?? 0))).toBeLessThan(1e-15);
    });
  });
});
