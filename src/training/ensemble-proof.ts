import { present } from "../base/assert.js";
import { NormfoldError } from "../base/errors.js";
import { createRandom } from "../base/random.js";
import { isFloat } from "../ir/dtype.js";
import type { Model } from "../ir/model.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import type { Runtime, RuntimeTensor, TensorMap } from "../runtime/runtime.js";
import { tensorSize } from "../runtime/runtime.js";
import { runtimeBytes } from "../staging/form.js";
import { beforeViews, type EnsembleOptions } from "./ensemble.js";
import { errors } from "./errors.js";

/** How far an ensemble is from the mean of its members. */
export interface EnsembleProof {
  /** The largest difference between a probability of the ensemble and the mean of its members' probabilities. */
  readonly difference: number;
}

/** Probabilities are at most 1, and their mean has the rounding errors of a few sums. */
const ALLOWED = 1e-5;

/** No more elements are generated, for all inputs together. */
const MAX_ELEMENTS = 2 ** 27;

/**
 * Runs the members and the ensemble on generated inputs and compares the ensemble's probabilities with the mean of the
 * members', computed in float64. Throws "check" where they differ by more than 1e-5, "unsupported" where the runtime
 * cannot run a member or an input has no known shape.
 */
export async function proveMean(
  models: readonly Model[],
  ensemble: Model,
  { output, weights = models.map(() => 1) }: EnsembleOptions,
  runtime: Runtime,
): Promise<EnsembleProof> {
  const feeds = generated(ensemble);
  const members: Output[] = [];
  for (const [index, model] of models.entries()) {
    members.push(await ofMember(index, () => outputOf(runtime, model, feeds, output)));
  }
  const given = await outputOf(runtime, ensemble, feeds, undefined);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const expected = new Float64Array(given.numbers.length);
  for (const [index, model] of models.entries()) {
    const { numbers, dims } = present(members[index], "every member was run");
    const probability = probabilities(model, output, numbers, dims);
    for (let i = 0; i < expected.length; i++) {
      expected[i] = (expected[i] ?? 0) + ((probability[i] ?? Number.NaN) * (weights[index] ?? 0)) / total;
    }
  }
  const difference = expected.reduce((worst, value, i) => {
    const apart = Math.abs(value - (given.numbers[i] ?? Number.NaN));
    return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(worst, apart);
  }, 0);
  if (difference > ALLOWED) throw errors.ensembleDiffersFromMembers(difference);
  return { difference };
}

/** Errors of `body` name the member: 1 is the first. */
async function ofMember<T>(index: number, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ element: `model ${index + 1}` }) : error;
  }
}

function generated(model: Model): Map<string, RuntimeTensor> {
  const random = createRandom(0);
  const feeds = new Map<string, RuntimeTensor>();
  let elements = 0;
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== "tensor" || type.shape === undefined) {
      throw errors.ensembleInputShapeIsUnknown().at({ element: name });
    }
    const dims = type.shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? 2 : 8));
    elements += tensorSize(dims);
    if (elements > MAX_ELEMENTS) throw errors.ensembleInputsAreTooLarge(elements).at({ element: name });
    const draw = isFloat(type.dtype) ? () => random.normal() : () => 1;
    const numbers = new Float64Array(tensorSize(dims)).map(draw);
    feeds.set(name, { dtype: type.dtype, dims, data: encodeNumbers(type.dtype, numbers) });
  }
  return feeds;
}

interface Output {
  readonly numbers: Float64Array;
  readonly dims: readonly number[];
}

async function outputOf(
  runtime: Runtime,
  model: Model,
  feeds: TensorMap,
  name: string | undefined,
): Promise<Output> {
  const wanted = name ?? model.graph.outputs[0]?.name ?? "";
  const session = await runtime.open({ kind: "bytes", bytes: runtimeBytes(model) });
  try {
    const tensor = (await session.run(feeds, [wanted])).get(wanted);
    if (!(tensor?.data instanceof Uint8Array)) throw errors.outputHoldsNoNumbers(wanted);
    return { numbers: decodeNumbers(tensor.dtype, tensor.data, tensorSize(tensor.dims)), dims: tensor.dims };
  } finally {
    await session.close();
  }
}

/**
 * The probabilities of an output in float64: the numbers after Softmax, their exponentials after LogSoftmax, else their
 * softmax over axis 1.
 */
function probabilities(
  model: Model,
  name: string | undefined,
  numbers: Float64Array,
  [samples = 1, classes = 1, ...rest]: readonly number[],
): Float64Array {
  const value =
    name === undefined ? model.graph.outputs[0] : model.graph.outputs.find((output) => output.name === name);
  const node = value && beforeViews(value).producer;
  if (node?.is("Softmax") === true) return numbers;
  if (node?.is("LogSoftmax") === true) return numbers.map(Math.exp);
  const places = tensorSize(rest);
  const out = new Float64Array(numbers.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let place = 0; place < places; place++) {
      const at = (c: number): number => (sample * classes + c) * places + place;
      let largest = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) largest = Math.max(largest, numbers[at(c)] ?? 0);
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += Math.exp((numbers[at(c)] ?? 0) - largest);
      for (let c = 0; c < classes; c++) out[at(c)] = Math.exp((numbers[at(c)] ?? 0) - largest) / sum;
    }
  }
  return out;
}
