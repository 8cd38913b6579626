import type { Node, Value } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";

/**
 * The Slices of a value that onnxruntime computes by one Split: they cut one axis, and nothing else reads the value
 * (GatherSliceToSplitFusion in onnxruntime/core/optimizer/gather_fusion.cc). Empty where they are none.
 */
export function slicesOfSplit(value: Value, facts: Facts): readonly Node[] {
  const { users } = value;
  if (users.length < 2 || value.isGraphOutput || !users.every((node) => node.is("Slice"))) return [];
  const axes = users.map((node) => axisOf(node, facts));
  return axes[0] !== undefined && axes.every((axis) => axis === axes[0]) ? users : [];
}

function axisOf(node: Node, facts: Facts): number | undefined {
  const [data, named] = [node.input(0), node.input(3)];
  const rank = data === undefined ? undefined : facts.rank(data);
  const axes = named === undefined ? undefined : facts.elements(named);
  const [axis] = axes ?? [];
  if (rank === undefined || axes?.length !== 1 || typeof axis !== "number") return undefined;
  return axis < 0 ? axis + rank : axis;
}
