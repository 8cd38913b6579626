import { equalBytes } from "../base/bytes.js";
import type { Graph, Value } from "../ir/graph.js";
import { decodeNumbers, type Tensor } from "../ir/tensor.js";
import { typeText } from "../text/type.js";
import type { WeightChange, WeightReference } from "./model-diff.js";

/** A constant: where it stands does not matter, in an initializer or in a Constant node. */
export interface Weight {
  readonly value: Value;
  readonly tensor: Tensor;
}

/** The constants of a graph, those of its bodies not included. */
export function weightsOf(graph: Graph): readonly Weight[] {
  const initializers = [...graph.initializers].flatMap((value) => weightOf(value) ?? []);
  const constants = [...graph.nodes()].flatMap((node) => {
    const value = node.is("Constant") ? node.output(0) : undefined;
    return value === undefined ? [] : (weightOf(value) ?? []);
  });
  return [...initializers, ...constants];
}

/** The constant that a value is; undefined for any other value, for a sparse one and for a Constant that is no tensor. */
export function weightOf(value: Value): Weight | undefined {
  const { producer } = value;
  const constant = producer?.is("Constant") ? producer.tensorAttribute("value") : undefined;
  const tensor = constant ?? value.tensor;
  return tensor === undefined ? undefined : { value, tensor };
}

/** Bytes of a tensor's beginning that its key holds, so that most tensors are told apart without a second look. */
const HEAD = 32;

/** Tells tensors apart by type and elements: those with the same number are the same. */
export class Contents {
  readonly #buckets = new Map<string, { readonly tensor: Tensor; readonly id: number }[]>();
  readonly #known = new Map<Tensor, number>();
  #next = 0;

  /** The number of the tensor's content. Reads the tensor. */
  idOf(tensor: Tensor): number {
    const known = this.#known.get(tensor);
    if (known !== undefined) return known;
    const key = `${tensorText(tensor)} ${headOf(tensor)}`;
    const bucket = this.#buckets.get(key) ?? [];
    this.#buckets.set(key, bucket);
    const id = bucket.find((other) => sameElements(other.tensor, tensor))?.id ?? this.#next++;
    if (id === this.#next - 1) bucket.push({ tensor, id });
    this.#known.set(tensor, id);
    return id;
  }
}

function headOf(tensor: Tensor): string {
  if (tensor.data.kind === "strings") return "";
  const head = new Uint8Array(Math.min(HEAD, tensor.byteLength));
  tensor.readInto(head, 0);
  return head.join();
}

function sameElements(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.data.kind === "strings" || b.data.kind === "strings") return sameStrings(a, b);
  return equalBytes(a.bytes(), b.bytes());
}

function sameStrings({ data: a }: Tensor, { data: b }: Tensor): boolean {
  if (a.kind !== "strings" || b.kind !== "strings") return false;
  return a.values.every((text, index) => equalBytes(text, b.values[index] ?? new Uint8Array()));
}

/** "float[64,3,7,7]" */
export function tensorText({ dtype, dims }: Tensor): string {
  return typeText({ kind: "tensor", dtype, shape: dims });
}

/** A constant as a report names it. */
export function referenceTo({ value, tensor }: Weight, graph: string): WeightReference {
  return { graph, name: value.name, type: tensorText(tensor), bytes: tensor.byteLength };
}

/** How two constants of one name differ. */
export function changeOf(a: Weight, b: Weight, graph: string): WeightChange {
  const change = { ...referenceTo(a, graph), typeAfter: tensorText(b.tensor) };
  if (a.tensor.dims.join() !== b.tensor.dims.join())
    return { ...change, elements: undefined, maxDifference: undefined };
  return { ...change, ...difference(a.tensor, b.tensor) };
}

function difference(a: Tensor, b: Tensor): Pick<WeightChange, "elements" | "maxDifference"> {
  if (a.data.kind === "strings" || b.data.kind === "strings")
    return { elements: differentStrings(a, b), maxDifference: undefined };
  const [p, q] = [a.bytes(), b.bytes()];
  if (a.dtype.startsWith("complex") || b.dtype.startsWith("complex"))
    return { elements: undefined, maxDifference: undefined };
  const [x, y] = [decodeNumbers(a.dtype, p, a.size), decodeNumbers(b.dtype, q, b.size)];
  const width = a.dtype === b.dtype ? p.length / a.size : 0;
  // Numbers alone would hide integers beyond 2^53 and the bits of a NaN.
  const differs = Number.isInteger(width) && width > 0 ? differsInBytes(p, q, width) : undefined;
  let elements = 0;
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    const [u, v] = [x[i] ?? 0, y[i] ?? 0];
    if (differs?.(i) ?? !Object.is(u, v)) elements++;
    if (u !== v) most = Math.max(most, Math.abs(u - v));
  }
  return { elements, maxDifference: Number.isFinite(most) ? most : undefined };
}

function differsInBytes(a: Uint8Array, b: Uint8Array, width: number): (index: number) => boolean {
  return (index) => {
    for (let at = index * width; at < (index + 1) * width; at++) if (a[at] !== b[at]) return true;
    return false;
  };
}

function differentStrings({ data: a }: Tensor, { data: b }: Tensor): number | undefined {
  if (a.kind !== "strings" || b.kind !== "strings") return undefined;
  const none = new Uint8Array();
  return a.values.filter((text, index) => !equalBytes(text, b.values[index] ?? none)).length;
}
