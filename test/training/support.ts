import { readFileSync } from "node:fs";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import type { Loss } from "../../src/training/loss.js";
import type { OptimizerKind } from "../../src/training/optimizer.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepOptions } from "../../src/training/step.js";

/** The numbers that PyTorch computed for a network of `NETWORKS`; test/training/tables/README.md describes the fields. */
export interface ParityCase {
  readonly net: string;
  readonly loss: string;
  readonly optimizer: OptimizerKind;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly losses: readonly number[];
  readonly updates: Readonly<Record<string, ExpectedUpdate>>;
  readonly running?: Readonly<Record<string, readonly [mean: number[], variance: number[]]>>;
}

export interface ExpectedUpdate {
  readonly largest: number;
  readonly values: readonly number[];
  readonly projection: number;
}

export function parityTable(name: string): readonly ParityCase[] {
  return JSON.parse(readFileSync(new URL(`tables/${name}.json`, import.meta.url), "utf8"));
}

/** Numbers from -scale to scale around an offset, in float32, that any language can make from whole numbers. */
export function draw(seed: number, count: number, scale: number, offset = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i + 1, 2654435761) + Math.imul(seed, 40503)) >>> 0;
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    h = (h ^ (h >>> 15)) >>> 0;
    return ((h / 2 ** 32) * 2 - 1) * scale + offset;
  });
}

export type Parameter = readonly [name: string, dims: readonly number[], scale: number, offset?: number];

export interface Network {
  readonly parameters: readonly Parameter[];
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly classes: number;
  /** Sizes of the logits and labels behind the classes. */
  readonly places?: readonly number[];
  /** Further initializers, and the nodes from x to logits. */
  readonly constants?: string;
  readonly signature: string;
  readonly nodes: string;
}

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

function statistics(name: string, channels: number): string {
  const all = (value: number): string => new Array(channels).fill(value).join();
  return `float[${channels}] ${name}_mean = {${all(0)}}, float[${channels}] ${name}_var = {${all(1)}}`;
}

const normalize = (x: string, name: string): string =>
  `BatchNormalization(${x}, ${name}_g, ${name}_b, ${name}_mean, ${name}_var)`;

export const NETWORKS: Readonly<Record<string, Network>> = {
  resnet: {
    parameters: [
      ["c1", [6, 3, 3, 3], 0.4],
      ["n1_g", [6], 0.2, 1],
      ["n1_b", [6], 0.2],
      ["c2", [8, 6, 3, 3], 0.3],
      ["n2_g", [8], 0.2, 1],
      ["n2_b", [8], 0.2],
      ["c3", [8, 8, 3, 3], 0.3],
      ["n3_g", [8], 0.2, 1],
      ["n3_b", [8], 0.2],
      ["c4", [8, 6, 1, 1], 0.5],
      ["n4_g", [8], 0.2, 1],
      ["n4_b", [8], 0.2],
      ["w", [8, 4], 0.5],
      ["b", [4], 0.1],
    ],
    sizes: [6, 3, 8, 8],
    batch: 6,
    classes: 4,
    constants: [6, 8, 8, 8].map((channels, i) => statistics(`n${i + 1}`, channels)).join(", "),
    signature: "float[N,3,8,8] x",
    nodes: `
      u1 = Conv <pads = [1,1,1,1]> (x, c1)  v1 = ${normalize("u1", "n1")}  h = Relu(v1)
      u2 = Conv <pads = [1,1,1,1], strides = [2,2]> (h, c2)  v2 = ${normalize("u2", "n2")}  h2 = Relu(v2)
      u3 = Conv <pads = [1,1,1,1]> (h2, c3)  v3 = ${normalize("u3", "n3")}
      u4 = Conv <strides = [2,2]> (h, c4)  v4 = ${normalize("u4", "n4")}
      sum = Add(v3, v4)  r = Relu(sum)  p = GlobalAveragePool(r)  f = Flatten(p)  logits = Gemm(f, w, b)`,
  },
  lstm: {
    parameters: [
      ["W", [1, 20, 4], 0.6],
      ["R", [1, 20, 5], 0.6],
      ["B", [1, 40], 0.2],
      ["w", [5, 3], 0.6],
      ["b", [3], 0.1],
    ],
    sizes: [5, 6, 4],
    batch: 6,
    classes: 3,
    constants: "int64[1] front = {0}",
    signature: "float[5,N,4] x",
    nodes: "y, last = LSTM <hidden_size = 5> (x, W, R, B)  h = Squeeze(last, front)  logits = Gemm(h, w, b)",
  },
  transformer: {
    parameters: [
      ["g1", [8], 0.2, 1],
      ["b1", [8], 0.1],
      ["wqkv", [8, 24], 0.5],
      ["bqkv", [24], 0.1],
      ["wo", [8, 8], 0.5],
      ["bo", [8], 0.1],
      ["g2", [8], 0.2, 1],
      ["b2", [8], 0.1],
      ["w1", [8, 16], 0.5],
      ["c1", [16], 0.1],
      ["w2", [16, 8], 0.4],
      ["c2", [8], 0.1],
      ["w", [8, 4], 0.5],
      ["b", [4], 0.1],
    ],
    sizes: [5, 6, 8],
    batch: 5,
    classes: 4,
    constants: `int64[5] heads = {0,6,3,2,4}, int64[3] joined = {0,6,8}, int64[1] first = {0}, int64[1] along = {1},
      float half = {0.5}, float one = {1}, float root = {1.41421356237}`,
    signature: "float[N,6,8] x",
    nodes: `
      l1 = LayerNormalization(x, g1, b1)
      m = MatMul(l1, wqkv)  a = Add(m, bqkv)  s = Reshape(a, heads)  t = Transpose <perm = [2,0,3,1,4]> (s)
      q0, k0, v0 = Split <axis = 0> (t)
      q = Squeeze(q0, first)  k = Squeeze(k0, first)  v = Squeeze(v0, first)
      kt = Transpose <perm = [0,1,3,2]> (k)  qk = MatMul(q, kt)  scores = Mul(qk, half)
      attention = Softmax <axis = -1> (scores)  mixed = MatMul(attention, v)
      back = Transpose <perm = [0,2,1,3]> (mixed)  flat = Reshape(back, joined)
      o = MatMul(flat, wo)  ob = Add(o, bo)  x1 = Add(x, ob)
      l2 = LayerNormalization(x1, g2, b2)
      f = MatMul(l2, w1)  fb = Add(f, c1)
      scaled = Div(fb, root)  e = Erf(scaled)  e1 = Add(e, one)  fe = Mul(fb, e1)  gelu = Mul(fe, half)
      d = MatMul(gelu, w2)  db = Add(d, c2)  x2 = Add(x1, db)
      pooled = ReduceMean <axes = [1], keepdims = 0> (x2)  logits = Gemm(pooled, w, b)`,
  },
  mlp: {
    parameters: [
      ["w1", [6, 8], 0.7],
      ["g", [8], 0.2, 1],
      ["h", [8], 0.2],
      ["w2", [8, 7], 0.7],
      ["b2", [7], 0.1],
      ["w3", [7, 4], 0.7],
      ["b3", [4], 0.1],
    ],
    sizes: [10, 6],
    batch: 10,
    classes: 4,
    constants: statistics("n", 8),
    signature: "float[N,6] x",
    nodes: `u = MatMul(x, w1)  v = BatchNormalization(u, g, h, n_mean, n_var)  s = Sigmoid(v)
      t = Gemm(s, w2, b2)  r = Tanh(t)  logits = Gemm(r, w3, b3)`,
  },
  places: {
    parameters: [
      ["k", [6, 3, 3], 0.7],
      ["c", [6], 0.2],
      ["v", [4, 6, 1], 0.7],
      ["d", [4], 0.1],
    ],
    sizes: [5, 3, 6],
    batch: 5,
    classes: 4,
    places: [6],
    signature: "float[N,3,6] x",
    nodes: "a = Conv <pads = [1, 1]> (x, k, c)  t = Tanh(a)  logits = Conv(t, v, d)",
  },
};

/** The parameters as they are in the tables, each drawn by its place. */
function initializers(parameters: readonly Parameter[]): string {
  const weights = parameters.map(([name, dims, scale, offset], index) => {
    const values = draw(index + 1, product(dims), scale, offset);
    return `float[${dims.join()}] ${name} = {${[...values].join()}}`;
  });
  return weights.join(", ");
}

/** The network, with an activation of the logits at its end where one is given. */
export function parityModel(net: Network, activation = ""): ReturnType<typeof parseModel> {
  const weights = initializers(net.parameters);
  const constants = net.constants === undefined ? weights : `${weights}, ${net.constants}`;
  const sizes = ["N", net.classes, ...(net.places ?? [])];
  const [end, output] = activation === "" ? ["", "logits"] : [`y = ${activation}(logits)`, "y"];
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    net (${net.signature}) => (float[${sizes}] ${output}) <${constants}> { ${net.nodes} ${end} }`);
}

const CLASS_WEIGHTS = [0.5, 1, 2, 1.5];

/** The losses by their names in the tables, and the kind of their labels. */
export const LOSSES: Readonly<Record<string, readonly [Loss, labels: "class" | "probability" | "value"]>> = {
  "cross-entropy": [{ kind: "cross-entropy" }, "class"],
  "cross-entropy, class weights": [{ kind: "cross-entropy", classWeights: CLASS_WEIGHTS }, "class"],
  "cross-entropy, ignored label": [{ kind: "cross-entropy", ignoreIndex: 2 }, "class"],
  "cross-entropy, smoothed": [{ kind: "cross-entropy", labelSmoothing: 0.1 }, "class"],
  "cross-entropy, all three": [
    { kind: "cross-entropy", classWeights: CLASS_WEIGHTS, ignoreIndex: 2, labelSmoothing: 0.1 },
    "class",
  ],
  bce: [{ kind: "bce" }, "probability"],
  mse: [{ kind: "mse" }, "value"],
  l1: [{ kind: "l1" }, "value"],
  huber: [{ kind: "huber", delta: 0.7 }, "value"],
};

export const floats = (dims: readonly number[], values: ArrayLike<number>): RuntimeTensor => ({
  dtype: "float",
  dims,
  data: encodeNumbers("float", values),
});

/** Batch `b` of a network, with the labels that a loss wants. */
export function batchOf(net: Network, loss: string, b: number): Map<string, RuntimeTensor> {
  const { sizes, batch, classes, places = [] } = net;
  const kind = LOSSES[loss]?.[1];
  const all = [batch, classes, ...places];
  const many = product(all);
  const chosen = Array.from({ length: many / classes }, (_, i) => (i * 7 + b) % classes);
  const labels: RuntimeTensor =
    kind === "class"
      ? { dtype: "int64", dims: [batch, ...places], data: encodeNumbers("int64", chosen) }
      : floats(all, kind === "value" ? draw(900 + b, many, 2) : draw(900 + b, many, 0.5, 0.5));
  return new Map([
    ["x", floats(sizes, draw(500 + b, product(sizes), 1.5))],
    ["labels", labels],
  ]);
}

export function tensor(dims: readonly number[], values: ArrayLike<number>): RuntimeTensor {
  return { dtype: "float", dims, data: encodeNumbers("float", values) };
}

export function numbersOf(value: RuntimeTensor | undefined): number[] {
  if (!(value?.data instanceof Uint8Array)) return [];
  return [...decodeNumbers(value.dtype, value.data, product(value.dims))];
}

export interface Course {
  readonly step: TrainingStep;
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** The state after the first step and after the last one. */
  readonly first: ReadonlyMap<string, RuntimeTensor>;
  readonly last: ReadonlyMap<string, RuntimeTensor>;
  readonly outputs: ReadonlyMap<string, RuntimeTensor>;
}

export interface CourseOptions extends TrainingStepOptions {
  readonly learningRate: number;
  readonly weightDecay?: number;
  readonly momentum?: number;
  readonly steps: number;
}

/** Runs the step of a model over batches, one after the other, and again from the first. */
export async function course(
  model: ReturnType<typeof parseModel>,
  batches: readonly ReadonlyMap<string, RuntimeTensor>[],
  options: CourseOptions,
): Promise<Course> {
  const step = buildTrainingStep(model, options);
  const problems = verify(step.model);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const runtime = await defaultRuntime();
  const session = await runtime.open({ kind: "bytes", bytes: encodeToBytes(step.model) }, { optimize: true });
  const dtype = step.state[0]?.initial.dtype ?? "float";
  const scalar = (value: number): RuntimeTensor => ({
    dtype,
    dims: [],
    data: encodeNumbers(dtype, [value]),
  });
  const { learningRate, weightDecay, momentum } = step.hyperparameters;
  const scalars = new Map([[learningRate, scalar(options.learningRate)]]);
  if (weightDecay !== undefined) scalars.set(weightDecay, scalar(options.weightDecay ?? 0));
  if (momentum !== undefined) scalars.set(momentum, scalar(options.momentum ?? 0.9));
  const state = new Map<string, RuntimeTensor>(
    step.state.map(({ name, initial }) => [
      name,
      { dtype: initial.dtype, dims: initial.dims, data: initial.bytes() },
    ]),
  );
  const losses: number[] = [];
  let first = new Map<string, RuntimeTensor>();
  let outputs = new Map<string, RuntimeTensor>();
  for (let i = 0; i < options.steps; i++) {
    outputs = await session.run(new Map([...(batches[i % batches.length] ?? []), ...state, ...scalars]));
    for (const { name, next } of step.state) {
      const value = outputs.get(next);
      if (value !== undefined) state.set(name, value);
    }
    if (i === 0) first = new Map(state);
    losses.push(numbersOf(outputs.get(step.outputs.loss))[0] ?? Number.NaN);
  }
  await session.close();
  return { step, losses, first, last: state, outputs };
}
