import { isRefusal, type Refusal, refuse } from "../base/refusal.js";
import { isStandardDomain, type Node, type Value } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";
import type { Anchor, LayoutFacet, Relayout } from "../rules/layout-facet.js";
import { leavesAlone, type Permutation } from "../rules/permutation.js";
import {
  BROADCAST,
  BROADCAST_OPERATORS,
  DROPOUT,
  PRELU,
  QUANTIZE,
  UNARY,
  UNARY_OPERATORS,
} from "./elementwise/layout.js";
import {
  ALONG_LAST,
  ARG,
  CONCAT,
  CUMULATE,
  ELEMENTS,
  EXPAND,
  GATHER,
  MATRIX,
  PAD,
  PER_CHANNEL,
  REDUCE,
  RESIZE,
  SLICE,
  SOFTMAX,
  SPLIT,
  SQUEEZE,
  TILE,
  TRAILING,
} from "./layout-axes.js";
import { GEMM, MATMUL } from "./linear/layout.js";
import { RESHAPE, SHAPE } from "./shape/layout.js";

const REDUCTIONS = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"];

/** How each operator of the standard domain works with its axes in another order. One that is missing cannot. */
const FACETS: ReadonlyMap<string, LayoutFacet> = new Map<string, LayoutFacet>([
  ...UNARY_OPERATORS.map((name) => [name, UNARY] as const),
  ...BROADCAST_OPERATORS.map((name) => [name, BROADCAST] as const),
  ...REDUCTIONS.map((name) => [`Reduce${name}`, REDUCE] as const),
  ["ArgMax", ARG],
  ["ArgMin", ARG],
  ["BatchNormalization", PER_CHANNEL],
  ["Concat", CONCAT],
  ["CumProd", CUMULATE],
  ["CumSum", CUMULATE],
  ["DequantizeLinear", QUANTIZE],
  ["Dropout", DROPOUT],
  ["Expand", EXPAND],
  ["Flatten", RESHAPE],
  ["Gather", GATHER],
  ["GatherElements", ELEMENTS],
  ["Gemm", GEMM],
  ["GlobalAveragePool", PER_CHANNEL],
  ["GlobalMaxPool", PER_CHANNEL],
  ["Hardmax", SOFTMAX],
  ["InstanceNormalization", PER_CHANNEL],
  ["LayerNormalization", TRAILING],
  ["LogSoftmax", SOFTMAX],
  ["LpNormalization", ALONG_LAST],
  ["MatMul", MATMUL],
  ["PRelu", PRELU],
  ["Pad", PAD],
  ["QuantizeLinear", QUANTIZE],
  ["RMSNormalization", TRAILING],
  ["Reshape", RESHAPE],
  ["Resize", RESIZE],
  ["ScatterElements", ELEMENTS],
  ["Shape", SHAPE],
  ["Slice", SLICE],
  ["Softmax", SOFTMAX],
  ["Split", SPLIT],
  ["Squeeze", SQUEEZE],
  ["Tile", TILE],
  ["TopK", ALONG_LAST],
  ["Trilu", MATRIX],
  ["Unsqueeze", SQUEEZE],
  ["Upsample", RESIZE],
]);

/**
 * How `node` looks when the value at `anchor` has another order of axes. Values that are the same in both orders, as far as
 * their sizes are known, are left out.
 */
export function relayout(node: Node, anchor: Anchor, facts: Facts): Relayout | Refusal {
  const facet = isStandardDomain(node.domain) && !facts.isCall(node) ? FACETS.get(node.opType) : undefined;
  if (facet === undefined) return refuse(`${node.label} needs its axes in order`);
  if (node.hasReferences) {
    return refuse(`an attribute of ${node.label} takes its value from the function's caller`);
  }
  const pinned = node.outputs.find((value) => value?.isPinned);
  if (pinned) return refuse(`"${pinned.name}" is named by an annotation or a training binding`);
  const found = facet(node, anchor, facts);
  if (isRefusal(found)) return refuse(`${node.label}: ${found.reason}`);
  return {
    ...found,
    inputs: effective(found.inputs, node.inputs, facts),
    outputs: effective(found.outputs, node.outputs, facts),
  };
}

function effective(
  orders: ReadonlyMap<number, Permutation>,
  values: readonly (Value | null)[],
  facts: Facts,
): ReadonlyMap<number, Permutation> {
  return new Map(
    [...orders].filter(([index, perm]) => {
      const value = values[index];
      if (value === undefined || value === null) return false;
      const shape = facts.shape(value);
      return shape?.length !== perm.length || !leavesAlone(perm, shape);
    }),
  );
}
