import { invariant, present } from "../base/assert.js";
import { defined } from "../base/optional.js";
import type { Refusal } from "../base/refusal.js";
import type { Attribute } from "../ir/attribute.js";
import { type Graph, initOf, type Node, type NodeInit, type Value, type ValueInfo } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import type { Compound } from "../patterns/compound.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { lacksOperator } from "../target/fusions.js";
import { type SpelledInput, spellingOf } from "../target/spell.js";
import { Rewriter } from "./rewriter.js";

/**
 * A node of an expression as it was: its parts, and its inputs as places. The place of an input of the composite is its index;
 * that of a value inside is the node that computes it.
 */
interface SpelledNode {
  readonly init: Omit<NodeInit, "inputs" | "outputs">;
  readonly inputs: readonly (SpelledInput | null)[];
  readonly output: { readonly name: string; readonly info: ValueInfo | undefined };
}

/** The expression that a composite stands for, and what must be as it was for it to be written out as it was. */
interface Spelled {
  readonly nodes: readonly SpelledNode[];
  readonly attributes: readonly Attribute[];
  readonly data: Value | null;
  /** Constants that were made for the composite; the expression has their elements in another shape. */
  readonly made: ReadonlyMap<number, { readonly value: Value; readonly tensor: Tensor | undefined }>;
  readonly refusal: Refusal;
  /** Write it in another form in any case. */
  readonly anew: boolean;
}

/**
 * Expressions that stand as one node, a *composite*, while passes run: the operator that they spell out, which the opset of
 * the model does not have. Maps and permutations so pass around it or into its parameters, and never into its middle. At the
 * end each is written out again, as it was where its parameters are as they were.
 */
export class Composites {
  readonly #spelled = new Map<Node, Spelled>();

  /** The expressions that were collapsed so far. */
  get size(): number {
    return this.#spelled.size;
  }

  /**
   * Puts one node in the place of the expression; `refusal` is the reason why it cannot stay one. False where a value of it
   * has no place among its inputs. With `anew` it is not written out as it was, but in the form that the runtime fuses.
   */
  collapse(compound: Compound, refusal: Refusal, rewriter: Rewriter, anew = false): boolean {
    const end = present(compound.nodes.at(-1), "an expression has an end");
    const graph = present(end.graph, `${end.label} is removed`);
    const output = present(end.output(0), `${end.label} has an output`);
    const inner = new Map(compound.nodes.map((node, index) => [node.output(0), index]));
    const constants = constantsOf(compound, inner);
    if (constants === undefined) return false;
    const made = new Map<number, { value: Value; tensor: Tensor | undefined }>();
    const parameters = compound.inputs.map((input, index) => {
      if (input === null || !("constant" in input)) return input;
      const value = rewriter.addConstant(graph, input.name, input.constant, end);
      made.set(index, { value, tensor: value.tensor });
      return value;
    });
    const inputs = [...parameters, ...constants];
    const places = new Map(inputs.map((value, index) => [value, index] as const).reverse());
    const nodes = compound.nodes.map((node) => spelledNode(node, inner, places));
    const { name, docString, metadata } = end;
    const { opType, attributes } = compound;
    const outputs = [graph.freshName(`${output.name}_composite`)];
    const node = rewriter.addNode(
      graph,
      { opType, inputs, outputs, attributes, name, docString, metadata },
      end,
    );
    rewriter.supersede(output, present(node.output(0), `${node.label} has an output`));
    for (const each of [...compound.nodes].reverse()) rewriter.removeNode(each);
    this.#spelled.set(node, {
      nodes,
      attributes: [...node.attributes.values()],
      data: node.inputs[0] ?? null,
      made,
      refusal,
      anew,
    });
    return true;
  }

  /** Writes every composite of the model out, those too that a pass has copied. Gives the last node of each, with its refusal. */
  expand(model: Model, facts: Facts): readonly (readonly [Node, Refusal])[] {
    const refused: (readonly [Node, Refusal])[] = [];
    const numbers = new Numbers();
    for (const node of [...model.nodes()]) {
      if (!lacksOperator(node, facts)) continue;
      const rewriter = new Rewriter(facts);
      const spelled = this.#spelled.get(node);
      const result =
        spelled !== undefined && isAsItWas(node, spelled)
          ? restore(node, spelled, rewriter)
          : writeOut(node, facts, rewriter, numbers);
      const output = present(node.output(0), `${node.label} has an output`);
      const unused = node.inputs.slice(1);
      rewriter.supersede(output, result);
      rewriter.removeNode(node);
      for (const value of new Set(unused)) dropUnused(value);
      if (spelled !== undefined && result.producer !== undefined)
        refused.push([result.producer, spelled.refusal]);
    }
    this.#spelled.clear();
    return refused;
  }
}

/** The values that the expression reads beside the composite's own inputs; undefined where one of them is no constant. */
function constantsOf(
  { nodes, inputs }: Compound,
  inner: ReadonlyMap<Value | undefined, number>,
): readonly Value[] | undefined {
  const constants = new Set<Value>();
  for (const value of nodes.flatMap((node) => node.inputs)) {
    if (value === null || inner.has(value) || inputs.includes(value)) continue;
    if (constantTensor(value) === undefined) return undefined;
    constants.add(value);
  }
  return [...constants];
}

function spelledNode(
  node: Node,
  inner: ReadonlyMap<Value | undefined, number>,
  places: ReadonlyMap<Value | null, number>,
): SpelledNode {
  const output = present(node.output(0), `${node.label} has an output`);
  return {
    init: initOf(node),
    inputs: node.inputs.map((value): SpelledInput | null => {
      if (value === null) return null;
      const step = inner.get(value);
      return step === undefined
        ? { input: present(places.get(value), "every value read has a place") }
        : { step };
    }),
    output: { name: output.name, info: output.info },
  };
}

function isAsItWas(node: Node, { attributes, made, anew }: Spelled): boolean {
  if (anew || attributes.length !== node.attributes.size) return false;
  if (!attributes.every((each) => node.attributes.get(each.name) === each)) return false;
  return [...made].every(([index, { value, tensor }]) => {
    return node.inputs[index] === value && value.tensor === tensor;
  });
}

function restore(node: Node, { nodes, data }: Spelled, rewriter: Rewriter): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const made: Value[] = [];
  for (const { init, inputs, output } of nodes) {
    const values = inputs.map((place) => {
      if (place === null) return null;
      if ("step" in place) return made[place.step] ?? null;
      return "input" in place ? (node.inputs[place.input] ?? null) : null;
    });
    const outputs = [graph.freshName(output.name)];
    const value = rewriter.addNode(graph, { ...init, inputs: values, outputs }, node).output(0);
    invariant(value !== undefined, "a node of an expression has an output");
    // Behind another input the values inside may have other sizes than they were declared with.
    if (node.inputs[0] === data) value.info = output.info;
    made.push(value);
  }
  return present(made.at(-1), "an expression has an end");
}

/** The form that the runtime fuses. */
function writeOut(node: Node, facts: Facts, rewriter: Rewriter, numbers: Numbers): Value {
  const graph = present(node.graph, `${node.label} is removed`);
  const output = present(node.output(0), `${node.label} has an output`);
  const dtype = present(facts.dtype(output), "the type of an expression is known");
  const made: Value[] = [];
  const spelling = spellingOf(node, facts.opset(node) ?? 0);
  for (const { operator, inputs, attributes } of present(spelling, `${node.label} has a spelling`)) {
    const base = `${output.name}_${operator.toLowerCase()}`;
    const values = inputs.map((place) => {
      if ("step" in place) return made[place.step] ?? null;
      if ("input" in place) return node.inputs[place.input] ?? null;
      if ("axes" in place) {
        const axes = tensorFromNumbers("int64", [place.axes.length], place.axes);
        return numbers.constant(graph, `${base}_axes`, axes, rewriter);
      }
      return numbers.constant(graph, base, tensorFromNumbers(dtype, [], [place.number]), rewriter);
    });
    const init = {
      opType: operator,
      inputs: values,
      outputs: [graph.freshName(base)],
      ...defined({ attributes }),
    };
    made.push(present(rewriter.addNode(graph, init, node).output(0), "a step has an output"));
  }
  return present(made.at(-1), "an expression has an end");
}

/** The numbers of the forms that are written, one of each for all graphs that see it, so that a second run merges none. */
class Numbers {
  readonly #known = new Map<Graph, Map<string, Value>>();

  constant(graph: Graph, base: string, tensor: Tensor, rewriter: Rewriter): Value {
    const home = outermost(graph);
    let known = this.#known.get(home);
    if (known === undefined) {
      known = new Map(numbersOf(home));
      this.#known.set(home, known);
    }
    const key = keyOf(tensor);
    const found = known.get(key) ?? rewriter.addConstant(home, base, tensor);
    known.set(key, found);
    return found;
  }
}

/** The constants of one element, and lists of axes. */
function* numbersOf({ initializers }: Graph): Generator<[string, Value], void, undefined> {
  for (const value of initializers) {
    const { tensor } = value;
    if (tensor === undefined || !value.isConstant || tensor.dims.length > 1 || tensor.size > MOST_AXES)
      continue;
    if (tensor.dims.length === 0 || tensor.dtype === "int64") yield [keyOf(tensor), value];
  }
}

/** The most axes of a normalization that is written out. */
const MOST_AXES = 4;

function keyOf(tensor: Tensor): string {
  return `${tensor.dtype} ${tensor.dims.join()} ${tensor.bytes().join(" ")}`;
}

/** The graph around all others that the values of this one may come from. */
function outermost(graph: Graph): Graph {
  return graph.parent === undefined ? graph : outermost(graph.parent);
}

/** Removes a constant that nothing reads any more. */
function dropUnused(value: Value | null): void {
  if (value === null || value.uses.size > 0 || value.tensor === undefined || value.isGraphInput) return;
  const graph: Graph = value.graph;
  if (graph.initializers.has(value)) graph.removeInitializer(value);
}
