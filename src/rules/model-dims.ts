/** Symbolic sizes in the terms of a model: its declarations, and the sizes of one run. */

import type { MaybeDim } from "./dims.js";

/** True when the size is made of numbers and of symbols that the model names, and of no unknowns. */
export function isModelWide(dim: MaybeDim): boolean {
  if (dim === undefined) return false;
  if (typeof dim === "number") return true;
  return dim.terms.every((part) =>
    part.atoms.every((atom) => {
      if (atom.kind === "symbol") return atom.origin === "model";
      if (atom.kind === "floor") return isModelWide(atom.numerator) && isModelWide(atom.denominator);
      return atom.args.every(isModelWide);
    }),
  );
}

/** The size as a model can declare it: a number, or a name or expression that means the same in the whole model. */
export function declaredDim(dim: MaybeDim): number | string | undefined {
  if (typeof dim === "number" || dim === undefined) return dim;
  if (!isModelWide(dim)) return undefined;
  const [term, ...others] = dim.terms;
  const [atom, ...factors] = term?.atoms ?? [];
  const isAlone = others.length + factors.length === 0 && term?.coefficient === 1 && dim.constant === 0;
  return isAlone && atom?.kind === "symbol" ? atom.name : dim.key;
}
