import { add, mul, sub } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import { type Dims, type InferContext, type InferRule, tensorConclusion } from "../../rules/fact.js";
import { extent, kernelWindow, unknownDims, windowPositions } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

function pooled(c: InferContext): Dims | undefined | "invalid" {
  const x = c.shape(0);
  const kernel = c.ints("kernel_shape");
  if (kernel === undefined) return x === undefined ? undefined : [x[0], x[1], ...unknownDims(x.length - 2)];
  const window = kernelWindow(c, kernel);
  if (window === undefined || (x !== undefined && x.length !== kernel.length + 2)) return "invalid";
  if (x === undefined) return unknownDims(kernel.length + 2);
  return [x[0], x[1], ...windowPositions(x.slice(2), window, c.bool("ceil_mode", false))];
}

const pool: InferRule = (c) => {
  const shape = pooled(c);
  if (shape === "invalid") return c.reject("the window does not fit the rank");
  return [tensorConclusion(c.dtype(0), shape), tensorConclusion("int64", shape)];
};

const globalPool: InferRule = (c) => {
  const x = c.shape(0);
  if (x !== undefined && x.length < 2) return c.reject("X has no channel axis");
  return [
    tensorConclusion(
      c.dtype(0),
      x?.map((dim, axis) => (axis < 2 ? dim : 1)),
    ),
  ];
};

const maxUnpool: InferRule = (c) => {
  const x = c.shape(0);
  if (c.has(2))
    return [
      tensorConclusion(c.dtype(0), c.elements(2) ?? (x === undefined ? undefined : unknownDims(x.length))),
    ];
  const kernel = c.ints("kernel_shape");
  const window = kernel === undefined ? undefined : kernelWindow(c, kernel);
  if (x === undefined || kernel === undefined || window === undefined)
    return [tensorConclusion(c.dtype(0), undefined)];
  if (x.length !== kernel.length + 2) return c.reject("the window does not fit the rank");
  const spatial = kernel.map((_, axis) => {
    const pads = (window.pads[axis] ?? 0) + (window.pads[axis + kernel.length] ?? 0);
    return sub(add(mul(sub(x[axis + 2], 1), window.strides[axis] ?? 1), extent(window, axis)), pads);
  });
  return [tensorConclusion(c.dtype(0), [x[0], x[1], ...spatial])];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  AveragePool: pool,
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
  LpPool: pool,
  MaxPool: pool,
  MaxUnpool: maxUnpool,
};
