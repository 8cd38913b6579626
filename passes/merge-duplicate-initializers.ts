import type { Graph, Value } from "../src/ir/graph.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import { kindOf, TensorIndex } from "../src/rewrite/tensor-index.js";

/**
 * Merge initializers with the same elements.
 *
 *   before   <float[2] k = {1, 2}, float[2] l = {1, 2}> { a = Add(x, k)  y = Mul(a, l) }
 *   after    <float[2] k = {1, 2}> { a = Add(x, k)  y = Mul(a, k) }
 *
 * A body uses the initializer of a graph around it. Elements are compared bit by bit, and read only where another
 * initializer has the same type and sizes.
 *
 * Refuses    initializers that are graph inputs or outputs; values that an annotation or a training binding names
 * Numerics   exact
 */
export const mergeDuplicateInitializers: Pass = {
  kind: "procedure",
  name: "merge-duplicate-initializers",
  summary: "Initializers with the same elements are merged",
  before: "a = Add(x, k)  y = Mul(a, l)  // k and l hold the same",
  after: "a = Add(x, k)  y = Mul(a, k)",
  numerics: "exact",
  specials: { mayChange: [], because: "constants are equal bit by bit" },
  order: { after: { "fold-affine-up": "a large constant that two operators read takes the map of neither" } },
  run: (context) => {
    const groups = new Map<string, Value[]>();
    for (const graph of context.view.model.graphs()) {
      for (const value of graph.initializers) {
        if (value.tensor === undefined || !isCandidate(value)) continue;
        const kind = kindOf(value.tensor);
        const group = groups.get(kind);
        if (group === undefined) groups.set(kind, [value]);
        else group.push(value);
      }
    }
    for (const group of groups.values()) if (group.length > 1) mergeGroup(group, context);
  },
};

function isCandidate(value: Value): boolean {
  const { tensor } = value;
  if (tensor === undefined || !value.isConstant || value.uses.size === 0) return false;
  return tensor.data.kind !== "missing";
}

/** Outer graphs come first, so that the initializer that stays is visible where the other was. */
function mergeGroup(group: readonly Value[], context: PassContext): void {
  const index = new TensorIndex();
  const kept = new Map<number, Value[]>();
  for (const value of group) {
    if (value.tensor === undefined) continue;
    const id = index.idOf(value.tensor);
    const twins = kept.get(id) ?? [];
    const twin = twins.find((other) => isVisible(other, value.graph));
    if (twin === undefined || !mergeInto(twin, value, context)) kept.set(id, [...twins, value]);
  }
}

function isVisible(value: Value, from: Graph): boolean {
  for (let graph: Graph | undefined = from; graph !== undefined; graph = graph.parent) {
    if (value.graph === graph) return true;
  }
  return false;
}

function mergeInto(kept: Value, value: Value, context: PassContext): boolean {
  if (value.isGraphInput || value.isGraphOutput || value.uses.size === 0) return false;
  return context.attempt(value.name, {
    kind: "rewrite",
    summary: `initializer "${value.name}" repeats "${kept.name}"`,
    apply: (rewriter) => {
      rewriter.replaceUses(value, kept);
      value.graph.removeInitializer(value);
    },
  });
}
