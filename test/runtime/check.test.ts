import { afterAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { createRandom } from "../../src/base/random.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import type { RuntimeModel } from "../../src/runtime/runtime.js";
import { bytesIn, bytesOf, checkModels, list, SHARED, tensor } from "../support/runtime.js";

const runtime = await defaultRuntime();

interface Layer {
  readonly W: readonly number[];
  readonly b: readonly number[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** Conv [4,3,3,3], BatchNormalization, Relu and a second Conv, so that a mistake must travel. */
function layer(spread: { mean?: number; variance?: number } = {}): Layer {
  const random = createRandom(11);
  const draw = (count: number, body: () => number) => Array.from({ length: count }, body);
  return {
    W: draw(108, () => random.normal() / 5),
    b: draw(4, () => random.normal()),
    scale: draw(4, () => random.normal() + 0.1),
    shift: draw(4, () => random.normal()),
    mean: draw(4, () => (spread.mean ?? 0) + random.normal() / 10),
    variance: draw(4, () => (spread.variance ?? 1) * (0.5 + random.uniform())),
  };
}

const TAIL = list(Array.from({ length: 20 }, (_, i) => Math.sin(i + 1)));
const EPSILON = 1e-5;

function original({ W, b, scale, shift, mean, variance }: Layer): RuntimeModel {
  return bytesOf(`g (float[N,3,H,V] x) => (float[N,5,P,Q] y) <
    float[4,3,3,3] W = ${list(W)}, float[4] b = ${list(b)}, float[5,4,1,1] T = ${TAIL},
    float[4] s = ${list(scale)}, float[4] h = ${list(shift)}, float[4] m = ${list(mean)}, float[4] v = ${list(variance)}> {
    c = Conv(x, W, b) n = BatchNormalization(c, s, h, m, v) r = Relu(n) y = Conv(r, T)
  }`);
}

function folded({ W, b, scale, shift, mean, variance }: Layer, bug: string): RuntimeModel {
  const at = (values: readonly number[], i: number) => values[i] ?? Number.NaN;
  const epsilon = bug === "epsilon" ? 0 : EPSILON;
  const s = scale.map((g, o) => g / Math.sqrt(at(variance, o) + epsilon));
  const weights = W.map((w, i) => w * at(s, Math.floor(i / 27)));
  const bias = b.map((value, o) => ((bug === "bias" ? 0 : value) - at(mean, o)) * at(s, o) + at(shift, o));
  if (bug === "swap") bias.push(...bias.splice(0, 2).reverse(), ...bias.splice(0, 2));
  if (bug === "nan") bias[1] = Number.NaN;
  return bytesOf(`g (float[N,3,H,V] x) => (float[N,5,P,Q] y) <
    float[4,3,3,3] W = ${list(weights)}, float[4] b = ${list(bias).replace("NaN", "nan")}, float[5,4,1,1] T = ${TAIL}> {
    c = Conv(x, W, b) r = Relu(c) y = Conv(r, T)
  }`);
}

const options = { runtime, seed: 5 };
const rounding = { ...options, numerics: "rounding" } as const;

describe("checkModels on a fold", () => {
  it("passes a clean fold, and names the outputs that it compared", async () => {
    const report = await checkModels(original(layer()), folded(layer(), "none"), rounding);
    expect(report).toMatchObject({ status: "equal", reason: undefined, seed: 5, numerics: "rounding" });
    expect(report.runtime).toMatch(/^onnxruntime \d/);
    expect(report.sets.map((set) => set.inputs[0]?.dims)).toEqual([
      [1, 3, 32, 32],
      [3, 3, 64, 96],
    ]);
    const [output] = report.sets[0]?.outputs ?? [];
    expect(output?.comparison.differing).toBeGreaterThan(0);
    expect(output?.comparison.maxAbsolute).toBeLessThan(output?.tolerance.absolute ?? 0);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ status: "equal" });
  });

  it.each(["bias", "swap", "nan"])("finds a wrong one: %s", async (bug) => {
    const report = await checkModels(original(layer()), folded(layer(), bug), rounding);
    expect(report.status).toBe("differs");
    expect(report.reason).toMatch(/^output "y" on normal: \d+ of \d+ elements/);
  });

  it("finds a forgotten epsilon", async () => {
    const narrow = layer({ variance: 1e-3 });
    expect((await checkModels(original(narrow), folded(narrow, "epsilon"), rounding)).status).toBe("differs");
    expect((await checkModels(original(narrow), folded(narrow, "none"), rounding)).status).toBe("equal");
  });

  it("allows the rounding that the original itself amplifies, and no more", async () => {
    // The bias of 100 that the mean takes away leaves five digits fewer, and the small deviation shows it.
    const steep = layer({ mean: 100, variance: 1e-7 });
    const model = { ...steep, W: steep.W.map((w) => w / 1000), b: steep.mean.map((m) => m + 1e-3) };
    const noisy = () => {
      const perturbed = perturbWeights(decodeModel(memorySource(bytesIn(original(model)))), 1);
      const staged: RuntimeModel = { kind: "bytes", bytes: encodeToBytes(perturbed) };
      return Promise.resolve({ model: staged, dispose: () => Promise.resolve() });
    };
    const blind = await checkModels(original(model), folded(model, "none"), rounding);
    expect(blind.status).toBe("differs");
    const report = await checkModels(original(model), folded(model, "none"), { ...rounding, noisy });
    expect(report.status).toBe("equal");
    expect(report.sets[0]?.outputs[0]?.tolerance.why).toMatch(/^its own rounding moves the original by \d/);
    for (const bug of ["swap", "epsilon"]) {
      const wrong = await checkModels(original(model), folded(model, bug), { ...rounding, noisy });
      expect(wrong.status).toBe("differs");
    }
  });

  it("requires the same bits from exact rewrites", async () => {
    const exact = { ...options, numerics: "exact" } as const;
    expect((await checkModels(original(layer()), original(layer()), exact)).status).toBe("equal");
    const report = await checkModels(original(layer()), folded(layer(), "none"), exact);
    expect(report).toMatchObject({ status: "differs", reason: expect.stringMatching(/none is allowed/) });
  });
});

describe("the checker", () => {
  it("compares many results with one run of the original", async () => {
    let runs = 0;
    const counting = {
      ...runtime,
      open: async (model: RuntimeModel) => {
        const session = await runtime.open(model);
        const run: typeof session.run = (...given) => {
          runs++;
          return session.run(...given);
        };
        return { ...session, run };
      },
    };
    const checker = await createChecker(original(layer()), { ...options, runtime: counting });
    const before = runs;
    for (let i = 0; i < 3; i++)
      expect((await checker.compare(folded(layer(), "none"), "rounding")).status).toBe("equal");
    expect(runs - before).toBe(3 * checker.sets.length);
    await checker.close();
  });

  it("is unchecked where the original does not run", async () => {
    const model = bytesOf("g (float[1] x) => (float[1] y) { y = NoSuchOperator(x) }");
    const report = await checkModels(model, model, rounding);
    expect(report).toMatchObject({
      status: "unchecked",
      reason: expect.stringMatching(/NoSuchOperator/),
      sets: [],
    });
  });

  it("differs where only the result does not run, or lacks an output", async () => {
    const good = bytesOf("g (float[4] x) => (float[4] y, float[4] z) { y = Neg(x) z = Abs(x) }");
    const broken = bytesOf("g (float[4] x) => (float[4] y) { y = NoSuchOperator(x) }");
    const smaller = bytesOf("g (float[4] x) => (float[4] y) { y = Neg(x) }");
    expect(await checkModels(good, broken, rounding)).toMatchObject({
      status: "differs",
      reason: /the result: .*NoSuchOperator/,
    });
    expect(await checkModels(good, smaller, rounding)).toMatchObject({
      status: "differs",
      reason: /output "z" is missing/,
    });
  });

  it("does not judge outputs that are random in the original", async () => {
    const model = bytesOf(
      `g (float[4] x) => (float[4] y, float[4] z) { r = RandomNormalLike(x) y = Add(x, r) z = Neg(x) }`,
    );
    const report = await checkModels(model, model, { ...options, numerics: "exact" });
    expect(report.status).toBe("equal");
    expect(report.sets[0]?.outputs.map((output) => output.verdict)).toContain("equal");
    const only = bytesOf("g (float[4] x) => (float[4] y) { r = RandomNormalLike(x) y = Add(x, r) }");
    const other = bytesOf(
      "g (float[4] x) => (float[4] y) { i = Identity(x) r = RandomNormalLike(i) y = Add(i, r) }",
    );
    expect((await checkModels(only, other, { ...options, numerics: "exact" })).status).toBe("unchecked");
  });

  it("requires integers to be the same", async () => {
    const shape = (k: number) =>
      bytesOf(
        `g (float[2,3] x) => (int64[2,1] y) <int64 one = {${k}}> { a = ArgMax<axis: int = 1>(x) y = Add(a, one) }`,
      );
    expect((await checkModels(shape(1), shape(1), rounding)).status).toBe("equal");
    expect(await checkModels(shape(1), shape(2), rounding)).toMatchObject({
      status: "differs",
      reason: /differ$/,
    });
  });

  it("compares with stored outputs without letting them decide", async () => {
    const model = bytesOf("g (float[2] x) => (float[2] y) { y = Neg(x) }");
    const feeds = [-1, 7].map((y) => ({
      name: `stored ${y}`,
      feeds: new Map([["x", tensor("float", [2], [1, 2])]]),
      expected: new Map([["y", tensor("float", [2], [y, -2])]]),
    }));
    const report = await checkModels(model, model, { ...rounding, feeds });
    expect(report.status).toBe("equal");
    expect(report.sets.map((set) => set.stored[0]?.agrees)).toEqual([true, false]);
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(checkModels(original(layer()), original(layer()), { ...rounding, signal })).rejects.toThrow(
      "enough",
    );
  });
});

describe.skipIf(SHARED === undefined)("on the shared models", () => {
  const checkers: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const checker of checkers) await checker.close();
  });

  it.each([
    "zoo/resnet18_w16.onnx",
    "zoo/crnn_small.onnx",
    "zoo/r3d_small.onnx",
    "real/bert-toy-contrib.onnx",
    "real/squeezenet-fp16.onnx",
    "real/qdq-layout.onnx",
    "real/yunet-dynamic.onnx",
    "real/subgraph.onnx",
  ])("%s equals itself, bit for bit, on two sets", async (path) => {
    const model = { kind: "path", path: `${SHARED}/${path}` } as const;
    const checker = await createChecker(model, options);
    checkers.push(checker);
    expect(checker.unchecked).toBeUndefined();
    expect(checker.sets.length).toBe(2);
    expect(await checker.compare(model, "exact")).toMatchObject({ status: "equal" });
  });

  it.each([
    "real/finn-custom-domain.onnx",
    "real/espcn-quant-custom-domain.onnx",
    "real/nhwc-hourglass-unrunnable.onnx",
  ])("%s is unchecked, with a reason of one line", async (path) => {
    const model = { kind: "path", path: `${SHARED}/${path}` } as const;
    const report = await checkModels(model, model, rounding);
    expect(report.status).toBe("unchecked");
    expect(report.reason).toMatch(
      /^(it runs on none of the generated inputs \()?onnxruntime cannot (load|run) the model: .+$/,
    );
    expect(report.reason).not.toContain(SHARED);
  });
});
