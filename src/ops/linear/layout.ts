import { type FacetTable, missing } from "../../rules/facet.js";
import { type LayoutFacet, moved } from "../../rules/layout/facet.js";
import type { Permutation } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import { isDense } from "./dense.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/**
 * A matrix on the right multiplies along the last axis, so that the other axes, rows and batch, may have any order. Two stacks
 * of matrices of one rank may have their batch axes in another order. A product of two matrices could be a Gemm that reads an
 * operand transposed, which is no dense layer: see DENSE.
 */
const MATMUL: LayoutFacet = (node, { side, index, perm }, facts) => {
  const [a, b] = [rankOf(node.input(0), facts), rankOf(node.input(1), facts)];
  if (a === undefined || b === undefined) return shared.operandRanksAreUnknown();
  if (a === 2 && b === 2) return refusals.productReadsNothingTransposed();
  const rank = perm.length;
  const outputs = moved([[0, perm]]);
  if (b === 2 && a > 2 && (side === "output" || index === 0)) {
    return perm[rank - 1] === rank - 1
      ? { inputs: moved([[0, perm]]), outputs }
      : refusals.productSumsLastAxis();
  }
  if (a !== b || a < 3) return refusals.operandRanksDiffer();
  const keepsMatrices = perm[rank - 1] === rank - 1 && perm[rank - 2] === rank - 2;
  const inputs: [number, Permutation][] = [
    [0, perm],
    [1, perm],
  ];
  return keepsMatrices ? { inputs: moved(inputs), outputs } : refusals.lastAxesAreMatrices();
};

/** Gemm reads either operand transposed. A dense layer stays one: see DENSE. */
const GEMM: LayoutFacet = (node, { side, index, perm }) => {
  if (side === "output" || index > 1) return refusals.resultCannotBeTransposed();
  if (isDense(node)) return refusals.denseLayerKeepsItsForm();
  const name = index === 0 ? "transA" : "transB";
  return {
    attributes: { [name]: node.int(name, 0) === 0 ? 1 : 0 },
    inputs: moved([[index, perm]]),
    outputs: moved([]),
  };
};

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  Det: missing("its batch axes could change places"),
  Einsum: missing("its letters could be reordered"),
  Gemm: GEMM,
  MatMul: MATMUL,
};
