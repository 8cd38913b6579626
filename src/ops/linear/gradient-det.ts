import { tensorFromNumbers } from "../../ir/tensor.js";
import type { GradientRule } from "../../rules/gradient/rule.js";
import { range } from "../../rules/gradient/sizes.js";
import { castLike } from "../../rules/gradient/support.js";
import { refusals } from "./refusals.js";

/** Above this, as many minors are more than a training step should hold: n^4 numbers for each matrix. */
const LARGEST = 32;

/**
 * The matrix of cofactors: with each element its row and column left out, and the determinant of the rest. It needs no inverse, and is
 * right for a singular matrix too.
 */
export const det: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build, facts } = c;
  const x = c.input(0);
  const shape = facts.shape(x);
  const n = shape?.at(-1);
  if (shape === undefined || typeof n !== "number" || n > LARGEST)
    return refusals.matrixSizeIsUnknown(LARGEST);
  const rank = shape.length;
  const spread = build.op("Unsqueeze", [g, build.ints([-2, -1])]);
  if (n === 1) return [spread];
  const others = range(n).flatMap((row) => range(n).filter((other) => other !== row));
  const rest = build.constant(tensorFromNumbers("int64", [n, n - 1], others), "rows_but_one");
  const rows = build.op("Gather", [x, rest], { axis: BigInt(rank - 2) });
  // [..., row, n - 1, column, n - 1]
  const minors = build.op("Gather", [rows, rest], { axis: BigInt(rank) });
  const perm = [...range(rank - 2), rank - 2, rank, rank - 1, rank + 1];
  const minor = build.op("Det", [build.op("Transpose", [minors], { perm })]);
  const signs = range(n).flatMap((row) => range(n).map((column) => ((row + column) % 2 === 0 ? 1 : -1)));
  const signed = castLike(c, build.constant(tensorFromNumbers("float", [n, n], signs), "signs"), x);
  return [build.op("Mul", [build.op("Mul", [minor, signed]), spread])];
};
