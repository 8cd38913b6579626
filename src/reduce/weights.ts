import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { twinsOf } from "./twins.js";

/** Tensors up to this many bytes stay as they are where all elements are one number. */
const SMALL = 4096;

/** Elements of a tensor whose numbers are made short; more are no easier to read for it. */
const MAX_ROUNDED = 4096;

/** Simpler elements for a tensor of floats; the first that serves is taken. */
export type Simplification = "zeros" | "ones" | "whole" | "short";

/** Simplest first. */
export const SIMPLIFICATIONS: readonly Simplification[] = ["zeros", "ones", "whole", "short"];

/** The constants of all graphs that simpler numbers may take the place of. */
export function weightsOf(model: Model): readonly Value[] {
  const found: Value[] = [];
  for (const graph of model.graphs())
    for (const value of graph.initializers)
      if (value.tensor !== undefined && isFloat(value.tensor.dtype) && value.tensor.size > 0)
        found.push(value);
  return found;
}

/** A copy in which these constants have simpler elements; undefined where they have them already. */
export function simplified(model: Model, weights: readonly Value[], how: Simplification): Model | undefined {
  const { copy, value } = twinsOf(model);
  let hasChanged = false;
  for (const weight of weights) {
    const tensor = weight.tensor && simpler(weight.tensor, how);
    if (tensor === undefined) continue;
    value(weight).tensor = tensor;
    hasChanged = true;
  }
  return hasChanged ? copy : undefined;
}

function simpler(tensor: Tensor, how: Simplification): Tensor | undefined {
  const { dtype, dims, size } = tensor;
  const isFilled = how === "zeros" || how === "ones";
  if (!isFilled && size > MAX_ROUNDED) return undefined;
  const now = tensor.toFloat64();
  const number = how === "zeros" ? 0 : 1;
  const wanted = isFilled
    ? new Float64Array(size).fill(number)
    : now.map(how === "whole" ? Math.round : short);
  if (now.every((element, index) => Object.is(element, wanted[index]))) return undefined;
  return tensorFromNumbers(dtype, dims, wanted);
}

/** Two significant digits. */
function short(number: number): number {
  return Number(number.toPrecision(2));
}

/** Large constants whose elements are all one number. */
export function uniformWeights(model: Model): readonly Value[] {
  return weightsOf(model).filter(({ tensor, isGraphInput, graph }) => {
    if (tensor === undefined || isGraphInput || graph.isFunctionBody || tensor.byteLength <= SMALL)
      return false;
    const elements = tensor.toFloat64();
    return elements.every((element) => Object.is(element, elements[0]));
  });
}

/** A copy in which a constant of one number is made by a ConstantOfShape: a file of bytes where it was one of megabytes. */
export function generated(model: Model, weight: Value): Model | undefined {
  const { tensor } = weight;
  if (tensor === undefined) return undefined;
  const { copy, value } = twinsOf(model);
  const twin = value(weight);
  const { graph } = twin;
  const { name } = twin;
  const dims = tensorFromNumbers("int64", [tensor.dims.length], tensor.dims);
  const one = tensorFromNumbers(tensor.dtype, [1], tensor.toFloat64().subarray(0, 1));
  const node = graph.addNode(
    {
      opType: "ConstantOfShape",
      inputs: [graph.addInitializer(graph.freshName("shape"), dims)],
      outputs: [graph.freshName(name)],
      attributes: { value: one },
    },
    graph.first,
  );
  const output = node.output(0);
  if (output === undefined || twin.isPinned || twin.isGraphOutput) return undefined;
  graph.replaceUses(twin, output);
  graph.removeInitializer(twin);
  output.rename(name);
  return copy;
}
