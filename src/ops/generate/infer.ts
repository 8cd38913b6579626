import { product } from "../../base/integers.js";
import type { DType } from "../../ir/dtype.js";
import { ceilDiv, leastOf, type MaybeDim, max, sub } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusion,
  type Conclusions,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
  typeConclusion,
} from "../../rules/fact.js";
import { dtypeAttribute } from "../../rules/inference.js";
import { commonDType, unknownRank } from "../../rules/shapes.js";
import { held } from "../elementwise/infer.js";
import type { OPERATORS } from "./operators.js";

function filled(dtype: DType | undefined, dims: readonly number[], elements: readonly number[]): Conclusion {
  return tensorConclusion(dtype, dims, elements);
}

/** Exactly one attribute holds the constant. */
const constant: InferRule = (c) => {
  for (const attr of c.node.attributes.values()) {
    switch (attr.kind) {
      case "tensor":
        return [
          { type: { kind: "tensor", dtype: attr.value.dtype, shape: attr.value.dims }, tensor: attr.value },
        ];
      case "sparse_tensor":
        return [tensorConclusion(attr.value.values.dtype, attr.value.dims)];
      case "float":
        return [filled("float", [], [Math.fround(attr.value)])];
      case "floats":
        return [filled("float", [attr.value.length], attr.value.map(Math.fround))];
      case "int":
        return [filled("int64", [], [Number(attr.value)])];
      case "ints":
        return [filled("int64", [attr.value.length], attr.value.map(Number))];
      case "string":
        return [tensorConclusion("string", [])];
      case "strings":
        return [tensorConclusion("string", [attr.value.length])];
      default:
        break;
    }
  }
  return c.reject("a Constant without a value");
};

/** The shape that a 1-D input describes: its elements, or at least their number. */
export function sizesFrom(c: InferContext, input: number): Dims | undefined {
  const elements = c.elements(input);
  if (elements !== undefined) return elements.map((size) => (leastOf(size) >= 0 ? size : undefined));
  return unknownRank(c.shape(input)?.[0]);
}

/** Float zeros unless the attribute `value` is set. */
const constantOfShape: InferRule = (c) => {
  const value = c.tensor("value");
  const dims = sizesFrom(c, 0);
  const sizes = dims?.filter((dim) => typeof dim === "number") ?? [];
  const count = dims !== undefined && sizes.length === dims.length ? product(sizes) : undefined;
  const dtype = value?.dtype ?? "float";
  if (count === undefined || count > 64) return [tensorConclusion(dtype, dims)];
  const fill = value === undefined ? 0 : c.read(value)?.[0];
  return [
    tensorConclusion(dtype, dims, fill === undefined ? undefined : Array.from({ length: count }, () => fill)),
  ];
};

const range: InferRule = (c) => {
  const dtype = commonDType(c, [0, 1, 2]);
  const [start, limit, delta] = [c.elements(0)?.[0], c.elements(1)?.[0], c.elements(2)?.[0]];
  const count = rangeCount(start, limit, delta);
  const first =
    typeof start === "number" && typeof delta === "number" && typeof count === "number" && count <= 64;
  const elements = first
    ? Array.from({ length: count }, (_, i) => held(start + i * delta, dtype))
    : undefined;
  return [tensorConclusion(dtype, [count], dtype === "int64" || dtype === "int32" ? elements : undefined)];
};

function rangeCount(start: MaybeDim, limit: MaybeDim, delta: MaybeDim): MaybeDim {
  if (typeof delta !== "number" || delta === 0) return undefined;
  if (typeof start === "number" && typeof limit === "number")
    return Math.max(Math.ceil((limit - start) / delta), 0);
  return Number.isInteger(delta) ? max(ceilDiv(sub(limit, start), delta), 0) : undefined;
}

/** The shape of the input, and its type unless the attribute `dtype` names another. */
const like: InferRule = (c) => [tensorConclusion(dtypeAttribute(c, "dtype") ?? c.dtype(0), c.shape(0))];

const random = (c: InferContext): Conclusions => [
  tensorConclusion(dtypeAttribute(c, "dtype") ?? "float", c.ints("shape")),
];

const multinomial: InferRule = (c) => [
  tensorConclusion(dtypeAttribute(c, "dtype") ?? "int32", [c.shape(0)?.[0], c.int("sample_size", 1)]),
];

/** The mask is boolean from opset 10 on. */
const dropout: InferRule = (c) => [
  typeConclusion(c.type(0)),
  tensorConclusion(c.opset >= 10 ? "bool" : c.dtype(0), c.shape(0)),
];

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Bernoulli: like,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Dropout: dropout,
  EyeLike: like,
  Multinomial: multinomial,
  RandomNormal: random,
  RandomNormalLike: like,
  RandomUniform: random,
  RandomUniformLike: like,
  Range: range,
};
