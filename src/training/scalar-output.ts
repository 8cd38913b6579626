import { invariant, present } from "../base/assert.js";
import { decodeNumbers } from "../ir/tensor.js";
import type { TensorMap } from "../runtime/runtime.js";

/** The number in a scalar output of the runtime. */
export function scalarOf(outputs: TensorMap, name: string): number {
  const tensor = outputs.get(name);
  invariant(tensor?.data instanceof Uint8Array, `"${name}" is an output of numbers`);
  return present(decodeNumbers(tensor.dtype, tensor.data, 1)[0], "a scalar");
}
