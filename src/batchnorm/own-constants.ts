import { createFacts } from "../analysis/fact-table.js";
import { matchesGlob } from "../base/glob.js";
import { type ReferenceTensor, referenceFromTensor, reshape, transpose } from "../float64/tensor.js";
import type { Graph, Node, Use, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { prune, removeUnusedConstants } from "./edit.js";
import { errors } from "./errors.js";

/**
 * Constants that are one in the file and several in the network. Exporters merge equal tensors: PyTorch's lets a layer read another
 * layer's tensor, directly or through an Identity, and a new network's running means are all zeros.
 */

/** A constant that got numbers of its own. Plain data. */
export interface OwnConstant {
  /** Its name now. */
  readonly name: string;
  /** The constant that it was one with, and whose numbers it starts from. */
  readonly of: string;
}

/** Gives every BatchNormalization of the main graph a running mean and a running variance of its own, in place. */
export function ownStatistics(model: Model): readonly OwnConstant[] {
  const { graph } = model;
  const facts = createFacts(model);
  const made: OwnConstant[] = [];
  for (const node of [...graph.nodes()]) {
    if (!node.is("BatchNormalization")) continue;
    for (const index of [3, 4]) {
      const value = node.input(index);
      const root = constantBehind(value);
      if (value === undefined || root === undefined) continue;
      if (value === root && value.producer === undefined && readersOf(value).length === 1) continue;
      const own = copyOf(graph, value, root, facts);
      if (own === undefined) continue;
      node.setInput(index, own);
      if (value.producer !== undefined) prune(value.producer);
      takeName(own, value);
      made.push({ name: own.name, of: root.name });
    }
  }
  removeUnusedConstants(graph);
  return made;
}

/**
 * Parts constants that are one, in place: those whose name one of the patterns matches, with * and ?. A name is that of a copy (the
 * output of an Identity, Cast, Reshape or Transpose), or that of a constant, each of whose readers but the first gets a copy. Throws
 * NormfoldError "usage" for a pattern that matches neither.
 */
export function untieConstants(model: Model, patterns: readonly string[]): readonly OwnConstant[] {
  const { graph } = model;
  const facts = createFacts(model);
  const made: OwnConstant[] = [];
  const idle = new Set(patterns);
  const isNamed = (name: string): boolean => {
    const matching = patterns.filter((pattern) => pattern === "all" || matchesGlob(pattern, name));
    for (const pattern of matching) idle.delete(pattern);
    return matching.length > 0;
  };
  for (const { root, copies } of sharedConstants(graph)) {
    for (const copy of copies) {
      if (!isNamed(copy.name)) continue;
      const own = copyOf(graph, copy, root, facts);
      if (own === undefined) continue;
      for (const use of readersOf(copy)) use.node.setInput(use.index, own);
      if (copy.producer !== undefined) prune(copy.producer);
      takeName(own, copy);
      made.push({ name: own.name, of: root.name });
    }
    if (!isNamed(root.name)) continue;
    for (const use of readersOf(root)
      .filter(({ node }) => !isCopy(node))
      .slice(1)) {
      const own = copyOf(graph, root, root, facts);
      if (own === undefined) continue;
      use.node.setInput(use.index, own);
      made.push({ name: own.name, of: root.name });
    }
  }
  removeUnusedConstants(graph);
  const [pattern] = [...idle].filter((each) => each !== "all");
  if (pattern !== undefined) throw errors.globMatchesNoTiedConstant(pattern);
  return made;
}

/** The names that stand for one constant with several readers: its own first. */
export function tiedNames(graph: Graph): readonly (readonly string[])[] {
  return sharedConstants(graph).map(({ root, copies }) => [root.name, ...copies.map(({ name }) => name)]);
}

/** A floating-point constant that several nodes read, themselves or through copies. */
interface SharedConstant {
  readonly root: Value;
  /** The values that are the same constant in another form, which something else reads. */
  readonly copies: readonly Value[];
}

function sharedConstants(graph: Graph): readonly SharedConstant[] {
  const shared: SharedConstant[] = [];
  for (const root of graph.initializers) {
    const dtype = root.tensor?.dtype;
    if (dtype !== "float" && dtype !== "double" && dtype !== "float16" && dtype !== "bfloat16") continue;
    const copies: Value[] = [];
    let readers = 0;
    const pending = [root];
    for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
      const uses = readersOf(value);
      const plain = uses.filter(({ node }) => !isCopy(node));
      readers += plain.length;
      if (value !== root && plain.length > 0) copies.push(value);
      for (const { node, index } of uses) {
        const copy = isCopy(node) && index === 0 ? node.output(0) : undefined;
        if (copy !== undefined) pending.push(copy);
      }
    }
    if (readers > 1) shared.push({ root, copies });
  }
  return shared;
}

function readersOf(value: Value): readonly (Use & { readonly kind: "node" })[] {
  return [...value.uses].flatMap((use) => (use.kind === "node" ? [use] : []));
}

/** A node that gives its first input in another type, shape or order of axes. */
function isCopy(node: Node): boolean {
  return node.is("Identity", "Cast", "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Flatten");
}

/** The constant that a value is a copy of, or itself; undefined where it is computed otherwise. */
export function constantBehind(value: Value | undefined): Value | undefined {
  let at = value;
  while (at !== undefined) {
    if (at.tensor !== undefined || constantTensor(at) !== undefined) return at;
    const { producer } = at;
    at = producer !== undefined && isCopy(producer) ? producer.input(0) : undefined;
  }
  return undefined;
}

/** An initializer with the numbers of `value`; undefined where its type or shape is not known. */
function copyOf(graph: Graph, value: Value, root: Value, facts: Facts): Value | undefined {
  const tensor = root.tensor ?? constantTensor(root);
  const dtype = facts.dtype(value);
  if (tensor === undefined || dtype === undefined) return undefined;
  const numbers = value === root ? tensor : numbersOf(value, root, tensor, facts);
  return numbers === undefined ? undefined : graph.addInitializer(graph.freshName(value.name), numbers);
}

function numbersOf(value: Value, root: Value, stored: Tensor, facts: Facts): Tensor | undefined {
  const steps: Node[] = [];
  for (let at = value; at !== root; ) {
    const { producer } = at;
    const before = producer?.input(0);
    if (producer === undefined || before === undefined) return undefined;
    steps.unshift(producer);
    at = before;
  }
  const dtype = facts.dtype(value);
  if (steps.every((node) => node.is("Identity"))) return stored;
  let numbers: ReferenceTensor = referenceFromTensor(stored);
  for (const node of steps) {
    const result = node.output(0);
    const dims = result === undefined ? undefined : facts.staticShape(result);
    if (dims === undefined) return undefined;
    const reversed = [...dims.keys()].reverse();
    if (node.is("Transpose")) numbers = transpose(numbers, node.ints("perm")?.map(Number) ?? reversed);
    else if (!node.is("Identity", "Cast")) numbers = reshape(numbers, dims);
  }
  return dtype === undefined ? undefined : tensorFromNumbers(dtype, numbers.dims, numbers.data);
}

/** Gives the name of a value that is gone. */
function takeName(own: Value, { name }: Value): void {
  if (!own.graph.scope.isTaken(name)) own.rename(name);
}
