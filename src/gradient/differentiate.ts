import { createFacts } from "../analysis/fact-table.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import type { Graph, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Dim, tensorType, type ValueType } from "../ir/type.js";
import { valuesByName } from "../ir/values-by-name.js";
import type { Facts } from "../rules/facts.js";
import { onesLike, zerosLike } from "../rules/gradient/support.js";
import { differentiateGraph } from "./differentiate-graph.js";
import { errors } from "./errors.js";
import { raiseForGradients } from "./raise-for-gradients.js";
import { isDifferentiable } from "./reach.js";

/** What to differentiate, and by what. */
export interface DifferentiateOptions {
  /** The value to differentiate: an output of the model or any value inside it. */
  readonly of: string;
  /** The values to differentiate by: inputs, initializers or values inside the model, each of a floating-point type. */
  readonly wrt: readonly string[];
  /**
   * The gradient of `of` itself. "ones" (default) differentiates the sum of its elements; for a scalar loss that is the
   * loss. Any other name is a value of the model, or else becomes a new input, with the type and shape of `of`.
   */
  readonly seed?: string;
}

/**
 * Adds gradients as further outputs, in a copy of the model (reverse-mode automatic differentiation). They come in the
 * order of `wrt`, each in the shape of its value and named after it: "w_grad" (or "w_grad_1" where that name is taken).
 * The forward outputs stay. Only operators of the standard domain are added; a model below opset 18 is raised to it. A
 * value that `of` does not depend on gets zeros.
 *
 * Throws NormfoldError "usage" for names that the model does not have or that are no floating-point tensors, and
 * "unsupported" for a node on the way without a gradient rule, with its operator, name and the reason.
 */
export function differentiate(model: Model, options: DifferentiateOptions): Model {
  const { of, wrt, seed = "ones" } = options;
  if (wrt.length === 0) throw errors.noValuesToDifferentiateBy();
  const result = cloneModel(model);
  raiseForGradients(result);
  const { graph } = result;
  const facts = createFacts(result);
  const build = new Builder(graph, { prefix: "grad_" });
  const values = valuesByName(graph);
  const target = valueNamed(values, of);
  if (!isDifferentiable(facts, target)) throw errors.valueHasNoGradient(of, facts.dtype(target));
  const sources = [...new Set(wrt)].map((name) => valueNamed(values, name));
  const seedValue =
    seed === "ones" ? onesLike({ facts, build }, target) : seedInput(graph, facts, values, seed, target);
  const renewed = new Map<Value, Value>();
  const seeds = new Map([[target, seedValue]]);
  const gradients = differentiateGraph({ facts, build, seeds, wrt: sources, renewed });
  for (const source of sources) {
    const gradient = gradients.get(source) ?? zerosLike({ facts, build }, source);
    addGradientOutput(build, facts, renewed.get(source) ?? source, gradient);
  }
  return result;
}

function addGradientOutput(build: Builder, facts: Facts, source: Value, gradient: Value): void {
  const name = build.graph.freshName(`${source.name}_grad`);
  // One value may be the gradient of several values, or be the seed or a forward value, so each output gets an Identity.
  const output = build.op("Identity", [gradient], {}, name);
  const dtype = facts.dtype(source) ?? facts.dtype(gradient);
  const shape = facts.shape(source)?.map((dim): Dim => (typeof dim === "number" ? dim : undefined));
  if (dtype !== undefined) output.info = { name, type: tensorType(dtype, shape) };
  build.graph.addOutput(output);
}

function valueNamed(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw errors.valueIsNotInModel(name);
  return value;
}

function seedInput(
  graph: Graph,
  facts: Facts,
  values: ReadonlyMap<string, Value>,
  name: string,
  target: Value,
): Value {
  const known = values.get(name);
  if (known !== undefined) return known;
  const dtype = facts.dtype(target);
  if (dtype === undefined) throw errors.seedTypeIsUnknown(target.name);
  const shape = facts.shape(target)?.map((dim): Dim => (typeof dim === "number" ? dim : undefined));
  const type: ValueType = tensorType(dtype, shape);
  return graph.addInput({ name, type });
}
