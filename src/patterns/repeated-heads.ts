import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { type MaybeDim, mul, type SymDim, sameDim, sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { normalAxis } from "../rules/shapes.js";

/** The axis of the heads in [batch, heads, sequence, width]. */
const HEADS = 1;

/**
 * The keys or values of [batch, heads, sequence, width] of which `value` repeats each head for a group of consecutive queries,
 * as exporters write grouped-query attention: by Expand, Tile or Concat on an axis behind the heads and a view that joins the
 * two, or by a Gather. Undefined for any other value.
 */
export function repeatedHeads(value: Value, facts: Facts): Value | undefined {
  const whole = facts.shape(value);
  const node = operatorOf(value, facts);
  if (node === undefined || whole?.length !== 4) return undefined;
  const source = node.is("Gather") ? gathered(node, whole, facts) : joined(node, whole, facts);
  const own = source && facts.shape(source);
  if (own?.length !== 4 || sameShape(own, whole)) return undefined;
  return own.every((dim, axis) => axis === HEADS || sameDim(dim, whole[axis])) ? source : undefined;
}

/** One head that serves all queries, repeated at once; or several, repeated on an axis of their own. */
function joined(node: Node, whole: readonly SymDim[], facts: Facts): Value | undefined {
  if (!hasTrait(node, "view")) {
    const source = copied(node);
    return source !== undefined && facts.shape(source)?.[HEADS] === 1 ? source : undefined;
  }
  const spread = node.input(0);
  const copies = spread && operatorOf(spread, facts);
  const [wide, grouped] = [spread && facts.shape(spread), copies && copied(copies)];
  if (wide?.length !== 5 || grouped === undefined) return undefined;
  const [batch, heads, group, sequence, width] = wide;
  if (!sameShape([batch, mul(heads, group), sequence, width].filter(isKnown), whole)) return undefined;
  const before = facts.shape(grouped);
  if (!sameShape(before, [batch, heads, 1, sequence, width].filter(isKnown))) return undefined;
  const view = operatorOf(grouped, facts);
  const source = view?.input(0);
  if (view === undefined || source === undefined || !hasTrait(view, "view")) return undefined;
  return sameShape(facts.shape(source), [batch, heads, sequence, width].filter(isKnown)) ? source : undefined;
}

function isKnown(dim: MaybeDim): dim is SymDim {
  return dim !== undefined;
}

/** The value that an Expand, a Tile along one axis of size 1, or a Concat of itself repeats. */
function copied(node: Node): Value | undefined {
  const source = node.input(0);
  if (source === undefined) return undefined;
  if (node.is("Expand")) return source;
  if (node.is("Concat")) return node.inputs.every((input) => input === source) ? source : undefined;
  return node.is("Tile") ? source : undefined;
}

/** Gather of 0, 0, 1, 1, ... along the heads. */
function gathered(node: Node, whole: readonly SymDim[], facts: Facts): Value | undefined {
  const [source, indices] = [node.input(0), node.input(1)];
  const count = source && facts.shape(source)?.[HEADS];
  const elements = indices && facts.elements(indices);
  if (normalAxis(node.int("axis", 0), whole.length) !== HEADS || typeof count !== "number") return undefined;
  if (elements === undefined || elements.length % count !== 0) return undefined;
  const times = elements.length / count;
  return elements.every((element, at) => element === Math.floor(at / times)) ? source : undefined;
}

function operatorOf(value: Value, facts: Facts): Node | undefined {
  const { producer } = value;
  return producer === undefined || producer.hasReferences || facts.isCall(producer) ? undefined : producer;
}
