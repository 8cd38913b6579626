import { capturesOf } from "../ir/captures.js";
import { type DType, isFloat } from "../ir/dtype.js";
import type { Graph, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import type { MaybeDim } from "../rules/dims.js";
import type { FactType } from "../rules/fact.js";
import type { Facts } from "../rules/facts.js";

/** Whether a value is a tensor of a floating-point type, or may be one: only such values have gradients. */
export function isDifferentiable(facts: Facts, value: Value): boolean {
  const type = facts.typeOf(value);
  if (type === undefined) return true;
  return type.kind === "tensor" && (type.dtype === undefined || isFloat(type.dtype));
}

/**
 * Whether gradients pass through a value. They end at integers, booleans and text. Quantized tensors and sequences of
 * tensors stand for numbers that do have gradients, so they pass, and reach a rule or the error that there is none.
 */
function carriesGradient(facts: Facts, value: Value): boolean {
  const type = facts.typeOf(value);
  return type === undefined || carries(type) || isQuantized(value);
}

function carries(type: FactType<MaybeDim>): boolean {
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      return type.dtype === undefined || isFloat(type.dtype) || isNarrowFloat(type.dtype);
    case "sequence":
    case "optional":
      return type.element === undefined || carries(type.element);
    default:
      return false;
  }
}

/** The 8- and 4-bit floats. */
function isNarrowFloat(dtype: DType): boolean {
  return /^float[48]/.test(dtype);
}

function isQuantized(value: Value): boolean {
  const node = value.producer;
  return node !== undefined && hasTrait(node, "quantizes") && node.output(0) === value;
}

/** The values that change with one of `wrt` along a path of values that carry gradients. */
export function reachFrom(graph: Graph, wrt: Iterable<Value>, facts: Facts): ReadonlySet<Value> {
  const reached = new Set<Value>(wrt);
  for (const node of graph.nodes()) {
    const isReached =
      node.inputs.some((value) => value !== null && reached.has(value)) ||
      capturesOf(node).some((value) => reached.has(value));
    if (!isReached) continue;
    for (const output of node.outputs)
      if (output !== null && carriesGradient(facts, output)) reached.add(output);
  }
  return reached;
}
