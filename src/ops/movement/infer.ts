import { add, exactDiv, leastOf, type MaybeDim, mul, product } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import { type Dims, type InferContext, type InferRule, tensorConclusion } from "../../rules/fact.js";
import { typeOfFirst } from "../../rules/inference.js";
import {
  broadcastShapes,
  commonDType,
  normalAxes,
  normalAxis,
  replaceAt,
  unknownDims,
  unknownRank,
} from "../../rules/shapes.js";
import { sizesFrom } from "../generate/infer.js";
import type { OPERATORS } from "./operators.js";
import { slice } from "./slice.js";

const transpose: InferRule = (c) => {
  const x = c.shape(0);
  const perm = c.ints("perm");
  if (x === undefined)
    return [tensorConclusion(c.dtype(0), perm === undefined ? undefined : unknownDims(perm.length))];
  const order = perm === undefined ? [...x.keys()].reverse() : normalAxes(perm, x.length);
  if (order?.length !== x.length) return c.reject("perm is no permutation of the axes");
  return [
    tensorConclusion(
      c.dtype(0),
      order.map((axis) => x[axis]),
      x.length < 2 ? c.elements(0) : undefined,
    ),
  ];
};

/** Before opset 4 the axis has the default 1. */
const concat: InferRule = (c) => {
  const inputs = c.node.inputs.map((_, index) => index);
  const dtype = commonDType(c, inputs);
  const shapes = inputs.map((index) => c.shape(index));
  const example = shapes.find((shape) => shape !== undefined);
  const axis = normalAxis(c.opset < 4 ? c.int("axis", 1) : c.int("axis"), example?.length);
  if (example === undefined) return [tensorConclusion(dtype, undefined)];
  if (axis === undefined) return c.reject("the axis is outside the rank");
  if (shapes.some((shape) => shape !== undefined && shape.length !== example.length)) {
    return c.reject("the inputs differ in rank");
  }
  const dims = example.map((_, at): MaybeDim => {
    const sizes = shapes.map((shape) => shape?.[at]);
    if (at === axis) return sizes.reduce(add, 0);
    // All are equal: a number says most, and a named size says more than an unknown one.
    return sizes.find((size) => typeof size === "number") ?? sizes.find((size) => size !== undefined);
  });
  return [tensorConclusion(dtype, dims, example.length === 1 ? joinedElements(c, inputs) : undefined)];
};

function joinedElements(c: InferContext, inputs: readonly number[]): Dims | undefined {
  const result: MaybeDim[] = [];
  for (const input of inputs) {
    const length = c.shape(input)?.[0];
    const elements = c.elements(input);
    if (typeof length !== "number" || length > 64) return undefined;
    result.push(...(elements ?? unknownDims(length)));
  }
  return result;
}

/** The sizes are an attribute before opset 13 and an input since; without them the parts are equal. */
const split: InferRule = (c) => {
  const x = c.shape(0);
  const count = c.node.outputs.length;
  const dtype = c.dtype(0);
  if (x === undefined) return c.node.outputs.map(() => tensorConclusion(dtype, undefined));
  const axis = normalAxis(c.int("axis", 0), x.length);
  if (axis === undefined) return c.reject("the axis is outside the rank");
  const given = c.opset >= 13 ? c.elements(1) : (c.ints("split") ?? (c.has(1) ? c.elements(1) : undefined));
  if (c.int("num_outputs", count) !== count) return c.reject("num_outputs is another number of outputs");
  const isGiven = c.has(1) || c.ints("split") !== undefined;
  const parts = given ?? (isGiven ? unknownDims(count) : equalParts(x[axis], count));
  let start: MaybeDim = 0;
  return c.node.outputs.map((_, index) => {
    const part: MaybeDim = parts[index];
    const elements = x.length === 1 ? partOf(c.elements(0), start, part) : undefined;
    start = add(start, part);
    return tensorConclusion(dtype, replaceAt<MaybeDim>(x, axis, part), elements);
  });
};

/** From opset 18 on the last part is smaller when the size is no multiple. */
function equalParts(size: MaybeDim, count: number): MaybeDim[] {
  const equal = exactDiv(size, count);
  if (equal !== undefined || typeof size !== "number") return unknownDims(count).map(() => equal);
  const part = Math.ceil(size / count);
  return unknownDims(count).map((_, index) => (index < count - 1 ? part : size - part * (count - 1)));
}

function partOf(elements: Dims | undefined, start: MaybeDim, size: MaybeDim): Dims | undefined {
  if (typeof start !== "number" || typeof size !== "number") return undefined;
  return elements?.slice(start, start + size);
}

const gather: InferRule = (c) => {
  const x = c.shape(0);
  const indices = c.shape(1);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const axis = normalAxis(c.int("axis", 0), x.length);
  if (axis === undefined) return c.reject("the axis is outside the rank");
  if (indices === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const dims = [...x.slice(0, axis), ...indices, ...x.slice(axis + 1)];
  return [tensorConclusion(c.dtype(0), dims, x.length === 1 ? picked(c) : undefined)];
};

function picked(c: InferContext): Dims | undefined {
  const elements = c.elements(0);
  if (elements === undefined) return undefined;
  return c.elements(1)?.map((index) => (typeof index === "number" ? elements.at(index) : undefined));
}

const gatherElements: InferRule = (c) => [tensorConclusion(c.dtype(0), c.shape(1))];

const gatherND: InferRule = (c) => {
  const x = c.shape(0);
  const indices = c.shape(1);
  const depth = indices?.at(-1);
  const batch = c.int("batch_dims", 0);
  if (x === undefined || indices === undefined || typeof depth !== "number")
    return [tensorConclusion(c.dtype(0), undefined)];
  if (batch + depth > x.length || batch < 0) return c.reject("the indices are longer than the rank");
  return [tensorConclusion(c.dtype(0), [...indices.slice(0, -1), ...x.slice(batch + depth)])];
};

/** Opset 1 repeats along one axis, later ones along each. */
const tile: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const repeats = c.elements(1);
  if (c.opset < 6 || repeats === undefined) return [tensorConclusion(c.dtype(0), unknownDims(x.length))];
  if (repeats.length !== x.length) return c.reject("repeats does not fit the rank");
  const dims = x.map((dim, axis) => (leastOf(repeats[axis]) >= 0 ? mul(dim, repeats[axis]) : undefined));
  const elements = c.elements(0);
  const times = repeats[0];
  const repeated =
    x.length === 1 && typeof times === "number" && times >= 0 && times <= 64 && elements !== undefined;
  return [
    tensorConclusion(
      c.dtype(0),
      dims,
      repeated ? Array.from({ length: times }, () => elements).flat() : undefined,
    ),
  ];
};

/** Pads are an attribute before opset 11 ("paddings" in opset 1), and may name axes from opset 18 on. */
const pad: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const pads = c.opset >= 11 ? c.elements(1) : (c.ints("pads") ?? c.ints("paddings"));
  const given = c.has(3) ? c.numbers(3) : [...x.keys()];
  if (pads === undefined || given === undefined) return [tensorConclusion(c.dtype(0), unknownDims(x.length))];
  const axes = normalAxes(given, x.length);
  if (axes === undefined || pads.length !== 2 * axes.length) return c.reject("pads does not fit the rank");
  const dims: MaybeDim[] = [...x];
  axes.forEach((axis, i) => {
    dims[axis] = add(x[axis], add(pads[i], pads[i + axes.length]));
  });
  return [tensorConclusion(c.dtype(0), dims)];
};

const depthToSpace: InferRule = (c) => {
  const x = c.shape(0);
  const block = c.int("blocksize", 0);
  if (block < 1 || (x !== undefined && x.length !== 4)) return c.reject("no block of a 4-D tensor");
  const depth = exactDiv(x?.[1], block * block);
  return [tensorConclusion(c.dtype(0), [x?.[0], depth, mul(x?.[2], block), mul(x?.[3], block)])];
};

const spaceToDepth: InferRule = (c) => {
  const x = c.shape(0);
  const block = c.int("blocksize", 0);
  if (block < 1 || (x !== undefined && x.length !== 4)) return c.reject("no block of a 4-D tensor");
  const [height, width] = [exactDiv(x?.[2], block), exactDiv(x?.[3], block)];
  return [tensorConclusion(c.dtype(0), [x?.[0], mul(x?.[1], block * block), height, width])];
};

const compress: InferRule = (c) => {
  const x = c.shape(0);
  const axis = c.int("axis");
  if (axis === undefined) return [tensorConclusion(c.dtype(0), [undefined])];
  const at = normalAxis(axis, x?.length);
  return [
    tensorConclusion(
      c.dtype(0),
      at === undefined ? undefined : x?.map((dim, i) => (i === at ? undefined : dim)),
    ),
  ];
};

const nonZero: InferRule = (c) => [tensorConclusion("int64", [c.rank(0), undefined])];

/** The outputs are the values, and three lists that are as long as the values or as the input. */
const unique: InferRule = (c) => {
  const x = c.shape(0);
  const at = normalAxis(c.int("axis"), x?.length);
  const flat = c.int("axis") === undefined;
  const values = flat
    ? [undefined]
    : at === undefined
      ? undefined
      : x?.map((dim, i) => (i === at ? undefined : dim));
  const total = x === undefined ? undefined : flat ? product(x) : at === undefined ? undefined : x[at];
  const list = tensorConclusion("int64", [undefined]);
  return [tensorConclusion(c.dtype(0), values), list, tensorConclusion("int64", [total]), list];
};

const oneHot: InferRule = (c) => {
  const indices = c.shape(0);
  const depth = c.elements(1)?.[0];
  if (indices === undefined) return [tensorConclusion(c.dtype(2), undefined)];
  const axis = normalAxis(c.int("axis", -1), indices.length + 1);
  if (axis === undefined) return c.reject("the axis is outside the rank");
  const size = leastOf(depth) >= 0 ? depth : undefined;
  return [tensorConclusion(c.dtype(2), [...indices.slice(0, axis), size, ...indices.slice(axis)])];
};

const centerCropPad: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const axes = normalAxes(c.ints("axes") ?? [...x.keys()], x.length);
  if (axes === undefined) return c.reject("an axis is outside the rank");
  const target = c.elements(1);
  const dims = x.map((dim, axis): MaybeDim => {
    const at = axes.indexOf(axis);
    return at < 0 ? dim : leastOf(target?.[at]) >= 0 ? target?.[at] : undefined;
  });
  return [tensorConclusion(c.dtype(0), dims)];
};

/** [N, C * block, L] -> [N, C, ...image]. */
const col2im: InferRule = (c) => {
  const image = sizesFrom(c, 1);
  const block = c.elements(2);
  if (image === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const channels = block === undefined ? undefined : exactDiv(c.shape(0)?.[1], product(block));
  return [tensorConclusion(c.dtype(0), [c.shape(0)?.[0], channels, ...image])];
};

const expand: InferRule = (c) => {
  const x = c.shape(0);
  const target = c.elements(1)?.map((dim) => (leastOf(dim) >= 0 ? dim : undefined));
  if (target === undefined) {
    const dims = unknownRank(c.shape(1)?.[0]);
    if (x === undefined || dims === undefined) return [tensorConclusion(c.dtype(0), undefined)];
    return [tensorConclusion(c.dtype(0), dims.length > x.length ? dims : unknownDims(x.length))];
  }
  const dims = broadcastShapes([x, target]);
  if (dims === "mismatch") return c.reject("the shapes do not broadcast");
  const elements = c.elements(0);
  const only = elements?.length === 1 ? elements[0] : undefined;
  const count = dims === undefined ? undefined : product(dims);
  const repeated = only !== undefined && typeof count === "number" && count <= 64;
  return [
    tensorConclusion(c.dtype(0), dims, repeated ? Array.from({ length: count }, () => only) : undefined),
  ];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  CenterCropPad: centerCropPad,
  Col2Im: col2im,
  Compress: compress,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  NonZero: nonZero,
  OneHot: oneHot,
  Pad: pad,
  ReverseSequence: typeOfFirst,
  Scatter: typeOfFirst,
  ScatterElements: typeOfFirst,
  ScatterND: typeOfFirst,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  TensorScatter: typeOfFirst,
  Tile: tile,
  Transpose: transpose,
  Trilu: typeOfFirst,
  Unique: unique,
};
