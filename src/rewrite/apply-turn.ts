import { present } from "../base/assert.js";
import { isRefusal } from "../base/refusal.js";
import { canReplace, initOf, type Node, type Value } from "../ir/graph.js";
import { type Region, sourceOrder, type Turn } from "../relayout/region.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import {
  composed,
  inverse,
  isIdentity,
  type Permutation,
  permutationOf,
  permuteTensor,
  samePermutation,
} from "../rules/layout/permutation.js";
import type { Rewriter } from "./rewriter.js";

/** Carries out a plan of bestTurn. */
export function applyTurn(turn: Turn, rewriter: Rewriter, facts: Facts): void {
  new Turner(turn, rewriter, facts).run();
}

/** Removes a Transpose that nothing reads any more. */
export function removeUnreadTranspose(rewriter: Rewriter, node: Node | undefined): void {
  if (!node?.is("Transpose") || node.graph === undefined) return;
  if (node.output(0)?.uses.size === 0) rewriter.removeNode(node);
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
    for (const source of this.#sources) removeUnreadTranspose(this.#rewriter, source);
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
        ...initOf(node),
        opType: plan.opType ?? node.opType,
        inputs,
        outputs: node.outputs.map((value) =>
          value === null ? null : graph.freshName(`${value.name.replace(/_turned(_\d+)?$/, "")}_turned`),
        ),
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
