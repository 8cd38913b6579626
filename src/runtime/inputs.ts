import { Callees } from "../ir/callees.js";
import { type DType, dtypeFromCode, type FloatDType } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Dim } from "../ir/type.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Port } from "./runtime.js";
import { coarsest } from "./tolerance.js";

/** An input to make data for. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  /** undefined: the rank is not known. */
  readonly shape: readonly Dim[] | undefined;
  /** Values must lie in [low, high): an index, a mask, a length, a variance. undefined: any value is valid. */
  readonly range: Range | undefined;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The runtime's description of the inputs, for a model that was not read. Inputs that are no tensors are left out. */
export function portSpecs(ports: readonly Port[]): InputSpec[] {
  return ports.flatMap(({ name, dtype, shape }) =>
    dtype === undefined ? [] : [{ name, dtype, shape, range: namedRange(name, dtype) }],
  );
}

/**
 * The description of the inputs in a model's own graph: declared types, sizes that the weights they meet fix, and the values
 * they may take where a direct use limits them. Inputs with a default are left out: onnxruntime-node takes none.
 */
export function describeInputs(model: Model): InputSpec[] {
  const inputs = model.graph.inputs.filter(
    (value) => value.tensor === undefined && value.sparse === undefined && value.type?.kind === "tensor",
  );
  const callees = new Callees(model);
  const known = new Map<string, number>();
  for (const value of inputs) {
    shapeOf(value)?.forEach((dim, axis) => {
      const size = typeof dim === "string" ? sizeByUse(value, axis, callees) : undefined;
      if (typeof dim === "string" && size !== undefined) known.set(dim, size);
    });
  }
  return inputs.map((value) => {
    const dtype = value.type?.kind === "tensor" ? value.type.dtype : "undefined";
    const shape = shapeOf(value)?.map((dim, axis) =>
      typeof dim === "string" ? (known.get(dim) ?? dim) : (dim ?? sizeByUse(value, axis, callees)),
    );
    return {
      name: value.name,
      dtype,
      shape,
      range: rangeByUse(value, 0, callees) ?? namedRange(value.name, dtype),
    };
  });
}

/** The declared shape; a dimension without a name is undefined. */
function shapeOf(value: Value): readonly Dim[] | undefined {
  const shape = value.type?.kind === "tensor" ? value.type.shape : undefined;
  return shape?.map((dim) => (dim === "" ? undefined : dim));
}

/** The coarsest floating-point type that a model computes in: of its inputs, weights and casts; float where it has none. */
export function precisionOf(model: Model): FloatDType {
  const dtypes: DType[] = [];
  for (const graph of model.graphs()) {
    for (const value of [...graph.inputs, ...graph.outputs]) {
      if (value.type?.kind === "tensor") dtypes.push(value.type.dtype);
    }
    for (const value of graph.initializers) dtypes.push(...computedIn(value, value.tensor?.dtype));
    for (const node of graph.nodes()) {
      if (node.is("Cast")) dtypes.push(...castTo(node));
      const constant = node.is("Constant") ? node.output(0) : undefined;
      if (constant !== undefined) dtypes.push(...computedIn(constant, node.tensorAttribute("value")?.dtype));
    }
  }
  return coarsest(dtypes);
}

/** The type of a constant that something computes with; weights that are only stored in half precision are cast first. */
function computedIn(value: Value, dtype: DType | undefined): DType[] {
  const stored = value.users.every((node) => node.is("Cast", "DequantizeLinear"));
  return dtype === undefined || stored ? [] : [dtype];
}

function castTo(node: Node): DType[] {
  const dtype = dtypeFromCode(node.int("to", 0));
  return dtype === undefined ? [] : [dtype];
}

/** The range that the name of an input suggests, for inputs whose use does not show their range. */
function namedRange(name: string, dtype: DType): Range | undefined {
  if (/(^|_)(sr|sample_?rate)$/i.test(name)) return { low: 16000, high: 16001 };
  if (/mask/i.test(name)) return { low: 0, high: 2 };
  if (/len(gth)?s?$/i.test(name) && dtype.includes("int")) return { low: 1, high: 2 };
  return undefined;
}

/** True for an operator whose output holds the elements of its first input. */
function carries(node: Node): boolean {
  return hasTrait(node, "movesData") || node.is("Cast");
}

/** Carriers are followed this far: ranges deeper in a graph are rare, and graphs are large. */
const CARRIER_DEPTH = 6;

function rangeByUse(value: Value, depth: number, callees: Callees): Range | undefined {
  for (const use of value.uses) {
    if (use.kind !== "node" || callees.isCall(use.node)) continue;
    const { node, index } = use;
    const carried = index === 0 && depth < CARRIER_DEPTH && carries(node) ? node.output(0) : undefined;
    const range = carried === undefined ? rangeOf(node, index) : rangeByUse(carried, depth + 1, callees);
    if (range !== undefined) return range;
  }
  return undefined;
}

function rangeOf(node: Node, index: number): Range | undefined {
  if (node.is("Gather", "GatherElements") && index === 1) {
    const dims = knownDims(node.input(0));
    const axis = node.int("axis", 0);
    const size = dims?.at(axis);
    return { low: 0, high: typeof size === "number" && size > 0 ? size : 2 };
  }
  if (node.is("OneHot") && index === 0) return { low: 0, high: scalarOf(node.input(1)) ?? 2 };
  if (node.is("BatchNormalization") && index === 4) return { low: 0.1, high: 2 };
  if (node.is("Sqrt", "Log")) return { low: 0.1, high: 2 };
  if (hasTrait(node, "recurrent") && index === 4) return { low: 1, high: 2 };
  if (node.is("TopK", "Tile", "Reshape", "Expand", "Trilu", "ConstantOfShape", "Range") && index <= 2) {
    return index === 0 && !node.is("ConstantOfShape", "Range") ? undefined : { low: 1, high: 2 };
  }
  return undefined;
}

function scalarOf(value: Value | undefined): number | undefined {
  const tensor = constantOf(value);
  return tensor?.size === 1 ? tensor.toScalar() : undefined;
}

function constantOf(value: Value | undefined): Value["tensor"] {
  const node = value?.producer;
  return value?.tensor ?? (node?.is("Constant") ? node.tensorAttribute("value") : undefined);
}

function knownDims(value: Value | undefined): readonly Dim[] | undefined {
  const type = value?.type;
  return constantOf(value)?.dims ?? (type?.kind === "tensor" ? type.shape : undefined);
}

/** The size that an axis of an input must have because of the weight it meets. */
function sizeByUse(value: Value, axis: number, callees: Callees): number | undefined {
  const type = value.type;
  const rank = type?.kind === "tensor" ? type.shape?.length : undefined;
  for (const node of value.users) {
    if (node.input(0) !== value || callees.isCall(node)) continue;
    const weight = constantOf(node.input(1))?.dims;
    if (weight === undefined) continue;
    if (node.is("Conv") && axis === 1) return (weight[1] ?? 1) * node.int("group", 1);
    if (node.is("ConvTranspose") && axis === 1) return weight[0];
    if (node.is("MatMul") && rank !== undefined && axis === rank - 1 && weight.length >= 2)
      return weight.at(-2);
    if (node.is("Gemm") && axis === 1 && node.int("transA", 0) === 0) {
      return weight[node.int("transB", 0) === 0 ? 0 : 1];
    }
    if (node.is("BatchNormalization") && axis === 1) return weight[0];
    if (hasTrait(node, "recurrent") && axis === 2) return weight[2];
  }
  return undefined;
}
