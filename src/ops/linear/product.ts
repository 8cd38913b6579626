import { isRefusal, type Refusal, refusedAt } from "../../base/refusal.js";
import { type FloatDType, isFloat } from "../../ir/dtype.js";
import type { Node, Value } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import { requireConstant } from "../../rules/constants.js";
import type { Facts } from "../../rules/facts.js";
import { refusals } from "../../rules/refusals.js";

/** alpha * A' * B' + bias with a constant matrix B: a Gemm, or a MatMul, whose A may have more axes. */
export interface ConstantProduct {
  readonly node: Node;
  /** A */
  readonly input: Value;
  readonly output: Value;
  /** B as it is stored. */
  readonly weight: Tensor;
  readonly dtype: FloatDType;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
  /** beta * C, one number for each column; undefined without C. */
  readonly bias: Float64Array | undefined;
  /** The sizes of B', that is, after transB. */
  readonly rows: number;
  readonly columns: number;
}

/** Reads a Gemm or a MatMul with its constant on the right, or says why it cannot be read. */
export function readProduct(node: Node, facts: Facts): ConstantProduct | Refusal {
  const label = node.label;
  if (node.hasReferences) return refusedAt(label, refusals.attributeIsSetByCaller());
  const isGemm = node.is("Gemm");
  if (isGemm && (facts.opset(node) ?? 0) < 7) return refusedAt(label, refusals.broadcastsByOldRules());
  const [input, output] = [node.input(0), node.output(0)];
  if (input === undefined || output === undefined) return refusedAt(label, refusals.inputOrOutputIsMissing());
  const weight = requireConstant(node.input(1), "weight B");
  if (isRefusal(weight)) return refusedAt(label, weight);
  const { dtype, dims } = weight;
  if (!isFloat(dtype)) return refusedAt(label, refusals.weightIsNotFloat(dtype));
  if (weight.data.kind === "missing") return refusedAt(label, refusals.weightFileIsMissing());
  const [first, second] = dims;
  if (first === undefined || second === undefined || dims.length !== 2 || weight.size === 0) {
    return refusedAt(label, refusals.weightHasOtherShape(dims));
  }
  const flag = (name: string): boolean => isGemm && node.int(name, 0) !== 0;
  const transB = flag("transB");
  const [rows, columns] = transB ? [second, first] : [first, second];
  const bias = isGemm ? readBias(node, columns) : undefined;
  if (isRefusal(bias)) return bias;
  const alpha = isGemm ? node.float("alpha", 1) : 1;
  return { node, input, output, weight, dtype, transA: flag("transA"), transB, alpha, bias, rows, columns };
}

function readBias(node: Node, columns: number): Float64Array | Refusal | undefined {
  const given = node.input(2);
  if (given === undefined) return undefined;
  const tensor = requireConstant(given, "bias C");
  if (isRefusal(tensor)) return refusedAt(node.label, tensor);
  const width = tensor.dims.at(-1) ?? 1;
  if (tensor.size !== width || (width !== 1 && width !== columns)) {
    return refusedAt(node.label, refusals.biasHasOtherShape(tensor.dims, columns));
  }
  const beta = node.float("beta", 1);
  const values = tensor.toFloat64();
  return Float64Array.from({ length: columns }, (_, i) => beta * (values[width === 1 ? 0 : i] ?? NaN));
}
