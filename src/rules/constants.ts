import type { Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import { type Tensor, tensorFromBigInts, tensorFromNumbers } from "../ir/tensor.js";
import type { Facts } from "./facts.js";
import { refusals } from "./refusals.js";

/** The tensor of a constant initializer or of a Constant node, which no caller and no input can change; else undefined. */
export function constantTensor(value: Value | undefined): Tensor | undefined {
  if (value === undefined) return undefined;
  if (value.isConstant) return value.tensor;
  const node = value.producer;
  if (!node?.is("Constant") || value.isPinned) return undefined;
  return valueOfConstant(node);
}

/** The tensor of a Constant node; undefined for sparse and string forms, and where the function's caller sets the attribute. */
export function valueOfConstant(node: Node): Tensor | undefined {
  for (const attr of node.attributes.values()) {
    switch (attr.name) {
      case "value":
        return attr.kind === "tensor" ? attr.value : undefined;
      case "value_float":
        return attr.kind === "float" ? tensorFromNumbers("float", [], [attr.value]) : undefined;
      case "value_floats":
        return attr.kind === "floats"
          ? tensorFromNumbers("float", [attr.value.length], attr.value)
          : undefined;
      case "value_int":
        return attr.kind === "int" ? tensorFromBigInts([], [attr.value]) : undefined;
      case "value_ints":
        return attr.kind === "ints" ? tensorFromBigInts([attr.value.length], attr.value) : undefined;
    }
  }
  return undefined;
}

/** The tensor of a constant, or a refusal that names the value by its role ("weight W") and says why it is none. */
export function requireConstant(value: Value | undefined, role: string): Tensor | Refusal {
  if (value === undefined) return refusals.constantIsMissing(role);
  const tensor = constantTensor(value);
  if (tensor !== undefined) return tensor;
  if (value.pinnedBecause !== undefined)
    return refusals.constantIsPinned(role, value.name, value.pinnedBecause);
  if (value.tensor !== undefined) return refusals.constantIsInputDefault(role, value.name);
  if (value.sparse !== undefined) return refusals.constantIsSparse(role, value.name);
  if (value.producer === undefined) return refusals.constantIsGraphInput(role, value.name);
  return refusals.constantIsComputed(role, value.name, value.producer.label);
}

/** True when all elements of a value are known to be this number. */
export function isAll(value: Value | undefined, element: number, facts: Facts): boolean {
  const numbers = value === undefined ? undefined : facts.numbers(value);
  return numbers !== undefined && numbers.length > 0 && numbers.every((number) => number === element);
}
