import type { DType } from "../../ir/dtype.js";
import { broadcastDim, differentDim, type MaybeDim } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import {
  type Conclusions,
  type Dims,
  type InferContext,
  type InferRule,
  tensorConclusion,
} from "../../rules/fact.js";
import { broadcastShapes, commonDType } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** Y [M, N] = A' B' + C. */
export const gemm: InferRule = (c) => {
  const a = c.shape(0);
  const b = c.shape(1);
  if ((a !== undefined && a.length !== 2) || (b !== undefined && b.length !== 2))
    return c.reject("A or B is no matrix");
  const rows = c.bool("transA", false) ? a?.[1] : a?.[0];
  const columns = c.bool("transB", false) ? b?.[0] : b?.[1];
  return [tensorConclusion(commonDType(c, [0, 1, 2]), [rows, columns])];
};

/** The product of two inputs. */
export function product(c: InferContext, left: number, right: number, dtype: DType | undefined): Conclusions {
  return productOf(c, c.shape(left), c.shape(right), dtype);
}

/** numpy's matmul: 1-D operands gain an axis that the result loses; the rest broadcasts. */
export function productOf(
  c: InferContext,
  a: Dims | undefined,
  b: Dims | undefined,
  dtype: DType | undefined,
): Conclusions {
  if (a === undefined || b === undefined) return [tensorConclusion(dtype, undefined)];
  if (a.length === 0 || b.length === 0) return c.reject("an operand is a scalar");
  const rows = a.length === 1 ? [] : [a.at(-2)];
  const columns = b.length === 1 ? [] : [b.at(-1)];
  if (differentDim(a.at(-1), b.length === 1 ? b[0] : b.at(-2))) return c.reject("the inner sizes differ");
  const batch = broadcastShapes([a.slice(0, -2), b.slice(0, -2)]);
  if (batch === "mismatch") return c.reject("the batch axes do not broadcast");
  return [tensorConclusion(dtype, batch === undefined ? undefined : [...batch, ...rows, ...columns])];
}

const einsum: InferRule = (c) => {
  const shapes = c.node.inputs.map((_, index) => c.shape(index));
  const dtype = commonDType(c, [...shapes.keys()]);
  const equation = (c.text("equation") ?? "").replaceAll(/\s/g, "");
  const [inputs = "", output] = equation.split("->");
  const terms = inputs.split(",");
  if (terms.length !== shapes.length) return c.reject("the equation has another number of operands");
  const letters = output ?? implicitOutput(inputs);
  const sizes = new Map<string, MaybeDim>();
  let batch: Dims = [];
  for (const [index, term] of terms.entries()) {
    const shape = shapes[index];
    if (shape === undefined) {
      if (letters.includes("...")) return [tensorConclusion(dtype, undefined)];
      for (const letter of term.replace("...", "")) if (!sizes.has(letter)) sizes.set(letter, undefined);
      continue;
    }
    const [before = "", after] = term.split("...");
    const named = before.length + (after?.length ?? 0);
    if (after === undefined ? named !== shape.length : named > shape.length)
      return c.reject("an operand has another rank");
    const hidden = shape.slice(before.length, shape.length - (after?.length ?? 0));
    if (after !== undefined) {
      const joined = broadcastShapes([batch, hidden]);
      if (joined === "mismatch" || joined === undefined) return c.reject("the batch axes do not broadcast");
      batch = joined;
    }
    const axes =
      after === undefined
        ? shape
        : [...shape.slice(0, before.length), ...shape.slice(shape.length - after.length)];
    for (const [at, letter] of [...before, ...(after ?? "")].entries()) {
      const dim = sizes.has(letter) ? broadcastDim(sizes.get(letter), axes[at]) : axes[at];
      if (dim === "mismatch") return c.reject(`two sizes for "${letter}"`);
      sizes.set(letter, dim);
    }
  }
  const [before = "", after] = letters.split("...");
  const named = (part: string): MaybeDim[] => [...part].map((letter) => sizes.get(letter));
  return [
    tensorConclusion(dtype, [...named(before), ...(after === undefined ? [] : [...batch, ...named(after)])]),
  ];
};

/** Without "->" the output has the ellipsis and the letters that occur once, in alphabetical order. */
export function implicitOutput(inputs: string): string {
  const letters = [...inputs].filter((char) => /[A-Za-z]/.test(char));
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return (inputs.includes("...") ? "..." : "") + once.sort().join("");
}

const det: InferRule = (c) => {
  const x = c.shape(0);
  if (x !== undefined && x.length < 2) return c.reject("X is no matrix");
  return [tensorConclusion(c.dtype(0), x?.slice(0, -2))];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  Det: det,
  Einsum: einsum,
  Gemm: gemm,
  MatMul: (c) => product(c, 0, 1, commonDType(c, [0, 1])),
};
