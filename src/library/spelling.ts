import { createFacts } from "../analysis/fact-table.js";
import { attributesEqual } from "../ir/equal.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasTrait, isStandardOperator } from "../ops/catalogue.js";
import type { Pass, PassInfo, Proposal, View } from "../rewrite/pass.js";
import type { Rewriter } from "../rewrite/rewriter.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { parseGraph } from "../text/parse.js";
import { errors } from "./errors.js";

/** An expression that is to be written otherwise. */
export interface Spelling extends Omit<PassInfo, "refusals" | "order"> {
  /**
   * The expression, as ONNX text: `g (x) => (y) { e = Exp(x)  y = Relu(e) }`. Its inputs stand for any values, its constants for
   * constants of the same type, sizes and, but for rounding, elements. It has one output.
   */
  readonly before: string;
  /** What takes its place, as ONNX text with the same names of inputs and output. */
  readonly after: string;
  /** The version of the operator set of both texts, from which on the spelling is put in. Default 17. */
  readonly opset?: number;
}

/**
 * A pass that puts one expression in the place of another, by example. Operands of commutative operators may stand in either
 * order; an expression of which something outside reads a value inside stays as it is. The check judges its rewrites as it
 * does all others. Throws NormfoldError "invalid" for texts that are none, "usage" for those that do not belong together.
 */
export function defineSpelling({ opset = 17, ...info }: Spelling): Pass {
  const [before, after] = [parseGraph(info.before, { opset }), parseGraph(info.after, { opset })];
  const pattern = patternOf(info.name, before, after);
  const { opType } = pattern.root;
  if (!isStandardOperator(opType)) throw errors.spellingHasNoNode(info.name);
  return {
    ...info,
    kind: "rules",
    rules: [{ operators: [opType], match: (node, view) => match(node, view, pattern, opset) }],
  };
}

/** Both texts as graphs. */
interface Pattern {
  readonly name: string;
  readonly facts: Facts;
  /** The node that gives the result. */
  readonly root: Node;
  readonly after: Graph;
}

function patternOf(name: string, before: Model, after: Model): Pattern {
  const names = ({ graph }: Model): string =>
    [...graph.inputs, ...graph.outputs].map((value) => value.name).join(", ");
  if (names(before) !== names(after) || before.graph.outputs.length !== 1)
    throw errors.spellingsDiffer(name, names(before), names(after));
  const root = before.graph.outputs[0]?.producer;
  if (root === undefined || root.outputs.length > 1 || after.graph.outputs[0]?.producer === undefined)
    throw errors.spellingHasNoNode(name);
  return { name, facts: createFacts(before), root, after: after.graph };
}

/** What stands for what: values of the model by values of the pattern, and the nodes that are covered. */
interface Found {
  readonly values: ReadonlyMap<Value, Value>;
  readonly nodes: ReadonlySet<Node>;
}

function match(node: Node, view: View, pattern: Pattern, opset: number): Proposal | undefined {
  const output = node.output(0);
  if (output === undefined || (view.facts.opset(node) ?? 0) < opset) return undefined;
  const found = new Matching(view.facts, pattern.facts, node).node(node, pattern.root, {
    values: new Map(),
    nodes: new Set(),
  });
  if (found === undefined || isReadOutside(found, node)) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} with what leads to it is written otherwise`,
    apply: (rewriter) => write(rewriter, node, output, pattern, found),
  };
}

/** Lays a pattern over a model, from its last node on. */
class Matching {
  readonly #facts: Facts;
  readonly #patternFacts: Facts;
  readonly #root: Node;

  constructor(facts: Facts, patternFacts: Facts, root: Node) {
    this.#facts = facts;
    this.#patternFacts = patternFacts;
    this.#root = root;
  }

  node(actual: Node, wanted: Node, found: Found): Found | undefined {
    const isSame = actual.opType === wanted.opType && actual.domain === wanted.domain;
    if (!isSame || actual.graph !== this.#root.graph || actual.hasReferences || this.#facts.isCall(actual))
      return undefined;
    if (!haveSameAttributes(actual, wanted) || actual.inputs.length !== wanted.inputs.length)
      return undefined;
    const covered = { ...found, nodes: new Set([...found.nodes, actual]) };
    const inOrder = this.#inputs(actual.inputs, wanted.inputs, covered);
    if (inOrder !== undefined || actual.inputs.length !== 2 || !hasTrait(wanted, "commutative"))
      return inOrder;
    return this.#inputs([...actual.inputs].reverse(), wanted.inputs, covered);
  }

  #inputs(
    actual: readonly (Value | null)[],
    wanted: readonly (Value | null)[],
    found: Found,
  ): Found | undefined {
    let all: Found | undefined = found;
    for (const [index, each] of wanted.entries()) {
      const value = actual[index] ?? null;
      if (each === null || value === null) all = each === value ? all : undefined;
      else all = all && this.#value(value, each, all);
    }
    return all;
  }

  #value(actual: Value, wanted: Value, found: Found): Found | undefined {
    const known = found.values.get(wanted);
    if (known !== undefined) return known === actual ? found : undefined;
    const bound = { ...found, values: new Map([...found.values, [wanted, actual]]) };
    if (constantTensor(wanted) !== undefined) return this.#areSame(actual, wanted) ? bound : undefined;
    const { producer } = wanted;
    if (producer === undefined) return bound;
    const index = producer.outputs.indexOf(wanted);
    return actual.producer?.output(index) === actual
      ? this.node(actual.producer, producer, bound)
      : undefined;
  }

  #areSame(actual: Value, wanted: Value): boolean {
    const [tensor, like] = [constantTensor(actual), constantTensor(wanted)];
    if (tensor === undefined || tensor.dtype !== like?.dtype) return false;
    if (tensor.dims.length !== like.dims.length || tensor.dims.some((dim, i) => dim !== like.dims[i]))
      return false;
    const [elements, others] = [this.#facts.numbers(actual), this.#patternFacts.numbers(wanted)];
    return elements?.every((element, i) => isNear(element, others?.[i] ?? Number.NaN)) === true;
  }
}

/** Relative difference of two roundings of one constant to float. */
const ROUNDING = 5e-7;

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b));
}

function haveSameAttributes(actual: Node, wanted: Node): boolean {
  if (actual.attributes.size !== wanted.attributes.size) return false;
  return [...wanted.attributes].every(([name, attribute]) => {
    const other = actual.attributes.get(name);
    return other !== undefined && attributesEqual(other, attribute);
  });
}

/** Whether something else reads a value inside, which would have to be computed all the same. */
function isReadOutside({ nodes }: Found, root: Node): boolean {
  return [...nodes].some((node) => {
    if (node === root) return false;
    return node.outputs.some((value) => {
      if (value === null) return false;
      return value.isPinned || [...value.uses].some((use) => use.kind !== "node" || !nodes.has(use.node));
    });
  });
}

function write(rewriter: Rewriter, node: Node, output: Value, { root, after }: Pattern, found: Found): void {
  const { graph } = node;
  if (graph === undefined) return;
  const made = new Map<Value, Value>();
  const before = root.graph;
  for (const [index, input] of after.inputs.entries()) {
    const stands = found.values.get(before?.inputs[index] ?? input);
    if (stands !== undefined) made.set(input, stands);
  }
  const valueFor = (value: Value): Value => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const tensor = constantTensor(value);
    if (tensor === undefined) throw errors.spellingHasNoNode(value.name);
    const constant = rewriter.addConstant(graph, value.name, tensor, node);
    made.set(value, constant);
    return constant;
  };
  for (const each of after.nodes()) {
    if (each.is("Constant")) continue;
    const inputs = each.inputs.map((value) => (value === null ? null : valueFor(value)));
    const outputs = each.outputs.map((value) => (value === null ? null : graph.freshName(value.name)));
    const { opType, domain } = each;
    const attributes = [...each.attributes.values()];
    const added = rewriter.addNode(graph, { opType, domain, inputs, outputs, attributes }, node);
    for (const [index, value] of each.outputs.entries()) {
      const result = added.output(index);
      if (value !== null && result !== undefined) made.set(value, result);
    }
  }
  const result = made.get(after.outputs[0] ?? output);
  if (result !== undefined) rewriter.supersede(output, result);
  rewriter.removeNode(node);
}
