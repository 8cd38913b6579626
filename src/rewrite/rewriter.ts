import { invariant } from "../base/assert.js";
import type { Refusal } from "../base/refusal.js";
import type { AttributeInit } from "../ir/attribute.js";
import { attribute } from "../ir/attribute.js";
import { canReplace, canTakeName, type Graph, type Node, type NodeInit, type Value } from "../ir/graph.js";
import { refusals as irRefusals } from "../ir/refusals.js";
import type { Tensor } from "../ir/tensor.js";
import { spellOut } from "../ops/spell-out.js";
import type { Facts } from "../rules/facts.js";
import { refusals } from "./refusals.js";

/**
 * The most readers of a value that are looked at again when it changes. The readers of a value with more wait for the next
 * round: twenty thousand branches that change one after the other would each cause a look at all.
 */
const MANY = 64;

/**
 * The only way passes change a graph. It remembers which nodes a change may have given new chances to, so that the
 * driver looks at those again and at no others.
 */
export class Rewriter {
  /** Net change in nodes since the rewriter was made. */
  nodeDelta = 0;
  /** The constants that were added or got other elements, with the bytes that they had before. */
  readonly constants: Map<Value, number> = new Map();
  readonly #touched = new Set<Node>();
  readonly #facts: Facts;

  /** The rewriter reports to `facts` constants that are replaced in place and values that replace others. */
  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Gives the nodes to look at again, and forgets them. */
  takeTouched(): Node[] {
    const nodes = [...this.#touched].filter((node) => node.graph !== undefined);
    this.#touched.clear();
    return nodes;
  }

  #touch(value: Value | null): void {
    if (value === null) return;
    if (value.producer !== undefined) this.#touched.add(value.producer);
    if (value.uses.size > MANY) return;
    for (const user of value.users) this.#touched.add(user);
  }

  /** A new node in `graph`, in front of `before` or at the end, with the defaults that other readers do not know. */
  addNode(graph: Graph, init: NodeInit, before?: Node): Node {
    const node = graph.addNode(init, before);
    this.#spellOut(node);
    this.nodeDelta++;
    this.#touched.add(node);
    for (const value of [...node.inputs, ...node.outputs]) this.#touch(value);
    return node;
  }

  #spellOut(node: Node): void {
    // A function of the model may bear an operator's name, and has attributes of its own.
    if (!this.#facts.isCall(node)) spellOut(node, this.#facts.opset(node));
  }

  /** Removes a node whose outputs are unused; its inputs' producers are looked at again. */
  removeNode(node: Node): void {
    const inputs = [...node.inputs];
    const graph = node.graph;
    invariant(graph !== undefined, `${node.label} is removed already`);
    graph.removeNode(node);
    this.nodeDelta--;
    for (const value of inputs) this.#touch(value);
  }

  /** Moves a node up or down its graph; its inputs must be defined before its new place. */
  moveBefore(node: Node, before: Node): void {
    invariant(node.graph !== undefined, `${node.label} is removed`);
    if (node !== before) node.graph.moveBefore(node, before);
  }

  /** Gives a node another value as its input; null leaves an optional one out. */
  setInput(node: Node, index: number, value: Value | null): void {
    const old = node.inputs[index] ?? null;
    this.#touch(old);
    if (old !== null && value !== null) this.#facts.replaced(old, value);
    node.setInput(index, value);
    this.#touched.add(node);
    this.#touch(value);
  }

  /** Takes the last of any number of inputs off a node. */
  removeLastInput(node: Node): void {
    const last = node.inputs.at(-1);
    node.removeLastInput();
    this.#touched.add(node);
    this.#touch(last ?? null);
  }

  /** Leaves out an optional input; the list ends with the last one that is given. */
  leaveOut(node: Node, index: number): void {
    this.setInput(node, index, null);
    node.setInputs(node.inputs.slice(0, node.inputs.findLastIndex((value) => value !== null) + 1));
  }

  /** Sets or replaces an attribute. */
  setAttribute(node: Node, name: string, init: AttributeInit): void {
    node.set(attribute(name, init));
    this.#spellOut(node);
    this.#touched.add(node);
  }

  /** Lets the default of an attribute hold. */
  removeAttribute(node: Node, name: string): void {
    node.unset(name);
    this.#spellOut(node);
    this.#touched.add(node);
  }

  /**
   * A new constant in `graph`, named `base` or close to it: an initializer, or in a function body, which has none, a
   * Constant node before `before`.
   */
  addConstant(graph: Graph, base: string, tensor: Tensor, before?: Node): Value {
    const name = graph.freshName(base);
    if (!graph.isFunctionBody) {
      const initializer = graph.addInitializer(name, tensor);
      this.constants.set(initializer, 0);
      return initializer;
    }
    const node = this.addNode(
      graph,
      { opType: "Constant", inputs: [], outputs: [name], attributes: { value: tensor } },
      before ?? graph.first,
    );
    const value = node.output(0);
    invariant(value !== undefined, "a Constant has an output");
    return value;
  }

  /**
   * Gives input `index` of `node` another constant. An initializer that only this input reads keeps its name; one that
   * others read too is left to them, and the node gets its own.
   */
  setConstant(node: Node, index: number, tensor: Tensor, base: string): void {
    const old = node.input(index);
    if (old?.tensor !== undefined && old.isConstant && old.uses.size === 1) {
      if (!this.constants.has(old)) this.constants.set(old, old.tensor.byteLength);
      old.replaceTensor(tensor);
      this.#facts.forget(old);
      this.#touched.add(node);
      return;
    }
    const home = old?.tensor !== undefined ? old.graph : node.graph;
    invariant(home !== undefined, `${node.label} is removed`);
    this.setInput(node, index, this.addConstant(home, old?.name ?? base, tensor, node));
  }

  /** Every use of `from` becomes a use of `to`, the same value under another name. */
  replaceUses(from: Value, to: Value): void {
    this.#facts.replaced(from, to);
    from.graph.replaceUses(from, to);
    this.#touch(to);
  }

  /**
   * `to` takes the place of `from`: its uses, its declaration, and its name, unless a body would then hide it or callers know
   * `to` by another name. `from` gets a temporary name until its node is removed.
   */
  supersede(from: Value, to: Value): void {
    invariant(!to.isGraphInput, `graph input "${to.name}" keeps its name`);
    const { name, info } = from;
    const alreadyNamed = from.isGraphOutput;
    this.#facts.replaced(from, to);
    from.graph.replaceUses(from, to);
    if (!alreadyNamed && !to.isGraphInput && !to.isGraphOutput) {
      to.info = info;
      if (canTakeName(from, to)) {
        from.rename(from.graph.freshName(`${name}_replaced`));
        to.rename(name);
      }
    }
    this.#touch(to);
  }
}

/** Why `from` cannot hand its place to `to`, or undefined when it can. */
export function replacementBlocked(from: Value, to: Value): Refusal | undefined {
  if (canReplace(from, to)) return undefined;
  if (from.pinnedBecause !== undefined) return irRefusals.valueIsPinned(from.name, from.pinnedBecause);
  return refusals.outputNameCannotMove(from.name, to.name);
}
