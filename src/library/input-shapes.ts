import { createFacts } from "../analysis/fact-table.js";
import { cloneModel } from "../ir/clone.js";
import type { ValueInfo } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Dim } from "../ir/type.js";
import { declaredDim } from "../rules/model-dims.js";
import { errors } from "./errors.js";

/**
 * A copy of the model with fixed sizes for some inputs. Where an input named its size ("batch"), the size holds for every
 * other place that names it. Throws NormfoldError "usage" for a name that is no input, for another rank, and for sizes
 * that are no whole numbers from 0 on or contradict a number the model declares or each other.
 */
export function fixInputShapes(model: Model, shapes: Readonly<Record<string, readonly number[]>>): Model {
  const copy = cloneModel(model);
  const { graph } = copy;
  const sizes = new Map<string, number>();
  for (const [name, shape] of Object.entries(shapes)) {
    const input = graph.inputs.find((value) => value.name === name);
    if (input === undefined) {
      const names = graph.inputs.filter((value) => value.tensor === undefined).map((value) => value.name);
      throw errors.unknownInput(name, names);
    }
    if (input.type?.kind !== "tensor") throw errors.inputIsNoTensor(name);
    const declared = input.type.shape;
    if (declared !== undefined && declared.length !== shape.length) {
      throw errors.inputHasAnotherRank(name, declared.length, shape.length);
    }
    const impossible = shape.find((size) => !(Number.isSafeInteger(size) && size >= 0));
    if (impossible !== undefined) throw errors.inputCannotHaveSize(name, impossible);
    shape.forEach((size, axis) => {
      fixDim(name, declared?.[axis], size, sizes);
    });
    input.info = {
      ...withoutWire(input.info, name),
      type: { kind: "tensor", dtype: input.type.dtype, shape },
    };
  }
  for (const input of graph.inputs) input.info = withDims(input.info, (dim) => sizeOf(dim, sizes));
  // Names on inner values are a guess of some tool, and models reuse "unk" for sizes that differ.
  const forget = (dim: Dim): Dim => (typeof dim === "string" && sizes.has(dim) ? undefined : dim);
  for (const inner of copy.graphs()) {
    if (inner !== graph) for (const value of inner.inputs) value.info = withDims(value.info, forget);
    for (const node of inner.nodes()) {
      for (const value of node.outputs) if (value !== null) value.info = withDims(value.info, forget);
    }
  }
  const facts = createFacts(copy);
  for (const output of graph.outputs) {
    const shape = facts.shape(output);
    output.info = withDims(output.info, (dim, axis) => dim ?? declaredDim(shape?.[axis]));
  }
  return copy;
}

function sizeOf(dim: Dim, sizes: ReadonlyMap<string, number>): Dim {
  return typeof dim === "string" ? (sizes.get(dim) ?? dim) : dim;
}

function fixDim(name: string, declared: Dim, size: number, sizes: Map<string, number>): void {
  const known = typeof declared === "string" ? sizes.get(declared) : declared;
  if (known !== undefined && known !== size) {
    throw errors.inputHasAnotherSize(name, known, size);
  }
  if (typeof declared === "string" && declared !== "") sizes.set(declared, size);
}

function withoutWire(info: ValueInfo | undefined, name: string): ValueInfo {
  const { wire: _, ...rest } = info ?? { name };
  return rest;
}

function withDims(
  info: ValueInfo | undefined,
  change: (dim: Dim, axis: number) => Dim,
): ValueInfo | undefined {
  if (info?.type?.kind !== "tensor") return info;
  const { dtype, shape } = info.type;
  const changed = shape?.map(change);
  if (shape === undefined || changed?.every((dim, axis) => dim === shape[axis])) return info;
  return { ...withoutWire(info, info.name), type: { kind: "tensor", dtype, shape: changed } };
}
