import { present } from "../src/base/assert.js";
import { plural } from "../src/base/plural.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { canReplace, type Graph, type Node, type Value } from "../src/ir/graph.js";
import { bestTurn, growRegion, type Region, sourceOrder, type Turn } from "../src/relayout/region.js";
import type { Pass, PassContext, Proposal } from "../src/rewrite/pass.js";
import { type Rewriter, replacementBlocked } from "../src/rewrite/rewriter.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";
import {
  composed,
  inverse,
  isIdentity,
  leavesAlone,
  type Permutation,
  permutationOf,
  permuteTensor,
  samePermutation,
} from "../src/rules/layout/permutation.js";

const SENTENCES = {
  noFewerTransposes: (changed: number, because: string): string => {
    const others = changed === 0 ? "" : ` with ${plural(changed, "operator")} in another order`;
    return `no fewer Transposes would be left${others}${because === "" ? "" : `: ${because}`}`;
  },
} as const;

/** Why a Transpose stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Let operators work in the axis order of the operators around them, where that leaves fewer Transposes.
 *
 *   before   a = Transpose <perm = [0, 2, 3, 1]> (c)  r = Relu(a)  s = Add(r, bias)
 *            y = Transpose <perm = [0, 3, 1, 2]> (s)
 *   after    r = Relu(c)  y = Add(r, bias')
 *
 * From each Transpose on, all operators that would follow a change of the axis order are gathered into a region: elementwise ones with
 * their broadcast operands, and those that name axes (Concat, Split, Slice, Pad, Softmax, reductions, Squeeze, Gather, ...;
 * src/ops/layout.ts has them all). A minimum cut finds which of them to change so that the fewest Transposes
 * are left, in the region and at its border. Gemm takes a Transpose into transA and transB, a product behind a flattening
 * Reshape takes it into the order of its weight's rows. Two Transposes in a row become one or none.
 *
 * Requires   permutations known, and ranks along the way
 * Refuses    where the number of Transposes does not fall; pinned values; names of graph outputs that cannot move
 * Numerics   rounding: a reduction may sum in another order
 */
export const eliminateTransposes: Pass = {
  kind: "procedure",
  name: "eliminate-transposes",
  summary: "Operators between Transposes work in the other order of axes where fewer Transposes remain",
  before: "a = Transpose <perm = [0, 2, 3, 1]> (c)  r = Relu(a)  y = Transpose <perm = [0, 3, 1, 2]> (r)",
  after: "y = Relu(c)",
  numerics: "rounding",
  order: "any place",
  refusals,
  run: (context) => {
    for (const graph of context.view.model.graphs()) while (sweep(graph, context));
  },
};

/** Looks at every Transpose once; true when something was changed. */
function sweep(graph: Graph, context: PassContext): boolean {
  const { facts } = context.view;
  let changed = false;
  /** The axis orders of values in the regions seen so far: starting from one of them, the same region would grow. */
  const seen = new Map<Value, Permutation>();
  for (const node of graph.nodes()) {
    if (!node.is("Transpose") || facts.isCall(node)) continue;
    const [input, output] = [node.input(0), node.output(0)];
    if (input === undefined || output === undefined || output.uses.size === 0) continue;
    const perm = permutationOf(node, facts);
    if (isRefusal(perm)) {
      context.refused(node, perm);
      continue;
    }
    const simpler = withoutTransposeBefore(node, input, output, perm, facts);
    if (simpler !== undefined) {
      if (context.attempt(node.key, simpler)) changed = true;
      continue;
    }
    for (const [value, order] of [
      [output, inverse(perm)],
      [input, perm],
    ] as const) {
      if (constantTensor(value) !== undefined) continue;
      const known = seen.get(value);
      if (known !== undefined && samePermutation(known, order)) continue;
      const region = growRegion(graph, value, order, facts);
      for (const [each, wanted] of region.orders) seen.set(each, wanted);
      const turn = bestTurn(region, facts);
      if (turn === undefined) context.refused(node, whyKept(region));
      else if (context.attempt(node.key, proposal(turn, facts))) {
        changed = true;
        break;
      }
    }
  }
  return changed;
}

function whyKept({ border, plans }: Region): Refusal {
  return refusals.noFewerTransposes(plans.size, border[0]?.reason ?? "");
}

/** The rewrite for a Transpose that changes nothing, or that stands right behind another. */
function withoutTransposeBefore(
  node: Node,
  input: Value,
  output: Value,
  perm: Permutation,
  facts: Facts,
): Proposal | undefined {
  const first = sourceOrder(input, facts);
  const source = first === undefined ? input : (input.producer?.input(0) ?? input);
  const whole = first === undefined ? perm : composed(first, perm);
  const shape = facts.shape(source);
  if (isIdentity(whole) || leavesAlone(whole, shape)) {
    if (replacementBlocked(output, source) !== undefined) return undefined;
    return {
      kind: "rewrite",
      summary: `${node.label} gives back "${source.name}" and is removed`,
      apply: (rewriter) => {
        rewriter.replaceUses(output, source);
        rewriter.removeNode(node);
        removeUnread(rewriter, input.producer);
      },
    };
  }
  if (first === undefined || input.producer === undefined) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} takes in ${input.producer.label}`,
    apply: (rewriter) => {
      rewriter.setInput(node, 0, source);
      rewriter.setAttribute(node, "perm", whole);
      removeUnread(rewriter, input.producer);
    },
  };
}

function removeUnread(rewriter: Rewriter, node: Node | undefined): void {
  if (!node?.is("Transpose") || node.graph === undefined) return;
  if (node.output(0)?.uses.size === 0) rewriter.removeNode(node);
}

function proposal(turn: Turn, facts: Facts): Proposal {
  const { nodes, gain } = turn;
  const [first] = nodes;
  const others = nodes.size === 1 ? "" : ` and ${nodes.size - 1} more`;
  return {
    kind: "rewrite",
    summary: `${plural(gain, "Transpose")} fewer: ${first?.label ?? "nothing"}${others} in another order of axes`,
    apply: (rewriter) => new Turner(turn, rewriter, facts).run(),
  };
}

/** Carries out a turn: makes each node anew in the other axis order, and transposes values back where readers need the old one. */
class Turner {
  readonly #region: Region;
  readonly #nodes: ReadonlySet<Node>;
  readonly #rewriter: Rewriter;
  readonly #facts: Facts;
  /** Outputs of changed nodes: the new value of each, and its axis order. */
  readonly #turned = new Map<Value, { readonly value: Value; readonly order: Permutation }>();
  readonly #transposed = new Map<Value, { readonly order: Permutation; readonly value: Value }[]>();
  readonly #sources = new Set<Node>();

  constructor({ region, nodes }: Turn, rewriter: Rewriter, facts: Facts) {
    this.#region = region;
    this.#nodes = nodes;
    this.#rewriter = rewriter;
    this.#facts = facts;
  }

  run(): void {
    const order = inOrder(this.#nodes);
    const results = order.map((node) => ({ node, result: this.#remake(node) }));
    for (const { node, result } of results.reverse()) {
      for (const [index, old] of node.outputs.entries()) {
        const made = result.output(index);
        if (old !== null && made !== undefined) this.#handOver(node, old, made);
      }
      this.#rewriter.removeNode(node);
    }
    for (const source of this.#sources) removeUnread(this.#rewriter, source);
  }

  #remake(node: Node): Node {
    const { graph } = this.#region;
    const plan = present(this.#region.plans.get(node), "a changed node has a plan");
    const inputs = node.inputs.map((value, index) => {
      const order = plan.inputs.get(index);
      return value === null || order === undefined ? value : this.#inOrder(value, order, node);
    });
    for (const [index, tensor] of plan.constants ?? []) {
      while (inputs.length <= index) inputs.push(null);
      const base = node.input(index)?.name ?? `${node.key}_${index}`;
      inputs[index] = this.#rewriter.addConstant(graph, base, tensor, node);
    }
    const result = this.#rewriter.addNode(
      graph,
      {
        opType: plan.opType ?? node.opType,
        domain: node.domain,
        overload: node.overload,
        name: node.name,
        docString: node.docString,
        metadata: node.metadata,
        unknown: node.unknown,
        inputs,
        outputs: node.outputs.map((value) =>
          value === null ? null : graph.freshName(`${value.name.replace(/_turned(_\d+)?$/, "")}_turned`),
        ),
        attributes: [...node.attributes.values()],
      },
      node,
    );
    for (const [name, init] of Object.entries(plan.attributes ?? {})) {
      if (init === undefined) this.#rewriter.removeAttribute(result, name);
      else this.#rewriter.setAttribute(result, name, init);
    }
    for (const { node: reader, index, tensor } of plan.elsewhere ?? []) {
      this.#rewriter.setConstant(reader, index, tensor, reader.key);
    }
    for (const [index, order] of plan.outputs) {
      const [old, value] = [node.output(index), result.output(index)];
      if (old !== undefined && value !== undefined) this.#turned.set(old, { value, order });
    }
    return result;
  }

  /** The value in another axis order; new nodes for it are placed before `reader`. */
  #inOrder(value: Value, order: Permutation, reader: Node): Value {
    const turned = this.#turned.get(value);
    if (turned !== undefined) {
      return this.#transpose(turned.value, composed(inverse(turned.order), order), value.producer ?? reader);
    }
    const tensor = constantTensor(value);
    if (tensor !== undefined) {
      const lead = new Array<number>(order.length - tensor.dims.length).fill(1);
      const permuted = permuteTensor(tensor.reshaped([...lead, ...tensor.dims]), order);
      if (permuted !== undefined) return this.#constant(value, order, reader, () => permuted);
    }
    const source = sourceOrder(value, this.#facts);
    const from = value.producer?.input(0);
    if (source === undefined || from === undefined || value.producer === undefined) {
      const isLocal = value.graph === this.#region.graph && value.producer !== undefined;
      return this.#transpose(value, order, isLocal ? value.producer.next : this.#region.graph.first);
    }
    this.#sources.add(value.producer);
    const before = value.graph === this.#region.graph ? value.producer : this.#region.graph.first;
    return this.#transpose(from, composed(source, order), before);
  }

  #known(value: Value, order: Permutation): Value | undefined {
    return this.#transposed.get(value)?.find((made) => samePermutation(made.order, order))?.value;
  }

  #remember(value: Value, order: Permutation, made: Value): Value {
    this.#transposed.set(value, [...(this.#transposed.get(value) ?? []), { order, value: made }]);
    return made;
  }

  #constant(
    value: Value,
    order: Permutation,
    reader: Node,
    make: () => NonNullable<ReturnType<typeof permuteTensor>>,
  ): Value {
    const { graph } = this.#region;
    // In a function body, a Constant node serves only the nodes behind it.
    const known = graph.isFunctionBody ? undefined : this.#known(value, order);
    if (known !== undefined) return known;
    return this.#remember(value, order, this.#rewriter.addConstant(graph, value.name, make(), reader));
  }

  #transpose(value: Value, perm: Permutation, before: Node | undefined): Value {
    if (isIdentity(perm)) return value;
    const known = this.#known(value, perm);
    if (known !== undefined) return known;
    const { graph } = this.#region;
    const node = this.#rewriter.addNode(
      graph,
      {
        opType: "Transpose",
        inputs: [value],
        outputs: [graph.freshName(`${value.name}_transposed`)],
        attributes: { perm },
      },
      before,
    );
    return this.#remember(value, perm, present(node.output(0), "Transpose has an output"));
  }

  /** Readers of an old output get the new one, transposed back where they need the old order. */
  #handOver(node: Node, old: Value, made: Value): void {
    const turned = this.#turned.get(old);
    if (turned === undefined) {
      this.#rewriter.supersede(old, made);
      return;
    }
    for (const reader of old.users) this.#cancel(reader, old, turned.value, turned.order);
    if (old.uses.size === 0) return;
    this.#rewriter.supersede(old, this.#transpose(made, inverse(turned.order), node));
  }

  /** A Transpose of the old value becomes a Transpose of the new one, or the new value itself. */
  #cancel(reader: Node, old: Value, value: Value, order: Permutation): void {
    const result = reader.output(0);
    if (!reader.is("Transpose") || reader.graph !== this.#region.graph || result === undefined) return;
    const perm = permutationOf(reader, this.#facts);
    if (isRefusal(perm) || reader.input(0) !== old) return;
    const whole = composed(inverse(order), perm);
    if (!isIdentity(whole)) {
      this.#rewriter.setInput(reader, 0, value);
      this.#rewriter.setAttribute(reader, "perm", whole);
    } else if (canReplace(result, value)) {
      this.#rewriter.replaceUses(result, value);
      this.#rewriter.removeNode(reader);
    }
  }
}

/** The nodes, each behind those that it reads. */
function inOrder(nodes: ReadonlySet<Node>): Node[] {
  const waiting = new Map<Node, number>();
  for (const node of nodes) {
    const producers = new Set(node.inputs.flatMap((value) => value?.producer ?? []));
    waiting.set(node, [...producers].filter((producer) => nodes.has(producer)).length);
  }
  const order = [...nodes].filter((node) => waiting.get(node) === 0);
  for (const node of order) {
    const readers = new Set(node.outputs.flatMap((value) => value?.users ?? []));
    for (const reader of readers) {
      const left = waiting.get(reader);
      if (left === undefined) continue;
      waiting.set(reader, left - 1);
      if (left === 1) order.push(reader);
    }
  }
  return order;
}
