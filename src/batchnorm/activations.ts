import { type Graph, type Node, Value } from "../ir/graph.js";
import { hasTrait, nameHasTrait } from "../ops/catalogue.js";
import { type Context, near } from "../patterns/found.js";
import { affine, any, clipped, either, firstReading, op, product } from "../patterns/match.js";
import { numberOf, valueNamed } from "../patterns/reading.js";
import { recognizeCompounds } from "../patterns/recognize.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { onlyReader } from "./neighbours.js";
import { pointwiseAround } from "./pointwise.js";

/** True for a nonlinearity that is one operator. */
export function isNonlinearity(node: Node, facts: Facts): boolean {
  return hasTrait(node, "nonlinearity") && !facts.isCall(node);
}

/** True for an operator that moves, converts or resamples elements: its outputs are still results of the nonlinearity. */
function movesOn(node: Node, facts: Facts): boolean {
  const isMoving = hasTrait(node, "movesData") || hasTrait(node, "resamples") || node.is("Cast", "Dropout");
  return isMoving && !facts.isCall(node);
}
const MOVING_DEPTH = 8;

/** A nonlinearity: one operator, or several that an exporter spelled it with. */
export interface Activation {
  /** The operator; of several, the one that reads the input first. */
  readonly node: Node;
  /** The name of the function: Swish for x * Sigmoid(x). */
  readonly kind: string;
  /** The input of the function. */
  readonly input: Value;
  /** The result of the function. */
  readonly output: Value;
  /** The nodes of the spelling; one where it is a single operator. */
  readonly nodes: ReadonlySet<Node>;
}

/** The nonlinearities of a graph in its order. A spelling is found before the shorter ones inside it. */
export function activationsOf(graph: Graph, facts: Facts): readonly Activation[] {
  const found: Activation[] = [];
  const taken = new Set<Node>();
  for (let node = graph.last; node !== undefined; node = node.previous) {
    const spelled = taken.has(node) ? undefined : readSpelledActivation(node, facts);
    if (spelled === undefined) continue;
    for (const part of spelled.nodes) taken.add(part);
    found.push(spelled);
  }
  const byRoot = new Map(found.map((spelled) => [spelled.node, spelled]));
  const ordered: Activation[] = [];
  for (const node of graph.nodes()) {
    const part = byRoot.get(node) ?? (taken.has(node) ? undefined : readActivation(node, facts));
    if (part === undefined) continue;
    const activation = whole(part, taken, facts);
    for (const part of activation.nodes) taken.add(part);
    ordered.push(activation);
  }
  return ordered;
}

/**
 * The whole function that a nonlinearity is part of, where other operators of that function read its input too: x -
 * Tanh(x), or a Softplus that becomes x from a threshold on. Normalizing the input of Tanh but not that of Sub would
 * compute another function. Readers that are other nonlinearities do not count.
 */
function whole(part: Activation, taken: ReadonlySet<Node>, facts: Facts): Activation {
  const counts = (node: Node): boolean =>
    !part.nodes.has(node) && !taken.has(node) && !isNonlinearity(node, facts);
  return part.input.users.some(counts) ? pointwiseAround(part, facts, counts) : part;
}

/** The nonlinearity that a node computes by itself, or together with a following product with the node's input. */
function readActivation(node: Node, facts: Facts): Activation | undefined {
  const gelu = node.is("Erf") ? geluAround(node) : undefined;
  if (gelu !== undefined) return gelu;
  if (!isNonlinearity(node, facts) && !isClipActivation(node, facts)) return undefined;
  const [input, output] = [node.input(0), node.output(0)];
  if (input === undefined || output === undefined || facts.isCall(node)) return undefined;
  const product = gatedHalf(node, input, output) ?? ownProduct(node, input, output);
  if (product !== undefined) return product;
  return { node, kind: node.opType, input, output, nodes: new Set([node]) };
}

/**
 * The nonlinearity that an expression ending in the node spells out, such as Gelu with Erf or Softplus with Exp and
 * Log.
 */
function readSpelledActivation(node: Node, facts: Facts): Activation | undefined {
  for (const { opType, inputs, nodes } of recognizeCompounds(node, facts)) {
    const [input] = inputs;
    const [output] = node.outputs;
    if (!nameHasTrait(opType, "nonlinearity") || !(input instanceof Value) || !output) continue;
    return { node, kind: opType, input, output, nodes: new Set(nodes) };
  }
  return readScaledHardSwish(node, facts);
}

const x = any("x");
/** x times a piecewise linear step of x. */
const STEPPED = product(
  [x, either(op("HardSigmoid", [x]), affine(clipped(affine(x, "a", "b")), "s", "t"))],
  "c",
);

/**
 * HardSwish up to a constant factor, because the 1/6 of x * Clip(x + 3, 0, 6) is often folded into the operator behind
 * it, and with any slope of its HardSigmoid.
 */
function readScaledHardSwish(node: Node, facts: Facts): Activation | undefined {
  const [opset, output] = [facts.opset(node), node.output(0)];
  // Before opset 7 operators broadcast by other rules.
  if (opset === undefined || opset < 7 || output === undefined) return undefined;
  const context = { facts, root: node, dtype: facts.dtype(output), opset };
  return firstReading(STEPPED, context, (found) => {
    const input = valueNamed(found, "x");
    const isStep = !found.numbers.has("s") || risesFromZero((name) => numberOf(found, name), context);
    if (input === undefined || !isStep) return undefined;
    return { node, kind: "HardSwish", input, output, nodes: found.nodes };
  });
}

/** Whether s * clip(a x + b, low, high) + t is a multiple of a HardSigmoid that is neither 0 nor 1 at 0. */
function risesFromZero(read: (name: string) => number, context: Context): boolean {
  const [s, t] = [read("s"), read("t")];
  const [low, high] = [s * read("low") + t, s * read("high") + t];
  const [none, full] = Math.abs(low) < Math.abs(high) ? [low, high] : [high, low];
  const [slope, middle] = [(s * read("a")) / full, (s * read("b") + t) / full];
  // The lower level may be a difference of rounded numbers, so its error is measured relative to one.
  return near(1 + none / full, 1, context) && slope > 0 && middle > 0 && middle < 1;
}

/** Whether a Clip is a nonlinearity: from 0 up (Relu6 and its like), or from -1 to 1. Other bounds only limit. */
function isClipActivation(node: Node, facts: Facts): boolean {
  if (!node.is("Clip")) return false;
  const bound = (index: number, name: string): number | undefined => {
    if ((facts.opset(node) ?? 0) < 11) return node.float(name);
    const value = node.input(index);
    return value === undefined ? undefined : (constantTensor(value)?.toFloat64()[0] ?? Number.NaN);
  };
  const [low, high] = [bound(1, "min"), bound(2, "max")];
  return low === 0 || (low === -1 && high === 1);
}

/** x * (Erf(x / c) + 1), where the factor 0.5 has been folded into the operator behind it. */
function geluAround(erf: Node): Activation | undefined {
  const scaling = erf.input(0)?.producer;
  const input = scaling?.is("Div", "Mul") ? scaling.input(0) : undefined;
  const sum = onlyReader(erf.output(0));
  const product = onlyReader(sum?.output(0));
  const output = product?.output(0);
  if (!scaling || !input || !sum?.is("Add") || !product?.is("Mul") || !output) return undefined;
  if (constantTensor(scaling.input(1)) === undefined || !product.inputs.includes(input)) return undefined;
  return { node: erf, kind: "Gelu", input, output, nodes: new Set([scaling, erf, sum, product]) };
}

/** a * Sigmoid(b), where a and b are the halves of one value: a gated linear unit (Dauphin et al. 2017) is one nonlinearity. */
function gatedHalf(node: Node, half: Value, output: Value): Activation | undefined {
  const [split, [use, ...others]] = [half.producer, [...output.uses]];
  if (!node.is("Sigmoid") || !split?.is("Split") || split.outputs.length !== 2) return undefined;
  if (use?.kind !== "node" || others.length > 0 || !use.node.is("Mul")) return undefined;
  const [input, other, result] = [split.input(0), use.node.input(1 - use.index), use.node.output(0)];
  if (input === undefined || result === undefined || other?.producer !== split || other === half)
    return undefined;
  return { node: split, kind: "Glu", input, output: result, nodes: new Set([split, node, use.node]) };
}

/** x * Sigmoid(x), x * HardSigmoid(x), x * Tanh(Softplus(x)): one nonlinearity that multiplies its own input. */
function ownProduct(node: Node, input: Value, output: Value): Activation | undefined {
  const [use, ...others] = output.uses;
  if (use?.kind !== "node" || others.length > 0) return undefined;
  const next = use.node.output(0);
  if (node.is("Softplus") && use.node.is("Tanh") && next !== undefined) {
    const mish = ownProduct(use.node, input, next);
    return mish && { ...mish, node, kind: "Mish", nodes: new Set([node, ...mish.nodes]) };
  }
  if (!node.is("Sigmoid", "HardSigmoid", "Tanh") || !use.node.is("Mul") || next === undefined)
    return undefined;
  if (use.node.input(1 - use.index) !== input) return undefined;
  const kind = node.is("Sigmoid") ? "Swish" : node.is("HardSigmoid") ? "HardSwish" : "Mish";
  return { node, kind, input, output: next, nodes: new Set([node, use.node]) };
}

/** True for a gate: a sigmoid whose result multiplies another value. */
export function isGate({ kind, output }: Activation, facts: Facts): boolean {
  if (kind !== "Clip" && !nameHasTrait(kind, "unitRange")) return false;
  return readersBehind(output, facts).some((reader) => reader.is("Mul"));
}

/** True where all readers of the result, behind operators that only move elements, are outputs of the model. */
export function endsModel({ output }: Activation, facts: Facts): boolean {
  const seen = new Set<Value>();
  const ends = (value: Value, depth: number): boolean => {
    if (seen.has(value) || depth > MOVING_DEPTH) return false;
    seen.add(value);
    const uses = [...value.uses].filter((use) => use.kind !== "pin");
    return (
      uses.length > 0 &&
      uses.every((use) => {
        if (use.kind === "output") return use.graph.owner === undefined;
        return (
          movesOn(use.node, facts) && use.node.outputs.some((next) => next !== null && ends(next, depth + 1))
        );
      })
    );
  };
  return ends(output, 0);
}

function readersBehind(value: Value, facts: Facts, depth = 0): readonly Node[] {
  return value.users.flatMap((node) => {
    if (!movesOn(node, facts) || depth > MOVING_DEPTH) return [node];
    return node.outputs.flatMap((next) => (next === null ? [] : readersBehind(next, facts, depth + 1)));
  });
}
