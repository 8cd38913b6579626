import { type Refusal, refuse } from "../base/refusal.js";
import type { Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";

/** The tensor of a value that no caller and no input can change: a constant initializer or a Constant node. */
export function constantTensor(value: Value | undefined): Tensor | undefined {
  if (value === undefined) return undefined;
  if (value.isConstant) return value.tensor;
  const node = value.producer;
  if (!node?.is("Constant") || value.isPinned) return undefined;
  return (
    node.tensorAttribute("value") ??
    scalarConstant("float", node.float("value_float")) ??
    scalarConstant("int64", node.int("value_int"))
  );
}

function scalarConstant(dtype: "float" | "int64", value: number | undefined): Tensor | undefined {
  return value === undefined ? undefined : tensorFromNumbers(dtype, [], [value]);
}

/** The tensor of `value`, or the sentence that says why it is not a constant. `role` is the value's part in it: "weight W". */
export function requireConstant(value: Value | undefined, role: string): Tensor | Refusal {
  if (value === undefined) return refuse(`${role} is missing`);
  const tensor = constantTensor(value);
  if (tensor !== undefined) return tensor;
  if (value.isPinned)
    return refuse(`${role} "${value.name}" is named by an annotation or a training binding`);
  if (value.tensor !== undefined)
    return refuse(
      `${role} "${value.name}" is a graph input, whose default a caller can override (freeze-initializers makes it constant)`,
    );
  if (value.sparse !== undefined) return refuse(`${role} "${value.name}" is a sparse initializer`);
  if (value.producer === undefined) return refuse(`${role} "${value.name}" is a graph input`);
  return refuse(`${role} "${value.name}" is computed by ${value.producer.label}`);
}
