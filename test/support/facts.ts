import type { Node, Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { dimKey, type MaybeDim } from "../../src/rules/dims.js";
import type { FactType } from "../../src/rules/fact.js";
import type { Facts } from "../../src/rules/facts.js";

/** The value of that name in any graph of the model. */
export function valueNamed(model: Model, name: string): Value {
  for (const graph of model.graphs()) {
    const values = [
      ...graph.inputs,
      ...graph.initializers,
      ...[...graph.nodes()].flatMap((node) => node.outputs),
    ];
    const found = values.find((value) => value?.name === name);
    if (found) return found;
  }
  throw new Error(`no value "${name}"`);
}

/** Unknown sizes read "?" whatever their number, so that expectations do not depend on the order of questions. */
function dimText(dim: MaybeDim): string {
  return dim === undefined ? "?" : dimKey(dim).replaceAll(/\?\d+/g, "?");
}

export function typeText(type: FactType<MaybeDim> | undefined): string {
  if (type === undefined) return "unknown";
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      return `${type.dtype ?? "?"}${type.shape === undefined ? "[...]" : `[${type.shape.map(dimText).join(",")}]`}`;
    case "sequence":
    case "optional":
      return `${type.kind}(${typeText(type.element)})`;
    default:
      return type.kind;
  }
}

/** `int64[2] = 3,N`: type, and elements where they are known. */
export function factText(facts: Facts, value: Value): string {
  const elements = facts.elements(value);
  const suffix = elements === undefined ? "" : ` = ${elements.map(dimText).join(",")}`;
  return typeText(facts.typeOf(value)) + suffix;
}

/** The node that computes the value of that name. */
export function nodeOf(model: Model, name: string): Node {
  const { producer } = valueNamed(model, name);
  if (producer === undefined) throw new Error(`no node computes "${name}"`);
  return producer;
}
