import type { AttributeInit } from "../../ir/attribute.js";
import type { Value } from "../../ir/graph.js";
import type { FacetTable } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import { range } from "../../rules/gradient/sizes.js";
import { reshapeLike, scalarLike, sumTo } from "../../rules/gradient/support.js";
import { refusals } from "../../rules/refusals.js";
import { det } from "./gradient-det.js";
import { einsum } from "./gradient-einsum.js";
import type { OPERATORS } from "./operators.js";

/** The matrices on the last two axes, transposed. */
function swapped({ build }: GradientContext, value: Value, rank: number): Value {
  return build.op("Transpose", [value], { perm: [...range(rank - 2), rank - 1, rank - 2] });
}

const matMul: GradientRule = (c) => {
  const { facts, build } = c;
  let g = c.grad(0);
  if (g === undefined) return [];
  let [a, b] = [c.input(0), c.input(1)];
  let [rankA, rankB] = [facts.rank(a), facts.rank(b)];
  if (rankA === undefined || rankB === undefined) return refusals.operandRanksAreUnknown();
  if (rankA === 1 && rankB === 1) {
    return [
      c.needs(0) ? build.op("Mul", [g, b]) : undefined,
      c.needs(1) ? build.op("Mul", [g, a]) : undefined,
    ];
  }
  // An operand with one axis is a row or a column, whose axis the result does not have.
  if (rankA === 1) {
    g = build.op("Unsqueeze", [g, build.ints([-2])]);
    a = build.op("Unsqueeze", [a, build.ints([0])]);
    rankA = 2;
  }
  if (rankB === 1) {
    g = build.op("Unsqueeze", [g, build.ints([-1])]);
    b = build.op("Unsqueeze", [b, build.ints([1])]);
    rankB = 2;
  }
  let da: Value | undefined;
  if (c.needs(0)) {
    if (rankA === 2 && rankB === 2) da = build.op("Gemm", [g, b], { transB: 1n });
    else {
      da = build.op("MatMul", [g, swapped(c, b, rankB)]);
      if (rankB > 2) da = sumTo(c, da, a);
    }
    if (a !== c.input(0)) da = reshapeLike(c, da, c.input(0));
  }
  let db: Value | undefined;
  if (c.needs(1)) {
    if (rankB === 2) {
      // The whole batch is multiplied by one matrix, so that its rows can be one long matrix.
      const rows = rankA === 2 ? a : build.op("Flatten", [a], { axis: -1n });
      const gRows = rankA === 2 ? g : build.op("Flatten", [g], { axis: -1n });
      db = build.op("Gemm", [rows, gRows], { transA: 1n });
    } else db = sumTo(c, build.op("MatMul", [swapped(c, a, rankA), g]), b);
    if (b !== c.input(1)) db = reshapeLike(c, db, c.input(1));
  }
  return [da, db];
};

const gemm: GradientRule = (c) => {
  const { node, build } = c;
  const g = c.grad(0);
  if (g === undefined) return [];
  const [a, b] = [c.input(0), c.input(1)];
  const [transA, transB] = [node.int("transA", 0) !== 0, node.int("transB", 0) !== 0];
  const alpha = node.float("alpha", 1);
  const product = (left: Value, right: Value, turnLeft: boolean, turnRight: boolean): Value => {
    const attributes: Record<string, AttributeInit> = {};
    if (turnLeft) attributes["transA"] = 1n;
    if (turnRight) attributes["transB"] = 1n;
    if (alpha !== 1) attributes["alpha"] = { kind: "float", value: alpha };
    return build.op("Gemm", [left, right], attributes);
  };
  let da: Value | undefined;
  if (c.needs(0)) da = transA ? product(b, g, transB, true) : product(g, b, false, !transB);
  let db: Value | undefined;
  if (c.needs(1)) db = transB ? product(g, a, true, transA) : product(a, g, !transA, false);
  let dc: Value | undefined;
  if (c.needs(2)) {
    const sum = sumTo(c, g, c.input(2), c.output(0));
    const beta = node.float("beta", 1);
    dc = beta === 1 ? sum : build.op("Mul", [sum, scalarLike(c, beta, g)]);
  }
  return [da, db, dc];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Det: det,
  Einsum: einsum,
  Gemm: gemm,
  MatMul: matMul,
};
