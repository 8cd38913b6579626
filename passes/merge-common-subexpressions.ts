import { isDeterministic } from "../src/analysis/determinism.js";
import { present } from "../src/base/assert.js";
import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { isFloat } from "../src/ir/dtype.js";
import { canReplace, type Graph, type Node, type Value } from "../src/ir/graph.js";
import type { Tensor } from "../src/ir/tensor.js";
import { effectiveAttributes } from "../src/ops/attribute-defaults.js";
import { axesOfInput } from "../src/ops/axes.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { attributeKey } from "../src/rewrite/equal-bodies.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import type { Rewriter } from "../src/rewrite/rewriter.js";
import { kindOf, TensorIndex } from "../src/rewrite/tensor-index.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";

const SENTENCES = {
  repetitionIsBodyOutput: (kept: string): string =>
    `it repeats ${kept}, but it gives its body outputs by their names`,
  repetitionHasOutputName: (kept: string): string =>
    `it repeats ${kept}, but the outputs of both have names that callers see`,
} as const;

/** Why a node stays beside an equal one. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Merge nodes that compute the same.
 *
 *   before   a = Relu(x)  b = Relu(x)  y = Add(a, b)
 *   after    a = Relu(x)  y = Add(a, a)
 *
 * Two nodes compute the same when operator, attributes and inputs are equal; an attribute at its default is as good as none, axes in
 * attributes and constants are the same counted from the end and from the front, the operands of a commutative operator are in
 * any order, and constants are equal when their elements are. A node in a body uses the result of an equal node before it in a
 * graph around; nothing is moved out of a body.
 *
 * Where callers see the results of both, or one gives its body an output, the second becomes an Identity.
 *
 * Requires   the first node comes before all readers of the second
 * Refuses    random and unknown operators, operators with bodies; several such outputs, which would be as many Identities
 * Numerics   exact
 */
export const mergeCommonSubexpressions: Pass = {
  kind: "procedure",
  name: "merge-common-subexpressions",
  summary: "Nodes that compute the same are merged",
  before: "a = Relu(x)  b = Relu(x)  y = Add(a, b)",
  after: "a = Relu(x)  y = Add(a, a)",
  numerics: "exact",
  specials: { mayChange: [], because: "the same operator runs once; constants are equal bit by bit" },
  order: {
    after: {
      "fold-affine-up": "an operator that two others read takes the map of neither",
      "fold-affine-down": "a map whose readers come together again would reach them in two ways",
    },
  },
  refusals,
  run: (context) => {
    const { model } = context.view;
    const table: Table = { ids: new Map(), tensors: new TensorIndex(), facts: context.view.facts };
    for (const root of [model.graph, ...model.functions.map((fn) => fn.body)]) {
      mergeIn(root, undefined, table, context);
    }
  },
};

interface Table {
  readonly ids: Map<Value, number>;
  readonly tensors: TensorIndex;
  readonly facts: Facts;
}

/** The nodes before the current one, in its graph and in the graphs around it. */
interface Computed {
  readonly own: Map<string, Group>;
  readonly outer: Computed | undefined;
}

/**
 * Nodes that are equal, except perhaps in the elements of their constants. A group of one keeps its node in `only`, and the
 * constants of this node are not read.
 */
interface Group {
  only: Node | undefined;
  /** Made for the second node, because most groups have one. */
  byConstants: Map<string, Node> | undefined;
}

function mergeIn(graph: Graph, outer: Computed | undefined, table: Table, context: PassContext): void {
  const computed: Computed = { own: new Map(), outer };
  for (const node of graph.nodes()) {
    const { subgraphs } = node;
    for (const body of subgraphs) mergeIn(body, computed, table, context);
    if (subgraphs.length > 0 || !isDeterministic(node, context.view.facts)) continue;
    const key = keyOf(node, table.ids, context.view.facts);
    if (key === undefined) continue;
    const twin = twinOf(node, key, computed, table);
    if (twin === undefined) remember(node, key, computed, table);
    else mergeInto(twin, node, context);
  }
}

function twinOf(node: Node, key: string, computed: Computed, { tensors, facts }: Table): Node | undefined {
  for (let scope: Computed | undefined = computed; scope !== undefined; scope = scope.outer) {
    const group = scope.own.get(key);
    if (group === undefined) continue;
    const twin = readOnly(group, tensors, facts).get(constantsKey(node, tensors, facts));
    if (twin !== undefined) return twin;
  }
  return undefined;
}

function remember(node: Node, key: string, { own }: Computed, { tensors, facts }: Table): void {
  const group = own.get(key);
  if (group === undefined) own.set(key, { only: node, byConstants: undefined });
  else readOnly(group, tensors, facts).set(constantsKey(node, tensors, facts), node);
}

/** The nodes of the group, of which the first one's constants are read once there is a second to compare it with. */
function readOnly(group: Group, tensors: TensorIndex, facts: Facts): Map<string, Node> {
  group.byConstants ??= new Map();
  if (group.only !== undefined) group.byConstants.set(constantsKey(group.only, tensors, facts), group.only);
  group.only = undefined;
  return group.byConstants;
}

function mergeInto(kept: Node, node: Node, context: PassContext): void {
  const pairs = node.outputs.flatMap((value, index) => {
    const twin = kept.output(index);
    return value === null || twin === undefined ? [] : [{ value, twin }];
  });
  const named = pairs.filter(({ value, twin }) => !canReplace(value, twin));
  const isFewer = named.length === 0 || (named.length === 1 && !node.is("Identity"));
  if (!isFewer || named.some(({ value }) => value.isPinned)) {
    context.refused(node, whyKept(kept, node));
    return;
  }
  context.attempt(node, {
    kind: "rewrite",
    summary: `${node.label} repeats ${kept.label}${named.length > 0 ? " and becomes an Identity" : ""}`,
    apply: (rewriter) => {
      for (const { value, twin } of pairs) {
        if (canReplace(value, twin)) rewriter.replaceUses(value, twin);
        else giveAs(rewriter, node, value, twin);
      }
      rewriter.removeNode(node);
    },
  });
}

/** Gives the twin a second name, by which callers see it; all others read the twin itself. */
function giveAs(rewriter: Rewriter, node: Node, value: Value, twin: Value): void {
  const graph = present(node.graph, `${node.label} is removed`);
  for (const use of [...value.uses]) if (use.kind === "node") rewriter.setInput(use.node, use.index, twin);
  const init = { opType: "Identity", inputs: [twin], outputs: [graph.freshName(value.name)] };
  rewriter.supersede(
    value,
    present(rewriter.addNode(graph, init, node).output(0), "an Identity has an output"),
  );
}

function whyKept(kept: Node, node: Node): Refusal {
  if (kept.graph !== node.graph) return refusals.repetitionIsBodyOutput(kept.label);
  return refusals.repetitionHasOutputName(kept.label);
}

/** Equal for nodes that differ at most in the elements of their constants; undefined where attributes cannot be compared. */
function keyOf(node: Node, ids: Map<Value, number>, facts: Facts): string | undefined {
  let key = field(node.domain ?? "") + field(node.opType) + field(node.overload ?? "");
  const inputs = inputsOf(node).map((value) => (value === null ? "," : `${inputKey(value, ids)},`));
  key += (commutes(node, facts) ? inputs.sort() : inputs).join("");
  key += ">";
  for (const value of node.outputs) key += value === null ? "," : "o,";
  if (node.attributes.size === 0) return key;
  const attributes: string[] = [];
  for (const attr of effectiveAttributes(node, facts)) {
    const text = attributeKey(attr);
    if (text === undefined) return undefined;
    attributes.push(field(attr.name) + field(text));
  }
  return key + attributes.sort().join("");
}

/** The inputs up to the last that is given: one left out at the end may be written or not. */
function inputsOf(node: Node): readonly (Value | null)[] {
  return node.inputs.slice(0, node.inputs.findLastIndex((value) => value !== null) + 1);
}

/** Whether its operands may change places: of Max and Min of floats, -0 and NaN depend on the order. */
function commutes(node: Node, facts: Facts): boolean {
  if (!hasTrait(node, "commutative") || facts.isCall(node) || (facts.opset(node) ?? 0) < 7) return false;
  const output = node.output(0);
  const dtype = output && facts.dtype(output);
  return hasTrait(node, "arithmetic") || (dtype !== undefined && !isFloat(dtype));
}

/** The text with its length in front, so that texts in a row cannot be confused. */
function field(text: string): string {
  return `${text.length}:${text}`;
}

function inputKey(value: Value, ids: Map<Value, number>): string {
  const tensor = constantTensor(value);
  if (tensor !== undefined) return kindOf(tensor);
  let id = ids.get(value);
  if (id === undefined) {
    id = ids.size;
    ids.set(value, id);
  }
  return `#${id}`;
}

/** Equal for nodes of one key whose constants are equal. */
function constantsKey(node: Node, tensors: TensorIndex, facts: Facts): string {
  const attributes = [...node.attributes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const idOf = (tensor: Tensor | undefined): string =>
    tensor === undefined ? "" : String(tensors.idOf(tensor));
  const inputs = inputsOf(node).map((value, index) => {
    const axes = axesOfInput(index, node, facts);
    return axes === undefined ? idOf(constantTensor(value ?? undefined)) : `axes ${axes.join(" ")}`;
  });
  const held = attributes.flatMap((attr) => (attr.kind === "tensor" ? [idOf(attr.value)] : []));
  return [...(commutes(node, facts) ? inputs.sort() : inputs), ...held].join();
}
