import { createFacts } from "../analysis/fact-table.js";
import { cloneModel } from "../ir/clone.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { tensorType } from "../ir/type.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import type { Trait } from "../rules/operator.js";

/**
 * A value by which an operator decides: which box, which class, which step of a quantizer. Two models that are equal up to
 * rounding may decide otherwise where two choices are as good, and then all behind is another. So both models are cut here: the
 * value is compared, and all that reads it goes on from the original's.
 */
export interface Cut {
  /** The name of the value, in both models. */
  readonly value: string;
  /** The label of the first operator that decides by it. */
  readonly chooser: string;
  /** The name of the input that the readers of the value get. */
  readonly input: string;
  readonly dtype: FloatDType;
  /** The name of a value that the operator gives by it. */
  readonly choice: string;
  /** The operator decides by this value itself, in both models, so that a difference of it is one that counts. */
  readonly isDirect: boolean;
}

/**
 * The values by which the original decides, or what these are made of by moving elements only, as far as the result has them
 * too. Names are kept where values are, and a value that is another in spite of its name is found to differ.
 */
export function cutsOf(original: Model, result: Model): readonly Cut[] {
  const [facts, others] = [createFacts(original), createFacts(result)];
  const present = new Map<string, Value>();
  for (const node of result.graph.nodes()) {
    for (const output of node.outputs) if (output !== null) present.set(output.name, output);
  }
  const isShared = (value: Value, dtype: FloatDType): boolean => {
    const other = present.get(value.name);
    return other !== undefined && other.uses.size > 0 && others.dtype(other) === dtype;
  };
  const found = new Map<string, Cut>();
  for (const node of original.graph.nodes()) {
    if (!decides(node, facts)) continue;
    const choice = node.outputs.find((output) => output !== null)?.name ?? "";
    for (const value of readsOf(node)) {
      for (const { name, dtype } of sources(value, facts, isShared)) {
        if (found.has(name)) continue;
        const isDirect = name === value.name && readsAlike(node, name, present);
        found.set(name, { value: name, chooser: node.label, input: inputFor(name), dtype, choice, isDirect });
      }
    }
  }
  const taken = (cut: Cut): boolean => [original, result].some(({ graph }) => graph.scope.isTaken(cut.input));
  return [...found.values()].filter((cut) => !taken(cut));
}

/** Whether the other model's node of the same output reads a value of that name too. */
function readsAlike(node: Node, name: string, present: ReadonlyMap<string, Value>): boolean {
  const [output] = node.outputs;
  const other = output === null || output === undefined ? undefined : present.get(output.name)?.producer;
  return other?.opType === node.opType && [...readsOf(other)].some((value) => value.name === name);
}

/**
 * The values that the choices decide by which an output is made of, where it is made of nothing else: a difference that changes
 * no choice cannot be seen in such an output.
 */
export function hiddenValues(model: Model): readonly string[] {
  const facts = createFacts(model);
  return [...new Set(model.graph.outputs.flatMap((output) => hiddenBehind(output, facts)))];
}

function hiddenBehind(output: Value, facts: Facts): readonly string[] {
  const names: string[] = [];
  const seen = new Set<Value>([output]);
  const open = [output];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { producer } = next;
    // An input of the model is seen in the output, unless it is a constant.
    if (producer === undefined && next.isGraphInput && !next.isConstant) return [];
    if (producer === undefined) continue;
    const isChoice = decides(producer, facts);
    for (const value of readsOf(producer)) {
      const dtype = isChoice ? facts.dtype(value) : undefined;
      if (isChoice && dtype !== undefined && isFloat(dtype)) {
        if (value.producer !== undefined && !value.producer.is("Constant")) names.push(value.name);
      } else if (!seen.has(value)) {
        seen.add(value);
        open.push(value);
      }
    }
  }
  return names;
}

function inputFor(value: string): string {
  return `${value} (given)`;
}

/** Traits of operators that make floats of floats, so that no type has to be inferred. */
const KEEPS_TYPE: readonly Trait[] = [
  "view",
  "rearranges",
  "movesData",
  "arithmetic",
  "nonlinearity",
  "idempotent",
  "saturates",
  "linear",
  "recurrent",
  "normalizes",
  "resamples",
  "reduces",
];

/** Whether the least change of a float may change what the node gives by more than a multiple of it. */
function decides(node: Node, facts: Facts): boolean {
  if (node.subgraphs.length > 0 || facts.isCall(node)) return true;
  if (hasTrait(node, "givesSizes")) return false;
  if (!hasTrait(node, "jumps") && KEEPS_TYPE.some((trait) => hasTrait(node, trait))) return false;
  // Indices, masks, quantized numbers: nothing lies between two of them.
  const steps = node.outputs.some((output) => {
    const dtype = output === null || output.uses.size === 0 ? undefined : facts.dtype(output);
    return dtype !== undefined && !isFloat(dtype);
  });
  return steps || hasTrait(node, "jumps");
}

/** The values that a node reads, those of the graph around its bodies too. */
function* readsOf(node: Node): Generator<Value, void, undefined> {
  for (const value of node.inputs) if (value !== null) yield value;
  for (const body of node.subgraphs) {
    for (const graph of body.withSubgraphs()) {
      for (const inner of graph.nodes())
        for (const value of inner.inputs) if (value !== null && value.graph === node.graph) yield value;
      for (const value of graph.outputs) if (value.graph === node.graph) yield value;
    }
  }
}

/** The nearest values with the same elements that the other model has too: the value itself, as a rule. */
function* sources(
  value: Value,
  facts: Facts,
  isShared: (value: Value, dtype: FloatDType) => boolean,
): Generator<{ readonly name: string; readonly dtype: FloatDType }, void, undefined> {
  const seen = new Set<Value>();
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const dtype = facts.dtype(next);
    const { producer } = next;
    if (dtype === undefined || !isFloat(dtype) || producer === undefined || producer.is("Constant")) continue;
    if (seen.has(next)) continue;
    seen.add(next);
    if (isShared(next, dtype)) yield { name: next.name, dtype };
    else if (!facts.isCall(producer) && movesElements(producer))
      for (const input of producer.inputs) if (input !== null) open.push(input);
  }
}

function movesElements(node: Node): boolean {
  return hasTrait(node, "view") || hasTrait(node, "rearranges") || hasTrait(node, "movesData");
}

/** The names of all values of the model's graph that a value is made of, and its own. */
export function valuesBefore(model: Model, name: string): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<Node>();
  const open: Node[] = [];
  const enter = (node: Node | undefined): void => {
    if (node === undefined || seen.has(node)) return;
    seen.add(node);
    open.push(node);
  };
  for (const node of model.graph.nodes())
    if (node.outputs.some((output) => output?.name === name)) enter(node);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const output of next.outputs) if (output !== null) names.add(output.name);
    for (const value of readsOf(next)) enter(value.producer);
  }
  return names;
}

/** A copy of the model in which all readers of the values get them as inputs; the values themselves are outputs. */
export function cutAt(model: Model, cuts: readonly Cut[]): Model {
  const copy = cloneModel(model);
  const byName = new Map(cuts.map((cut) => [cut.value, cut] as const));
  for (const node of [...copy.graph.nodes()]) {
    for (const value of node.outputs) {
      const cut = value === null ? undefined : byName.get(value.name);
      if (value === null || cut === undefined) continue;
      const given = copy.graph.addInput({ name: cut.input, type: tensorType(cut.dtype) });
      for (const use of [...value.uses]) if (use.kind === "node") use.node.setInput(use.index, given);
      if (!value.isGraphOutput) copy.graph.addOutput(value);
    }
  }
  return copy;
}
