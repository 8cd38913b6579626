import type { Node, Value } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";
import type { Rewriter } from "./rewriter.js";

/** The terms that each operand is compared with; sums in real networks have a handful. */
export const MAX_TERMS = 64;

/** A summand: input `index` of the Add, Sum or Sub `sum`. */
export interface Term {
  readonly sum: Node;
  readonly index: number;
  readonly value: Value;
  /** Whether the whole sum adds or subtracts it. */
  readonly sign: 1 | -1;
}

/** Before opset 7 Add and Sub broadcast by attributes. */
export function isSum(node: Node, facts: Facts): boolean {
  return node.is("Sum") || (node.is("Add", "Sub") && (facts.opset(node) ?? 0) >= 7);
}

/**
 * The terms, or those from one place on to another. The subtracted operand comes first: without it, the other operand is the
 * whole. One after the other, because of a sum of thousands a caller often needs a few.
 */
export function* termsOf(
  sum: Node,
  sign: 1 | -1 = 1,
  from = 0,
  to: number = sum.inputs.length,
): Generator<Term, void, undefined> {
  for (let place = from; place < Math.min(to, sum.inputs.length); place++) {
    const index = sum.is("Sub") ? sum.inputs.length - 1 - place : place;
    const value = sum.input(index);
    const subtracted = sum.is("Sub") && index === 1;
    if (value !== undefined) yield { sum, index, value, sign: subtracted ? opposite(sign) : sign };
  }
}

function opposite(sign: 1 | -1): 1 | -1 {
  return sign === 1 ? -1 : 1;
}

/** The nested sum that a term is, if nothing else reads it. */
export function nestedSum({ value }: Term, sum: Node, facts: Facts): Node | undefined {
  const { producer, uses } = value;
  const nested = producer !== undefined && isSum(producer, facts) && uses.size === 1;
  return nested && producer.graph === sum.graph ? producer : undefined;
}

/**
 * The terms with nested sums replaced by their own terms, for MAX_TERMS sums. Merging a term into one of these changes
 * the shape of no sum.
 */
export function summands(terms: readonly Term[], sum: Node, facts: Facts): Term[] {
  const found: Term[] = [];
  const waiting = [...terms];
  let entered = 0;
  for (let term = waiting.shift(); term !== undefined && found.length < MAX_TERMS; term = waiting.shift()) {
    const nested = entered < MAX_TERMS ? nestedSum(term, sum, facts) : undefined;
    if (nested !== undefined) entered++;
    if (nested !== undefined) waiting.unshift(...termsOf(nested, term.sign));
    else found.push(term);
  }
  return found;
}

/**
 * The sum without one of its terms: the other term where there were two. In a wide sum the last term takes its place, because to
 * move up all behind it, thousands of times, takes long.
 */
export function dropTerm(rewriter: Rewriter, { sum, index }: Term, result: Value): void {
  if (sum.is("Sum") && sum.inputs.length > MAX_TERMS) {
    const last = sum.inputs.length - 1;
    if (index < last) rewriter.setInput(sum, index, sum.input(last) ?? null);
    rewriter.removeLastInput(sum);
    return;
  }
  const rest = sum.inputs.filter((_, i) => i !== index);
  const [only] = rest;
  const { graph, name, docString, metadata } = sum;
  if (graph === undefined || only === undefined) return;
  if (rest.length === 1 && only !== null && !(sum.is("Sub") && index === 0)) {
    rewriter.supersede(result, only);
  } else {
    const outputs = [graph.freshName(`${result.name}_rest`)];
    const opType = sum.is("Sub") ? "Neg" : "Sum";
    const init = { opType, inputs: rest, outputs, name, docString, metadata };
    const smaller = rewriter.addNode(graph, init, sum).output(0);
    if (smaller !== undefined) rewriter.supersede(result, smaller);
  }
  rewriter.removeNode(sum);
}
