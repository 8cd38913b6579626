import type { Attribute } from "../ir/attribute.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { constantTensor } from "../rules/constants.js";
import { kindOf, type TensorIndex } from "./tensor-index.js";

/** Bytes of an attribute from which on these are compared instead of its value, which takes far more time and memory. */
const LONG = 4096;
/** In this encoding each byte is a character of its own. */
const asCharacters = new TextDecoder("latin1");

/** A text that is equal for equal attributes, not counting the elements of tensors; undefined for attributes with graphs. */
export function attributeKey(attr: Attribute): string | undefined {
  switch (attr.kind) {
    case "float":
      return Object.is(attr.value, -0) ? "f-0" : `f${attr.value}`;
    case "int":
      return `i${attr.value}`;
    case "string":
      return `s${attr.value.join(",")}`;
    case "floats":
    case "ints":
    case "strings":
      if (attr.wire !== undefined && attr.wire.length > LONG) return `W${asCharacters.decode(attr.wire)}`;
      return listKey(attr);
    case "ref":
      return `@${attr.ref}`;
    case "tensor":
      return `T${kindOf(attr.value)}`;
    default:
      return undefined;
  }
}

function listKey(attr: Extract<Attribute, { readonly kind: "floats" | "ints" | "strings" }>): string {
  switch (attr.kind) {
    case "floats":
      return `F${attr.value.map((value) => (Object.is(value, -0) ? "-0" : value)).join(",")}`;
    case "ints":
      return `I${attr.value.join(",")}`;
    case "strings":
      return `S${attr.value.map((text) => text.join(",")).join(";")}`;
  }
}

/**
 * Whether two bodies without inputs compute the same from the same values around them: they are compared node by node, and
 * names do not count. Bodies inside of them are not compared, so that they make two bodies differ.
 */
export function equalBodies(a: Graph, b: Graph, tensors: TensorIndex): boolean {
  if (a.nodeCount !== b.nodeCount || a.outputs.length !== b.outputs.length) return false;
  const twins = new Map<Value, Value>();
  const sameValue = (x: Value | null, y: Value | null): boolean => {
    if (x === null || y === null || x === y) return x === y;
    if (twins.get(x) === y) return true;
    const [left, right] = [constantTensor(x), constantTensor(y)];
    return left !== undefined && right !== undefined && tensors.idOf(left) === tensors.idOf(right);
  };
  const others = b.nodes();
  for (const node of a.nodes()) {
    const other: Node | undefined = others.next().value ?? undefined;
    if (other === undefined || !sameOperator(node, other, tensors)) return false;
    if (!node.inputs.every((value, i) => sameValue(value, other.inputs[i] ?? null))) return false;
    for (const [i, value] of node.outputs.entries()) {
      const twin = other.output(i);
      if ((value === null) !== (twin === undefined)) return false;
      if (value !== null && twin !== undefined) twins.set(value, twin);
    }
  }
  return a.outputs.every((value, i) => sameValue(value, b.outputs[i] ?? null));
}

function sameOperator(a: Node, b: Node, tensors: TensorIndex): boolean {
  const sameName =
    a.opType === b.opType &&
    (a.domain ?? "") === (b.domain ?? "") &&
    (a.overload ?? "") === (b.overload ?? "");
  const sameCounts =
    a.inputs.length === b.inputs.length &&
    a.outputs.length === b.outputs.length &&
    a.attributes.size === b.attributes.size;
  if (!sameName || !sameCounts) return false;
  for (const attr of a.attributes.values()) {
    const other = b.attribute(attr.name);
    const key = attributeKey(attr);
    if (other === undefined || key === undefined || key !== attributeKey(other)) return false;
    if (
      attr.kind === "tensor" &&
      other.kind === "tensor" &&
      tensors.idOf(attr.value) !== tensors.idOf(other.value)
    )
      return false;
  }
  return true;
}
