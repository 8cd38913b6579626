import { present } from "../base/assert.js";
import type { NormfoldError } from "../base/errors.js";
import { isRefusal } from "../base/refusal.js";
import type { Builder } from "../ir/builder.js";
import { capturesOf } from "../ir/captures.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { standardOperator } from "../ops/catalogue.js";
import { gradientRule } from "../ops/gradient.js";
import type { Facts } from "../rules/facts.js";
import type { GradientContext } from "../rules/gradient/rule.js";
import { addGradients, zerosLike } from "../rules/gradient/support.js";
import { errors } from "./errors.js";
import { isDifferentiable, reachFrom } from "./reach.js";
import { withOutput } from "./widen.js";

/** What to differentiate, by what, and where to write it. */
export interface GraphDifferentiation {
  /** Facts of the graph's model. */
  readonly facts: Facts;
  /** Writes to the end of the graph that is differentiated. */
  readonly build: Builder;
  /** Values of the graph, each with the gradient that it starts from, in the same shape. */
  readonly seeds: ReadonlyMap<Value, Value>;
  /** The values whose gradients are asked for: inputs, initializers, outputs of nodes. */
  readonly wrt: readonly Value[];
  /**
   * Receives the forward values that were replaced, each with the one in its place: a rule may give its node one more
   * output, and then all outputs of the node are new objects.
   */
  readonly renewed?: Map<Value, Value>;
}

/**
 * Appends the gradients of sum(seed * value) over all seeds to the graph, in reverse mode, and gives them by the values
 * of `wrt`, each in the shape of its value. A value that no seed depends on gets zeros.
 *
 * Integers and booleans carry no gradient, unless a quantization made them, and neither do operators that are constant
 * wherever they have a derivative (Floor, Sign, Round): the values before them get no gradient from there, as in
 * PyTorch.
 *
 * Throws NormfoldError "unsupported" for a node without a rule, or whose rule refuses (the
 * refusal is the cause), and "usage" for a value of `wrt` that is not of a floating-point type. The graph is then half
 * edited, so pass a copy.
 */
export function differentiateGraph(options: GraphDifferentiation): Map<Value, Value> {
  const { facts, build, seeds, wrt } = options;
  for (const value of wrt) {
    if (!isDifferentiable(facts, value)) throw errors.valueHasNoGradient(value.name, facts.dtype(value));
  }
  const sweep = new Sweep(build, facts, options.renewed ?? new Map(), reachFrom(build.graph, wrt, facts));
  for (const [value, gradient] of seeds) sweep.contribute(value, gradient);
  const last = build.graph.last;
  const forward = last === undefined ? [] : nodesBackFrom(lastForward(build.graph, seeds) ?? last);
  for (const node of forward) sweep.visit(node);
  return new Map(
    wrt.map((value) => [value, sweep.total(value) ?? zerosLike({ facts, build }, value)] as const),
  );
}

/** The last node that computes a seeded value. Nodes after it have no gradient. */
function lastForward(graph: Graph, seeds: ReadonlyMap<Value, Value>): Node | undefined {
  const producers = new Set([...seeds.keys()].map((value) => value.producer));
  for (let node = graph.last; node !== undefined; node = node.previous) if (producers.has(node)) return node;
  return undefined;
}

function* nodesBackFrom(start: Node): Generator<Node, void, undefined> {
  for (let node: Node | undefined = start; node !== undefined; ) {
    // A visit may replace the node by one with more outputs.
    const before: Node | undefined = node.previous;
    yield node;
    node = before;
  }
}

/** One walk over the nodes, from the last to the first. */
class Sweep {
  readonly #build: Builder;
  readonly #facts: Facts;
  readonly #renewed: Map<Value, Value>;
  /** The values on a way from one of `wrt`. Gradients of others are not needed. */
  readonly #active: ReadonlySet<Value>;
  /** The gradients from the readers of each value, until they are added up. */
  readonly #parts = new Map<Value, Value[]>();

  constructor(build: Builder, facts: Facts, renewed: Map<Value, Value>, active: ReadonlySet<Value>) {
    this.#build = build;
    this.#facts = facts;
    this.#renewed = renewed;
    this.#active = active;
  }

  /** Notes the gradient that one reader of a value gives. */
  contribute(value: Value, gradient: Value): void {
    if (!this.isActive(value)) return;
    const parts = this.#parts.get(value);
    if (parts === undefined) this.#parts.set(value, [gradient]);
    else parts.push(gradient);
  }

  isActive(value: Value): boolean {
    return this.#active.has(value);
  }

  /** The whole gradient of a value whose readers were all visited. */
  total(value: Value): Value | undefined {
    const parts = this.#parts.get(value);
    if (parts === undefined) return undefined;
    const sum = addGradients(this.#build, parts);
    if (sum !== undefined && parts.length > 1) this.#parts.set(value, [sum]);
    return sum;
  }

  visit(node: Node): void {
    const active = node.inputs.map((value) => value !== null && this.isActive(value));
    const captures = capturesOf(node).filter((value) => this.isActive(value));
    if (!active.includes(true) && captures.length === 0) return;
    const gradients = node.outputs.map((value) => (value === null ? undefined : this.total(value)));
    if (gradients.every((gradient) => gradient === undefined)) return;
    const rule = gradientRule(node, this.#facts);
    if (rule === undefined) throw this.#missing(node);
    const context = this.#contextOf(node, active, captures, gradients);
    const results = rule(context);
    if (isRefusal(results)) {
      throw errors
        .gradientRuleRefuses(node.opType, results.reason)
        .at({ element: node.label })
        .because(results);
    }
    results.forEach((gradient, index) => {
      // The rule may have replaced this node.
      const input = context.node.input(index);
      if (gradient !== undefined && input !== undefined && active[index]) this.contribute(input, gradient);
    });
  }

  #missing(node: Node): NormfoldError {
    const { opType } = node;
    const error = this.#facts.isCall(node)
      ? errors.callHasNoGradient(opType)
      : node.is("If", "Loop")
        ? errors.branchHasNoGradient(opType)
        : errors.operatorHasNoGradient(opType);
    return error.at({ element: node.label });
  }

  #contextOf(
    forward: Node,
    active: readonly boolean[],
    captures: readonly Value[],
    gradients: readonly (Value | undefined)[],
  ): GradientContext {
    let node = forward;
    const opset = this.#facts.opset(forward) ?? 0;
    const what = (index: number, part: string): string => `${forward.label} has an ${part} ${index}`;
    return {
      get node(): Node {
        return node;
      },
      operator: present(standardOperator(forward), "only operators of the standard domain have a rule"),
      facts: this.#facts,
      build: this.#build,
      opset,
      input: (index) => present(node.input(index), what(index, "input")),
      output: (index) => present(node.output(index), what(index, "output")),
      grad: (index) => gradients[index],
      needs: (index) => active[index] === true,
      forwardOutput: (index) => {
        if (node.output(index) === undefined)
          node = withOutput(node, index, `${forward.key}_output${index}`, this.#renewed);
        return present(node.output(index), what(index, "output"));
      },
      captures,
      contribute: (value, gradient) => {
        this.contribute(value, gradient);
      },
    };
  }
}
