import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { type SymDim, sameDim, sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";

/** The value that a view gives another shape; undefined for a value that no view gives. */
export function sourceOfView(value: Value, facts: Facts): Value | undefined {
  const view = value.producer;
  if (view === undefined || !hasTrait(view, "view") || view.hasReferences || facts.isCall(view))
    return undefined;
  return view.input(0);
}

/** An operand of a product: the value as it is, or what it was before the view. */
export interface Operand {
  readonly value: Value;
  readonly view: Node | undefined;
  readonly shape: readonly SymDim[];
}

/**
 * The operands with which a product gives the shape `outer`, and the elements in the same order as its own, of shape `inner`:
 * one of them at least from before its view. `turned` is the shape of a second operand that is to be transposed.
 */
export function viewedProduct(
  product: Node,
  outer: readonly SymDim[],
  turned: readonly number[] | undefined,
  facts: Facts,
): { readonly a: Operand; readonly b: Operand; readonly inner: readonly SymDim[] } | undefined {
  const [a, b] = [product.input(0), product.input(1)];
  if (a === undefined || b === undefined) return undefined;
  const [own, other] = [facts.shape(a), turned ?? facts.shape(b)];
  if (own === undefined || other === undefined) return undefined;
  const inner = shapeOf(own, other, own, other);
  if (inner === undefined) return undefined;
  const seconds = turned === undefined ? formsOf(b, facts) : [{ value: b, view: undefined, shape: turned }];
  for (const first of formsOf(a, facts)) {
    for (const second of seconds) {
      if (first.view === undefined && second.view === undefined) continue;
      const result = first.shape.length < 2 ? undefined : shapeOf(own, other, first.shape, second.shape);
      if (sameShape(result, outer)) return { a: first, b: second, inner };
    }
  }
  return undefined;
}

/** Before its view comes first. */
function formsOf(value: Value, facts: Facts): Operand[] {
  const [source, shape] = [sourceOfView(value, facts), facts.shape(value)];
  const before = source && facts.shape(source);
  return [
    ...(source && before ? [{ value: source, view: value.producer, shape: before }] : []),
    ...(shape ? [{ value, view: undefined, shape }] : []),
  ];
}

/**
 * The shape of the product of operands of other shapes, if it has the elements of that of the known ones in the same order:
 * the rows of the first times one matrix, or as many pairs of matrices in the same order.
 */
function shapeOf(
  a: readonly SymDim[],
  b: readonly SymDim[],
  first: readonly SymDim[],
  second: readonly SymDim[],
): readonly SymDim[] | undefined {
  const columns = second.at(-1);
  if (columns === undefined || !sameDim(first.at(-1), a.at(-1))) return undefined;
  if (b.length === 2 && second.length === 2 && sameShape(b, second)) return [...first.slice(0, -1), columns];
  const matrices = sameShape(a.slice(-2), first.slice(-2)) && sameShape(b.slice(-2), second.slice(-2));
  if (!matrices || a.length < 2 || second.length < 2 || b.length < 2) return undefined;
  if (!sameBatch(a, b) || !sameBatch(first, second)) return undefined;
  const longer = first.length >= second.length ? first : second;
  return [...longer.slice(0, -2), ...first.slice(-2, -1), columns];
}

/** Whether the axes in front of the matrices are the same, but for ones in front of these. */
function sameBatch(a: readonly SymDim[], b: readonly SymDim[]): boolean {
  return sameShape(withoutOnes(a.slice(0, -2)), withoutOnes(b.slice(0, -2)));
}

function withoutOnes(sizes: readonly SymDim[]): readonly SymDim[] {
  const from = sizes.findIndex((size) => size !== 1);
  return from < 0 ? [] : sizes.slice(from);
}
