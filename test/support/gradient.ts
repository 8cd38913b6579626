import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../src/base/random.js";
import { isRefusal } from "../../src/base/refusal.js";
import {
  type ReferenceTensor,
  referenceFromBytes,
  referenceTensor,
  sizeOf,
} from "../../src/float64/tensor.js";
import { differentiate } from "../../src/gradient/differentiate.js";
import { cloneModel } from "../../src/ir/clone.js";
import { isFloat } from "../../src/ir/dtype.js";
import { isStandardDomain } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { staticShape, type TensorType, tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";

export type Feeds = ReadonlyMap<string, ReferenceTensor>;
/** Elements of an input, or how to draw one: away from kinks, for instance. */
export type Filling = readonly number[] | ((random: Random, index: number) => number);

export interface GradientCase {
  /** The opset of a text without a model header. Default 21. */
  readonly opset?: number;
  /** Inputs and initializers to differentiate by. Default: all inputs of a floating-point type. */
  readonly wrt?: readonly string[];
  /** The output to differentiate. Default: the first. */
  readonly of?: string;
  /** Elements by input. Default: normal deviates; integers have no default. */
  readonly feeds?: Readonly<Record<string, Filling>>;
  /** Sizes of inputs that the model declares without. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly seed?: number;
  /** The tolerance of finite differences, as a fraction of the largest gradient. Default 1e-6. */
  readonly tolerance?: number;
  /** The tolerance of onnxruntime's float32 against float64, as a fraction of the largest gradient. Default 2e-6. */
  readonly rounding?: number;
  /** False where onnxruntime has no kernel for the model, so that only float64 is tested. Default true. */
  readonly runnable?: boolean;
  /** False where the forward model needs known shapes: no variant with symbols is made. Default true. */
  readonly symbolic?: boolean;
  /** False where the rule needs a rank: no variant of unknown rank is made. Default true. */
  readonly rankless?: boolean;
  /**
   * False where the reference evaluator lacks an operator of the model; its gradients are then checked against `expected`
   * alone. Default true.
   */
  readonly reference?: boolean;
  /** Expected numbers for gradients that finite differences cannot give, at kinks and ties, by name. */
  readonly expected?: Readonly<Record<string, readonly number[]>>;
  /** The gradient that comes in. Default: normal deviates. */
  readonly seeds?: readonly number[];
}

const SEED_NAME = "gradient_in";

/** A model from text: with a header as it is, without one as a graph of `opset`. */
export function modelOf(text: string, opset = 21): Model {
  return text.trimStart().startsWith("<") ? parseModel(text) : parseGraph(text, { opset });
}

/**
 * Differentiates the model and holds the gradients, evaluated in float64, against finite differences of the model in
 * float64; then onnxruntime's, with its optimizations off and on, against the float64 ones. The same again with sizes that
 * are only symbols, and with ranks unknown. Gives the gradients by name.
 */
export async function checkGradient(
  text: string | Model,
  options: GradientCase = {},
): Promise<ReadonlyMap<string, ReferenceTensor>> {
  const model = typeof text === "string" ? modelOf(text, options.opset) : text;
  expect(verify(model), "the case itself is unsound").toEqual([]);
  const random = createRandom(options.seed ?? 1);
  const feeds = feedsOf(model, options, random);
  const of = options.of ?? model.graph.outputs[0]?.name ?? "";
  const wrt = options.wrt ?? floatInputs(model);
  const gradientModel = emit(model, of, wrt);
  const outgoing = await incoming(model, of, feeds, options, random);
  const all = new Map([...feeds, [SEED_NAME, outgoing]]);

  let expected: ReadonlyMap<string, ReferenceTensor>;
  if (options.reference === false) {
    expected = await runInOrt(gradientModel, all, false);
  } else {
    expected = referenceRun(gradientModel, all);
  }
  for (const name of wrt) {
    const actual = tensorNamed(expected, `${name}_grad`);
    const stated = options.expected?.[name];
    if (stated !== undefined) {
      expectClose(
        actual,
        referenceTensor(actual.dtype, actual.dims, stated),
        2e-6,
        `${name} as stated`,
        gradientModel,
      );
    } else {
      expect(options.reference, `the gradient of ${name} has nothing to be checked against`).not.toBe(false);
      const differences = finiteDifferences(model, of, name, feeds, outgoing);
      expectClose(actual, differences, options.tolerance ?? 1e-6, `${name} by differences`, gradientModel);
    }
  }
  const rounding = options.rounding ?? 2e-6;
  const compare = async (twin: Model, optimize: boolean, what: string): Promise<void> => {
    const results = await runInOrt(twin, all, optimize);
    for (const name of wrt) {
      const actual = tensorNamed(results, `${name}_grad`);
      expectClose(actual, tensorNamed(expected, `${name}_grad`), rounding, `${name} ${what}`, twin);
    }
  };
  if (options.runnable === false) return expected;
  await compare(gradientModel, false, "in onnxruntime");
  await compare(gradientModel, true, "in onnxruntime, optimized");
  if (options.symbolic !== false) {
    await compare(emit(withoutShapes(model, "symbols"), of, wrt), true, "with symbolic sizes");
    if (options.rankless !== false)
      await compare(emit(withoutShapes(model, "nothing"), of, wrt), false, "with unknown ranks");
  }
  return expected;
}

/** The gradient model, sound and in the standard domain. */
export function emit(model: Model, of: string, wrt: readonly string[]): Model {
  const result = differentiate(model, { of, wrt, seed: SEED_NAME });
  expect(verify(result)).toEqual([]);
  for (const node of result.nodes())
    expect(isStandardDomain(node.domain), `${node.label} is of domain ${node.domain}`).toBe(true);
  return result;
}

/** The gradient does not exist because the rule of an operator refuses it: a refusal of this id. */
export function expectRuleRefuses(model: string | Model, of: string, wrt: string, id: string): void {
  expect(() => emit(typeof model === "string" ? modelOf(model) : model, of, [wrt])).toThrow(
    expect.objectContaining({ id: "gradient-rule-refuses", cause: expect.objectContaining({ id }) }),
  );
}

/** How many nodes of each operator the gradients add: "Mul 2, ReduceSum 1". */
export function addedOperators(model: Model, gradients: Model): string {
  const counts = new Map<string, number>();
  for (const { opType } of gradients.graph.nodes()) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  for (const { opType } of model.graph.nodes()) counts.set(opType, (counts.get(opType) ?? 0) - 1);
  const added = [...counts].filter(([opType, count]) => count !== 0 && opType !== "Identity");
  return added
    .sort()
    .map(([opType, count]) => `${opType} ${count}`)
    .join(", ");
}

export function floatInputs(model: Model): string[] {
  return model.graph.inputs.flatMap(({ type, name }) =>
    type?.kind === "tensor" && isFloat(type.dtype) ? [name] : [],
  );
}

/** The model with inputs whose sizes are symbols of their own, or whose ranks are not known. */
export function withoutShapes(model: Model, keep: "symbols" | "nothing"): Model {
  const twin = cloneModel(model);
  for (const input of twin.graph.inputs) {
    const type = tensorTypeOf(input.type, input.name);
    const shape = keep === "nothing" ? undefined : type.shape?.map((_, axis) => `${input.name}_size${axis}`);
    input.info = { name: input.name, type: tensorType(type.dtype, shape) };
  }
  for (const output of twin.graph.outputs) {
    const type = tensorTypeOf(output.type, output.name);
    output.info = { name: output.name, type: tensorType(type.dtype) };
  }
  return twin;
}

function tensorTypeOf(type: Model["graph"]["inputs"][number]["type"], name: string): TensorType {
  if (type?.kind !== "tensor") throw new Error(`"${name}" is no tensor`);
  return { kind: "tensor", dtype: type.dtype, shape: type.shape };
}

function feedsOf(model: Model, options: GradientCase, random: Random): Map<string, ReferenceTensor> {
  const feeds = new Map<string, ReferenceTensor>();
  for (const { name, type: declared } of model.graph.inputs) {
    const { dtype } = tensorTypeOf(declared, name);
    const dims = options.shapes?.[name] ?? staticShape(declared);
    if (dims === undefined) throw new Error(`no sizes for input "${name}"`);
    const filling = options.feeds?.[name];
    if (filling === undefined && !isFloat(dtype)) throw new Error(`no elements for input "${name}"`);
    const count = sizeOf(dims);
    let values: readonly number[];
    if (typeof filling === "function") values = Array.from({ length: count }, (_, i) => filling(random, i));
    else values = filling ?? Array.from({ length: count }, () => random.normal());
    expect(values, `elements of ${name}`).toHaveLength(count);
    feeds.set(name, rounded(dtype, dims, values));
  }
  return feeds;
}

/** Numbers that a runtime's type holds exactly. */
function rounded(
  dtype: ReferenceTensor["dtype"],
  dims: readonly number[],
  values: readonly number[],
): ReferenceTensor {
  return referenceFromBytes(dtype, dims, encodeNumbers(dtype, values));
}

async function incoming(
  model: Model,
  of: string,
  feeds: Feeds,
  options: GradientCase,
  random: Random,
): Promise<ReferenceTensor> {
  const outputs =
    options.reference === false ? await runInOrt(model, feeds, false) : referenceRun(model, feeds, [of]);
  const { dtype, dims } = tensorNamed(outputs, of);
  return rounded(dtype, dims, options.seeds ?? Array.from({ length: sizeOf(dims) }, () => random.normal()));
}

export function referenceRun(
  model: Model,
  feeds: Feeds,
  outputs?: readonly string[],
): ReadonlyMap<string, ReferenceTensor> {
  const results = evaluateReference(model, feeds, outputs === undefined ? {} : { outputs });
  if (isRefusal(results)) throw new Error(`${results.reason}\n${printModel(model)}`);
  return results;
}

function tensorNamed(tensors: ReadonlyMap<string, ReferenceTensor>, name: string): ReferenceTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no output "${name}"`);
  return tensor;
}

/** sum(seed * of), in float64. */
function projected(model: Model, of: string, feeds: Feeds, seed: ReferenceTensor): number {
  const { data } = tensorNamed(referenceRun(model, feeds, [of]), of);
  return data.reduce((sum, value, index) => sum + value * (seed.data[index] ?? 0), 0);
}

const STEP = 2 ** -10;

/** The derivative at 0 of a function of one number; its error is of the fourth order. */
function slope(f: (step: number) => number): number {
  const near = f(STEP) - f(-STEP);
  const far = f(2 * STEP) - f(-2 * STEP);
  return (8 * near - far) / (12 * STEP);
}

function moved(tensor: ReferenceTensor, direction: ArrayLike<number>, step: number): ReferenceTensor {
  return referenceTensor(
    tensor.dtype,
    tensor.dims,
    tensor.data.map((value, index) => value + step * (direction[index] ?? 0)),
  );
}

/** The gradient of sum(seed * of) by one value, element by element. */
export function finiteDifferences(
  model: Model,
  of: string,
  name: string,
  feeds: Feeds,
  seed: ReferenceTensor,
): ReferenceTensor {
  const twin = withInput(model, name);
  const at = feeds.get(name) ?? constantNamed(model, name);
  const gradient = Array.from(at.data, (_, index) => {
    const direction = new Float64Array(at.data.length);
    direction[index] = 1;
    return slope((step) =>
      projected(twin, of, new Map([...feeds, [name, moved(at, direction, step)]]), seed),
    );
  });
  return referenceTensor(at.dtype, at.dims, gradient);
}

/**
 * The adjoint identity: <J v, g> by finite differences along a random direction v against <v, J'g> from the gradients, both
 * in float64. One pair of runs whatever the number of parameters. Gives the two, and the sum of the magnitudes that the
 * second adds up; rounding is relative to this sum.
 */
export function adjointPair(
  model: Model,
  feeds: Feeds,
  random: Random,
  of: string = model.graph.outputs[0]?.name ?? "",
  wrt: readonly string[] = floatInputs(model),
): { readonly forward: number; readonly backward: number; readonly scale: number } {
  const output = tensorNamed(referenceRun(model, feeds, [of]), of);
  const draw = (tensor: ReferenceTensor): ReferenceTensor =>
    referenceTensor(
      tensor.dtype,
      tensor.dims,
      tensor.data.map(() => random.normal()),
    );
  const seed = draw(output);
  const directions = new Map(wrt.map((name) => [name, draw(tensorNamed(feeds, name))] as const));
  const forward = slope((step) => {
    const at = new Map(feeds);
    for (const [name, direction] of directions)
      at.set(name, moved(tensorNamed(feeds, name), direction.data, step));
    return projected(model, of, at, seed);
  });
  const gradients = referenceRun(emit(model, of, wrt), new Map([...feeds, [SEED_NAME, seed]]));
  let backward = 0;
  let scale = 0;
  for (const [name, direction] of directions) {
    const { data } = tensorNamed(gradients, `${name}_grad`);
    data.forEach((value, index) => {
      const term = value * (direction.data[index] ?? 0);
      backward += term;
      scale += Math.abs(term);
    });
  }
  return { forward, backward, scale };
}

/** The model with a constant turned into an input, so that it can be moved. */
function withInput(model: Model, name: string): Model {
  const twin = cloneModel(model);
  const value = [...twin.graph.initializers].find((initializer) => initializer.name === name);
  if (value?.tensor === undefined) return twin;
  const { dtype, dims } = value.tensor;
  value.rename(twin.graph.freshName("moved"));
  const input = twin.graph.addInput({ name, type: tensorType(dtype, dims) });
  for (const use of [...value.uses]) if (use.kind === "node") use.node.setInput(use.index, input);
  return twin;
}

function constantNamed(model: Model, name: string): ReferenceTensor {
  const value = [...model.graph.initializers].find((initializer) => initializer.name === name);
  if (value?.tensor === undefined) throw new Error(`"${name}" is neither input nor initializer`);
  return referenceTensor(value.tensor.dtype, value.tensor.dims, value.tensor.toFloat64());
}

export async function runInOrt(
  model: Model,
  feeds: Feeds,
  optimize: boolean,
): Promise<Map<string, ReferenceTensor>> {
  const runtime = await defaultRuntime();
  const session = await runtime.open(
    { kind: "bytes", bytes: encodeToBytes(model) },
    { optimize, threads: 1 },
  );
  try {
    const tensors = new Map<string, RuntimeTensor>();
    for (const [name, { dtype, dims, data }] of feeds)
      tensors.set(name, { dtype, dims, data: encodeNumbers(dtype, data) });
    const results = await session.run(tensors);
    return new Map(
      [...results].map(([name, { dtype, dims, data }]) => {
        if (!(data instanceof Uint8Array)) throw new Error(`output "${name}" is of strings`);
        return [name, referenceFromBytes(dtype, dims, data)] as const;
      }),
    );
  } finally {
    await session.close();
  }
}

/** Equal dims, and elements that differ by at most `tolerance` of the largest expected one. */
export function expectClose(
  actual: ReferenceTensor,
  expected: ReferenceTensor,
  tolerance: number,
  what: string,
  model?: Model,
): void {
  expect(actual.dims, `dims of ${what}`).toEqual([...expected.dims]);
  const largest = expected.data.reduce(
    (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
    0,
  );
  const bound = tolerance * (largest === 0 ? 1 : largest);
  const worst = expected.data.findIndex((value, index) => {
    const other = actual.data[index] ?? NaN;
    return !(Object.is(value, other) || Math.abs(value - other) <= bound);
  });
  if (worst < 0) return;
  const text = model === undefined ? "" : `\n${printModel(model)}`;
  expect.unreachable(
    `${what}: element ${worst} is ${actual.data[worst]}, expected ${expected.data[worst]} (within ${bound})\n` +
      `got      ${[...actual.data.slice(0, 24)]}\nexpected ${[...expected.data.slice(0, 24)]}${text}`,
  );
}

/** A graph from x; `constants` are its initializers. */
export function graphOf(x: string, y: string, constants: string, body: string): string {
  return `g (float${x} x) => (float${y} y) ${constants === "" ? "" : `<${constants}>`} { ${body} }`;
}

/** [the nodes that compute y from x, the shapes of x and y, constants, how to check it] */
export type GradientRow = readonly [
  body: string,
  x: string,
  y: string,
  constants?: string,
  options?: GradientCase,
];

/** One test for each row: see checkGradient. */
export function gradientTable(name: string, rows: readonly GradientRow[]): void {
  describe(name, () => {
    for (const [body, x, y, constants = "", options = {}] of rows) {
      it(`${body} of ${x}`, async () => {
        await checkGradient(graphOf(x, y, constants, body), options);
      });
    }
  });
}
