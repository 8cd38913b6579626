import type { Atom, MaybeDim } from "../../src/rules/dims.js";

/** The number that the expression gives with these sizes for its symbols; undefined when a symbol has none. */
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
