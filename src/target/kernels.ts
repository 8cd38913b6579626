import type { StandardOperator } from "../ir/operator-name.js";

/**
 * An operator that onnxruntime does not compute as one: it has no kernel for it on the CPU, and puts the function of the
 * operator's schema in its place when it loads the model, or refuses the model.
 */
interface MissingKernel {
  readonly operator: StandardOperator;
  /** The opsets in which onnxruntime refuses the operator, of those that have it. */
  readonly refusedFrom?: number;
  /** The operators that it executes instead. */
  readonly executes: number;
}

/**
 * Of the operators that the passes put in for a spelling, those that onnxruntime 1.30 computes by more operators than the
 * spelling has, or not at all. Measured by loading a model of each operator, element type and opset at its default level and
 * counting what it executes; onnxruntime/core/providers/cpu/cpu_execution_provider.cc registers no kernel for them. HardSwish
 * and Mish have none either, but run as two and three kernels, as few as their spellings.
 */
const MISSING: readonly MissingKernel[] = [
  { operator: "GroupNormalization", executes: 29 },
  { operator: "Swish", refusedFrom: 25, executes: 4 },
];

/** How onnxruntime computes an operator without a kernel, as a clause; undefined for one that has a kernel. */
export function missingKernel(operator: StandardOperator, opset: number): string | undefined {
  const missing = MISSING.find((each) => each.operator === operator);
  if (missing === undefined) return undefined;
  const { refusedFrom = Number.POSITIVE_INFINITY, executes } = missing;
  return opset >= refusedFrom ? "refuses it" : `runs ${executes} operators for it`;
}
