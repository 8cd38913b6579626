import { allocate, referenceTensor, sizeOf } from "../../float64/tensor.js";
import { errors as shared } from "../../rules/errors.js";
import { type FacetTable, type Gap, opaque } from "../../rules/facet.js";
import { fail, type ReferenceRule } from "../../rules/reference/rule.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

const constant: ReferenceRule = (c) => {
  const tensor = c.tensor("value");
  if (tensor !== undefined) return [tensor];
  if (c.has("value_float")) return [referenceTensor("float", [], [c.float("value_float", 0)])];
  if (c.has("value_int")) return [referenceTensor("int64", [], [c.int("value_int", 0)])];
  const floats = c.floats("value_floats");
  if (floats !== undefined) return [referenceTensor("float", [floats.length], floats)];
  const ints = c.ints("value_ints");
  return ints === undefined
    ? fail(errors.constantHoldsNoNumbers())
    : [referenceTensor("int64", [ints.length], ints)];
};

const constantOfShape: ReferenceRule = (c) => {
  const dims = c.numbers(0) ?? [];
  const value = c.tensor("value");
  return [referenceTensor(value?.dtype ?? "float", dims, allocate(sizeOf(dims)).fill(value?.data[0] ?? 0))];
};

const range: ReferenceRule = (c) => {
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => c.input(index).data[0]);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const out = allocate(count);
  for (let i = 0; i < count; i++) out[i] = start + i * delta;
  return [referenceTensor(c.input(0).dtype, [count], out)];
};

const eyeLike: ReferenceRule = (c) => {
  const x = c.input(0);
  const [rows = 1, columns = 1] = x.dims;
  if (c.has("dtype")) throw errors.outputTypeIsNamed();
  const out = allocate(rows * columns);
  for (let row = 0; row < rows; row++) {
    const column = row + c.int("k", 0);
    if (column >= 0 && column < columns) out[row * columns + column] = 1;
  }
  return [referenceTensor(x.dtype, x.dims, out)];
};

const dropout: ReferenceRule = (c) => {
  const x = c.input(0);
  const training = c.opset >= 12 && (c.optional(2)?.data[0] ?? 0) !== 0;
  const ratio = c.optional(1)?.data[0] ?? c.float("ratio", 0.5);
  if ((training && ratio !== 0) || (c.opset < 7 && c.has("is_test") && c.int("is_test", 0) === 0))
    throw shared.referenceIsTrainingForm();
  return [x, referenceTensor("bool", x.dims, allocate(x.data.length).fill(1))];
};

const DRAWN: Gap = opaque("its results are random");

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  Bernoulli: DRAWN,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Dropout: dropout,
  EyeLike: eyeLike,
  Multinomial: DRAWN,
  RandomNormal: DRAWN,
  RandomNormalLike: DRAWN,
  RandomUniform: DRAWN,
  RandomUniformLike: DRAWN,
  Range: range,
};
