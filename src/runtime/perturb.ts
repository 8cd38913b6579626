import { createRandom } from "../base/random.js";
import { Callees } from "../ir/callees.js";
import { cloneModel } from "../ir/clone.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { decodeNumbers, encodeNumbers, Tensor } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "./runtime.js";

/** Half a unit in the last place at 1: the largest relative error of one rounding. */
export const PRECISION: Readonly<Record<FloatDType, number>> = {
  double: 2 ** -53,
  float: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
};

/** Inputs move by up to this many roundings: one alone would vanish in the first rounding that follows. */
const INPUT_UNITS = 8;
/** Weights by up to this many: a fold rounds each weight anew, and each accumulation adds its own. */
const WEIGHT_UNITS = 2;

/** The feeds with every float but the `unmoved` perturbed by a few roundings; undefined when there are none to perturb. */
export function perturbFeeds(
  feeds: TensorMap,
  seed: number,
  unmoved: ReadonlySet<string> = new Set(),
): TensorMap | undefined {
  if (![...feeds].some(([name, { dtype }]) => isFloat(dtype) && !unmoved.has(name))) return undefined;
  return new Map(
    [...feeds].map(([name, tensor], index): [string, RuntimeTensor] => {
      const { dtype, dims, data } = tensor;
      if (!isFloat(dtype) || !(data instanceof Uint8Array) || unmoved.has(name)) return [name, tensor];
      const moved = perturbBytes(dtype, data, tensorSize(dims), INPUT_UNITS, seed + index);
      return [name, { dtype, dims, data: moved }];
    }),
  );
}

function perturbBytes(
  dtype: FloatDType,
  bytes: Uint8Array,
  count: number,
  units: number,
  seed: number,
): Uint8Array {
  const random = createRandom(seed);
  const values = decodeNumbers(dtype, bytes, count);
  const amplitude = units * PRECISION[dtype];
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] ?? 0) * (1 + amplitude * (2 * random.uniform() - 1));
  }
  return encodeNumbers(dtype, values);
}

/** True for an operator that only computes with its constants: none of them is a size, an index or a threshold. */
function computesWithConstants(node: Node): boolean {
  const traits = ["linear", "recurrent", "arithmetic", "normalizes"] as const;
  return node.is("PRelu") || traits.some((trait) => hasTrait(node, trait));
}

/**
 * A copy of the model with its floating-point weights perturbed by about one rounding. How far its outputs move measures
 * the model's own rounding error: subtracting a mean of 100 from a bias of 100 leaves an error of 1e-5, and a division by
 * a small deviation amplifies it. Perturbed weights are computed when they are read and are not kept. Two kinds of
 * constants stay: those that other operators than arithmetic read, and scalars, which often compute sizes.
 */
export function perturbWeights(model: Model, seed: number): Model {
  const copy = cloneModel(model);
  const callees = new Callees(copy);
  let count = 0;
  for (const graph of copy.graphs()) {
    for (const value of graph.initializers) {
      if (value.tensor !== undefined && isWeight(value, value.tensor, callees)) {
        value.tensor = perturbTensor(value.tensor, seed + count++);
      }
    }
    for (const node of graph.nodes()) {
      const value = node.is("Constant") ? node.output(0) : undefined;
      const tensor = node.tensorAttribute("value");
      if (value !== undefined && tensor !== undefined && isWeight(value, tensor, callees)) {
        node.set({ name: "value", kind: "tensor", value: perturbTensor(tensor, seed + count++) });
      }
    }
  }
  return copy;
}

function isWeight(value: Value, tensor: Tensor, callees: Callees): boolean {
  if (!isFloat(tensor.dtype) || tensor.size < 2 || value.uses.size === 0) return false;
  return [...value.uses].every(
    (use) => use.kind === "node" && !callees.isCall(use.node) && computesWithConstants(use.node),
  );
}

function perturbTensor(tensor: Tensor, seed: number): Tensor {
  const { dtype, dims, size } = tensor;
  if (!isFloat(dtype)) return tensor;
  const compute = (): Uint8Array => perturbBytes(dtype, tensor.bytes(), size, WEIGHT_UNITS, seed);
  return new Tensor(dtype, dims, { kind: "computed", compute });
}
