import type { Node } from "../ir/graph.js";
import { sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";

/** A product with a constant matrix and the Add of a constant row behind it. */
export interface LinearLayer {
  readonly product: Node;
  readonly sum: Node;
}

/**
 * How many operators onnxruntime executes for a linear layer beyond the one Gemm that it would be on a matrix. Of more than two
 * axes it stays a MatMul and an Add where a size is dynamic; else MatMulAddFusion puts a Gemm between two Reshapes
 * (onnxruntime/core/optimizer/matmul_add_fusion.cc). An Add may go into the kernel of a Gelu (bias_gelu_fusion.cc) or of a
 * SkipLayerNormalization (skip_layer_norm_fusion.cc).
 */
export function excessOfLinearLayer({ product, sum }: LinearLayer, facts: Facts): number {
  const source = product.input(0);
  if (source === undefined) return 0;
  if (facts.staticShape(source) !== undefined) return 2;
  const [reader, ...others] = sum.output(0)?.users ?? [];
  if (reader === undefined || others.length > 0) return 1;
  const isTaken = reader.opType === "Gelu" || isSkip(reader, facts);
  return isTaken ? 0 : 1;
}

/**
 * Whether the Add and the LayerNormalization that alone reads it become one SkipLayerNormalization, which onnxruntime makes of
 * values with three axes only.
 */
export function isSkip(add: Node, facts: Facts): boolean {
  const output = add.output(0);
  if (!add.is("Add") || output === undefined || facts.rank(output) !== 3 || output.uses.size !== 1)
    return false;
  const [reader] = output.users;
  if (reader?.opType !== "LayerNormalization" || reader.input(0) !== output) return false;
  const [a, b] = add.inputs.map((value) => (value === null ? undefined : facts.shape(value)));
  return sameShape(a, b);
}
