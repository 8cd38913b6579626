import { type DType, dtypeFromCode } from "../ir/dtype.js";
import { type InferContext, type InferRule, tensorConclusion } from "./fact.js";

/** The output has the type of the first input, whatever kind of value that is. */
export const typeOfFirst: InferRule = (c) => {
  const type = c.type(0);
  return type === undefined ? [] : [{ type }];
};

/** The output is a tensor with the element type and the shape of the first input, as far as they are known. */
export const likeFirst: InferRule = (c) => [tensorConclusion(c.dtype(0), c.shape(0))];

/** The element type that an attribute names by its code; undefined where it names none. */
export function dtypeAttribute(c: InferContext, name: string): DType | undefined {
  const code = c.int(name);
  return code === undefined || code === 0 ? undefined : dtypeFromCode(code);
}
