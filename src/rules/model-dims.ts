/** Symbolic sizes in the terms of a model: its declarations, and the sizes of one run. */

import type { Atom, MaybeDim } from "./dims.js";

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

/** The number that the expression gives with these sizes for its symbols, by name; undefined when a symbol has none. */
export function evaluateDim(dim: MaybeDim, sizes: ReadonlyMap<string, number>): number | undefined {
  if (typeof dim === "number" || dim === undefined) return dim;
  let sum = dim.constant;
  for (const { coefficient, atoms } of dim.terms) {
    let value = coefficient;
    for (const atom of atoms) {
      const factor = evaluateAtom(atom, sizes);
      if (factor === undefined) return undefined;
      value *= factor;
    }
    sum += value;
  }
  return sum;
}

function evaluateAtom(atom: Atom, sizes: ReadonlyMap<string, number>): number | undefined {
  if (atom.kind === "symbol") return sizes.get(atom.name);
  if (atom.kind === "floor") {
    const numerator = evaluateDim(atom.numerator, sizes);
    const denominator = evaluateDim(atom.denominator, sizes);
    if (numerator === undefined || denominator === undefined) return undefined;
    return Math.floor(numerator / denominator);
  }
  const values: number[] = [];
  for (const arg of atom.args) {
    const value = evaluateDim(arg, sizes);
    if (value === undefined) return undefined;
    values.push(value);
  }
  if (atom.kind === "max") return Math.max(...values);
  if (atom.kind === "min") return Math.min(...values);
  return values.find((value) => value !== 1) ?? 1;
}
