import { createFacts } from "../analysis/fact-table.js";
import { product } from "../base/integers.js";
import { cloneModel } from "../ir/clone.js";
import { bitsOf } from "../ir/dtype.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromBytes, tensorFromNumbers } from "../ir/tensor.js";
import { type Dim, tensorType, type ValueType } from "../ir/type.js";
import type { Recording } from "./knowledge.js";

/** Elements of a constant of integers that may be sizes. */
const MAX_SIZES = 16;

/** A change of all sizes of one number to a smaller one, in all the places where it may be the same size. */
export interface Shrinking {
  readonly from: number;
  readonly to: number;
  /** Change constants of integers and attributes of that number too: targets of Reshape, groups. */
  readonly everywhere: boolean;
}

/** The sizes above 1 in inputs and constants, largest first. */
export function sizesOf(model: Model): readonly number[] {
  const found = new Set<number>();
  for (const { type } of model.graph.inputs)
    if (type?.kind === "tensor") for (const dim of type.shape ?? []) add(dim);
  for (const graph of model.graphs())
    for (const { tensor } of graph.initializers) for (const dim of tensor?.dims ?? []) add(dim);
  function add(dim: Dim): void {
    if (typeof dim === "number" && dim > 1) found.add(dim);
  }
  return [...found].sort((a, b) => b - a);
}

/** Smaller sizes to try in the place of one, smallest first. */
export function smallerSizes(size: number): readonly number[] {
  const tried = [1, 2, 3, 4, 8, 16, Math.floor(size / 2)];
  return [...new Set(tried)].filter((smaller) => smaller > 0 && smaller < size).sort((a, b) => a - b);
}

/** A copy with smaller sizes; undefined where its operators contradict each other then. */
export function shrunk(model: Model, { from, to, everywhere }: Shrinking): Model | undefined {
  const copy = cloneModel(model);
  const size = (dim: Dim): Dim => (dim === from ? to : dim);
  redeclare(copy, size);
  for (const graph of copy.graphs()) {
    for (const value of graph.initializers) {
      const { tensor } = value;
      if (tensor === undefined) continue;
      if (tensor.dims.includes(from))
        value.tensor = cropped(
          tensor,
          tensor.dims.map((dim) => (dim === from ? to : dim)),
        );
      else if (everywhere) value.tensor = withSize(tensor, from, to);
    }
    if (everywhere) for (const node of graph.nodes()) resize(node, from, to);
  }
  return isConsistent(copy) ? copy : undefined;
}

/** A copy in which one input is smaller along one axis, and nothing else is. */
export function shrunkInput(model: Model, index: number, axis: number, to: number): Model | undefined {
  const copy = cloneModel(model);
  redeclare(copy, (dim) => dim);
  const input = copy.graph.inputs[index];
  const type = input?.type;
  if (input === undefined || type?.kind !== "tensor" || type.shape === undefined) return undefined;
  declare(input, { ...type, shape: type.shape.with(axis, to) });
  return isConsistent(copy) ? copy : undefined;
}

/** A copy whose inputs have the sizes of the recorded run in the place of symbols. */
export function withRecordedSizes(model: Model, recording: Recording): Model | undefined {
  const copy = cloneModel(model);
  let hasChanged = false;
  for (const input of copy.graph.inputs) {
    const recorded = recording.get(input.name)?.type;
    const { type } = input;
    if (
      recorded === undefined ||
      type?.kind !== "tensor" ||
      type.shape?.every((dim) => typeof dim === "number")
    )
      continue;
    declare(input, recorded);
    hasChanged = true;
  }
  if (!hasChanged) return undefined;
  redeclare(copy, (dim) => dim);
  return copy;
}

/** Declares inputs with other sizes and outputs without any, and nothing of inner values. */
function redeclare(copy: Model, size: (dim: Dim) => Dim): void {
  const main = copy.graph;
  main.outputInfo.clear();
  for (const graph of copy.graphs()) {
    graph.strayInfo = [];
    for (const value of valuesOf(graph)) {
      const { type } = value;
      if (type?.kind !== "tensor" || type.shape === undefined) continue;
      if (main.hasInput(value)) declare(value, { ...type, shape: type.shape.map(size) });
      else if (value.isGraphOutput)
        declare(
          value,
          tensorType(
            type.dtype,
            type.shape.map(() => undefined),
          ),
        );
      else value.info = undefined;
    }
  }
}

function declare(value: Value, type: ValueType): void {
  const { wire: _, ...rest } = type;
  value.info = { name: value.name, type: rest };
}

function valuesOf(graph: Graph): Value[] {
  const inner = [...graph.nodes()].flatMap((node) => node.outputs.filter((value) => value !== null));
  return [...graph.inputs, ...graph.initializers, ...inner];
}

/** The first elements of a tensor along each axis. Strings, and elements of less than a byte, stay as they are. */
function cropped(tensor: Tensor, dims: readonly number[]): Tensor {
  const width = bitsOf(tensor.dtype) / 8;
  if (tensor.data.kind === "strings" || width < 1) return tensor;
  const bytes = tensor.bytes();
  const size = product(dims);
  const kept = new Uint8Array(size * width);
  for (let index = 0; index < size; index++) {
    const from = sourceIndex(index, dims, tensor.dims) * width;
    kept.set(bytes.subarray(from, from + width), index * width);
  }
  return tensorFromBytes(tensor.dtype, dims, kept);
}

function sourceIndex(index: number, dims: readonly number[], source: readonly number[]): number {
  let [rest, stride, found] = [index, 1, 0];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const size = dims[axis] ?? 1;
    found += (rest % size) * stride;
    rest = Math.floor(rest / size);
    stride *= source[axis] ?? 1;
  }
  return found;
}

/** A small tensor of integers with one number in the place of another. */
function withSize(tensor: Tensor, from: number, to: number): Tensor {
  if (tensor.dtype !== "int64" || tensor.size > MAX_SIZES) return tensor;
  const numbers = tensor.toFloat64();
  return numbers.includes(from) && numbers.every(Number.isSafeInteger)
    ? tensorFromNumbers(
        "int64",
        tensor.dims,
        numbers.map((number) => (number === from ? to : number)),
      )
    : tensor;
}

/** The same in the attributes of a node: groups, sizes, the values of Constant. */
function resize(node: Node, from: number, to: number): void {
  for (const attr of [...node.attributes.values()]) {
    const { name } = attr;
    if (attr.kind === "int" && attr.value === BigInt(from))
      node.set({ name, kind: "int", value: BigInt(to) });
    if (attr.kind === "ints" && attr.value.includes(BigInt(from)))
      node.set({
        name,
        kind: "ints",
        value: attr.value.map((value) => (value === BigInt(from) ? BigInt(to) : value)),
      });
    if (attr.kind === "tensor") node.set({ name, kind: "tensor", value: withSize(attr.value, from, to) });
  }
}

/** Whether the operators of a model agree on the sizes of its values, as far as they are known. */
function isConsistent(model: Model): boolean {
  const facts = createFacts(model);
  for (const node of model.nodes()) for (const value of node.outputs) if (value !== null) facts.typeOf(value);
  return facts.conflicts.length === 0;
}
