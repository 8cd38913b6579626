import { dtypeFromCode } from "../../ir/dtype.js";
import type { MaybeDim } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusion,
  type FactType,
  type InferContext,
  type InferRule,
  tensorConclusion,
  typeConclusion,
} from "../../rules/fact.js";
import { typeOfFirst } from "../../rules/inference.js";
import { isTensor, joinTypes, normalAxis, replaceAt } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

type Type = FactType<MaybeDim>;

const sequenceOf = (element: Type | undefined): Conclusion => ({ type: { kind: "sequence", element } });

function elementOf(c: InferContext, input: number): Type | undefined {
  const type = c.type(input);
  return type?.kind === "sequence" || type?.kind === "optional" ? type.element : undefined;
}

const construct: InferRule = (c) => {
  const types = c.node.inputs.map((_, index): Type | undefined => c.type(index));
  if (types.length === 0) return c.reject("no inputs");
  return [sequenceOf(types.reduce(joinTypes))];
};

const empty: InferRule = (c) => [
  sequenceOf({ kind: "tensor", dtype: dtypeFromCode(c.int("dtype", 1)), shape: undefined }),
];

const insert: InferRule = (c) => [sequenceOf(joinTypes(elementOf(c, 0), c.type(1)))];

/** Parts along an axis; without `split` they have size 1, or without the axis where keepdims = 0. */
const splitToSequence: InferRule = (c) => {
  const x = c.shape(0);
  const axis = normalAxis(c.int("axis", 0), x?.length);
  if (x === undefined || axis === undefined) {
    return [sequenceOf({ kind: "tensor", dtype: c.dtype(0), shape: undefined })];
  }
  const single = !c.has(1);
  const dropped = single && !c.bool("keepdims", true);
  const shape = dropped
    ? x.filter((_, at) => at !== axis)
    : replaceAt<MaybeDim>(x, axis, single ? 1 : undefined);
  return [sequenceOf({ kind: "tensor", dtype: c.dtype(0), shape })];
};

const concatFromSequence: InferRule = (c) => {
  const element = elementOf(c, 0);
  if (element === undefined || !isTensor(element)) return [];
  const { dtype, shape } = element;
  if (shape === undefined) return [tensorConclusion(dtype, undefined)];
  const isNew = c.bool("new_axis", false);
  const axis = normalAxis(c.int("axis"), shape.length + (isNew ? 1 : 0));
  if (axis === undefined) return c.reject("the axis is outside the rank");
  if (!isNew) return [tensorConclusion(dtype, replaceAt<MaybeDim>(shape, axis, undefined))];
  return [tensorConclusion(dtype, [...shape.slice(0, axis), undefined, ...shape.slice(axis)])];
};

const optional: InferRule = (c) => {
  if (!c.has(0)) return [];
  return [{ type: { kind: "optional", element: c.type(0) } }];
};

/** From opset 18 on the input need not be an optional. */
const getElement: InferRule = (c) => {
  const type = c.type(0);
  return [typeConclusion(type?.kind === "optional" ? type.element : type)];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  ConcatFromSequence: concatFromSequence,
  Optional: optional,
  OptionalGetElement: getElement,
  OptionalHasElement: () => [tensorConclusion("bool", [])],
  SequenceAt: (c) => [typeConclusion(elementOf(c, 0))],
  SequenceConstruct: construct,
  SequenceEmpty: empty,
  SequenceErase: typeOfFirst,
  SequenceInsert: insert,
  SequenceLength: () => [tensorConclusion("int64", [])],
  SplitToSequence: splitToSequence,
};
