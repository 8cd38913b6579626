import type { Atom, MaybeDim, SymDim } from "./dims.js";

/** The sizes of symbols by their keys. */
export type SymbolSizes = ReadonlyMap<string, number>;

/** A size where its symbols have these sizes; undefined where one of them has none. */
export function dimValue(dim: MaybeDim, sizes: SymbolSizes): number | undefined {
  if (dim === undefined || typeof dim === "number") return dim;
  let sum = dim.constant;
  for (const { coefficient, atoms } of dim.terms) {
    let term = coefficient;
    for (const atom of atoms) {
      const factor = atomValue(atom, sizes);
      if (factor === undefined) return undefined;
      term *= factor;
    }
    sum += term;
  }
  return sum;
}

/** A shape where its symbols have these sizes. */
export function dimValues(
  shape: readonly SymDim[] | undefined,
  sizes: SymbolSizes,
): readonly number[] | undefined {
  const values = shape?.map((dim) => dimValue(dim, sizes)).filter((value) => value !== undefined);
  return values?.length === shape?.length ? values : undefined;
}

function atomValue(atom: Atom, sizes: SymbolSizes): number | undefined {
  if (atom.kind === "symbol") return sizes.get(atom.key);
  if (atom.kind === "floor") {
    const [above, below] = [dimValue(atom.numerator, sizes), dimValue(atom.denominator, sizes)];
    return above === undefined || !below ? undefined : Math.floor(above / below);
  }
  const args = atom.args.map((arg) => dimValue(arg, sizes)).filter((arg) => arg !== undefined);
  if (args.length < atom.args.length) return undefined;
  if (atom.kind === "min") return Math.min(...args);
  // Sizes that broadcast are equal or 1.
  return Math.max(...args);
}
