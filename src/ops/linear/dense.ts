import { canTransposeMatrix, transposeMatrix } from "../../affine/transpose-matrix.js";
import type { AttributeInit } from "../../ir/attribute.js";
import type { FloatDType } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import type { Absorption } from "../../rules/affine/facet.js";
import { constantTensor } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";

/**
 * The dense layer: Gemm with transB = 1, a constant weight [N, K] as B and a constant vector [N] as C, which is how PyTorch
 * writes one. Passes make no Gemm of another form out of operators that are none, and no other form of a dense layer: OpenCV
 * before 4.9 reads every Gemm as a dense layer, whatever its attributes say, and ncnn takes only these as one.
 */
export const DENSE: Readonly<Record<string, AttributeInit>> = { transB: 1 };

/** The weight B of a MatMul, [K, N], as that of a dense layer; undefined where its elements cannot be moved. */
export function denseWeight(tensor: Tensor): Tensor | undefined {
  return canTransposeMatrix(tensor) ? transposeMatrix(tensor) : undefined;
}

/** A constant that is added to every row, as the C of a dense layer with `columns` outputs; undefined for other shapes. */
export function denseBias(tensor: Tensor, dtype: FloatDType, columns: number): Tensor | undefined {
  const { dims, size } = tensor;
  if (tensor.dtype !== dtype || tensor.data.kind === "missing" || dims.length > 2) return undefined;
  if (size === columns && (dims.at(-1) === columns || size === 1)) return tensor.reshaped([columns]);
  return size === 1
    ? tensorFromNumbers(dtype, [columns], new Float64Array(columns).fill(tensor.toScalar()))
    : undefined;
}

/** A MatMul with the new `constants` as a Gemm: a dense layer, where its weight `stored` is known and can be transposed. */
export function asDense(
  stored: Tensor | undefined,
  constants: ReadonlyMap<number, Tensor>,
  rest: Partial<Absorption> = {},
): Absorption {
  const weight = stored && denseWeight(stored);
  if (weight === undefined) return { ...rest, opType: "Gemm", constants };
  return { ...rest, opType: "Gemm", constants: new Map([...constants, [1, weight]]), attributes: DENSE };
}

/** Whether the node is a dense layer, with C or without it. */
export function isDense(node: Node): boolean {
  if (!node.is("Gemm") || node.hasReferences) return false;
  if (node.int("transA", 0) !== 0 || node.int("transB", 0) === 0) return false;
  const [b, c] = [node.input(1), node.input(2)];
  if (constantTensor(b) === undefined || c === undefined) return constantTensor(b) !== undefined;
  const bias = constantTensor(c);
  return bias !== undefined && bias.dims.at(-1) === bias.size;
}

/**
 * Whether a Gemm adds its C as every version from 7 on does. Before, C broadcast by other rules, which agree for a constant row of
 * all columns with the attribute `broadcast`.
 */
export function addsRowAlike(node: Node, columns: number, facts: Facts): boolean {
  if ((facts.opset(node) ?? 0) >= 7) return true;
  const dims = constantTensor(node.input(2))?.dims;
  return dims?.length === 1 && dims[0] === columns && node.int("broadcast", 0) === 1;
}
