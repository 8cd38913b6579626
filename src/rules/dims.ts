import { gcd } from "../base/integers.js";
/**
 * Sizes that may be symbolic: a number, or a polynomial with integer coefficients over atoms. An atom is a symbol
 * ("batch"), an unknown ("?7"), or floor, max, min or broadcast of expressions. Every operation gives the canonical form,
 * so two expressions are proven equal exactly when their keys are equal strings; the key is also how one is printed.
 *
 * A size that is not known at all is `undefined` (MaybeDim), and any arithmetic with it gives `undefined`. Numbers beyond
 * 2^53 and expressions that grow too large become `undefined` too, so that a result may say less than the truth but is
 * never wrong.
 */
export type SymDim = number | DimExpr;
/** A size, or undefined for one that is not known. */
export type MaybeDim = SymDim | undefined;

/** A sum of at least one term and a constant. Only the functions of this file make one, so that it is canonical. */
export interface DimExpr {
  /** Its canonical text: equal for equal expressions. */
  readonly key: string;
  /** Its terms, in key order. */
  readonly terms: readonly Term[];
  /** The number that is added to them. */
  readonly constant: number;
}

/** A product of atoms with an integer in front. */
export interface Term {
  /** The integer; never 0. */
  readonly coefficient: number;
  /** The atoms, sorted by key; an atom occurs as often as its power says. */
  readonly atoms: readonly Atom[];
  /** The canonical text of its atoms. */
  readonly key: string;
}

/** A factor that is not taken apart: a symbol, or a function of expressions. */
export type Atom = { readonly key: string } & (
  | {
      readonly kind: "symbol";
      readonly name: string;
      readonly least: number;
      readonly origin: "model" | "fresh";
    }
  | { readonly kind: "floor"; readonly numerator: SymDim; readonly denominator: SymDim }
  | { readonly kind: Choice; readonly args: readonly SymDim[] }
);

/** The functions of several expressions. */
type Choice = "max" | "min" | "broadcast";

const MAX_TERMS = 12;
const MAX_KEY = 240;

/** A size that the model names (dim_param). A name that looks like an expression is quoted in the key. */
export function symbol(name: string): DimExpr {
  const key = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
  return ofAtom({ kind: "symbol", key, name, least: 0, origin: "model" });
}

/** An unknown size, or with least = -Infinity an unknown integer. Each `id` is a number of its own, equal to no other. */
export function unknownSymbol(id: number, least = 0): DimExpr {
  const name = `?${id}`;
  return ofAtom({ kind: "symbol", key: name, name, least, origin: "fresh" });
}

function ofAtom(atom: Atom): DimExpr {
  return { key: atom.key, terms: [{ coefficient: 1, atoms: [atom], key: atom.key }], constant: 0 };
}

/** The canonical text, the same for equal expressions: `5`, `2*N`, `floor((H + 1)/2)`. */
export function dimKey(dim: SymDim): string {
  return typeof dim === "number" ? String(dim) : dim.key;
}

/** True when the two are proven equal; false when they differ or may differ. */
export function sameDim(a: MaybeDim, b: MaybeDim): boolean {
  if (a === undefined || b === undefined) return false;
  return typeof a === "number" || typeof b === "number" ? a === b : a.key === b.key;
}

/** True when two shapes are proven equal. */
export function sameShape(a: readonly MaybeDim[] | undefined, b: readonly MaybeDim[] | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((dim, axis) => sameDim(dim, b[axis]));
}

/** True when the two are proven different; false when they are equal or may be. */
export function differentDim(a: MaybeDim, b: MaybeDim): boolean {
  const difference = sub(a, b);
  return typeof difference === "number" ? difference !== 0 : leastOf(difference) > 0;
}

/** a + b */
export function add(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "number" && typeof b === "number") return safe(a + b);
  if (a === 0) return b;
  if (b === 0) return a;
  return build([...termsOf(a), ...termsOf(b)], constantOf(a) + constantOf(b));
}

/** a - b */
export function sub(a: MaybeDim, b: MaybeDim): MaybeDim {
  return add(a, mul(b, -1));
}

/** a * b */
export function mul(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "number" && typeof b === "number") return safe(a * b);
  if (a === 1) return b;
  if (b === 1) return a;
  const left = monomials(a);
  const right = monomials(b);
  if (left.length * right.length > 4 * MAX_TERMS) return undefined;
  const products = left.flatMap((x) =>
    right.map((y) => term(x.coefficient * y.coefficient, [...x.atoms, ...y.atoms])),
  );
  return build(products, 0);
}

/** The product of all sizes; 1 for an empty list. */
export function product(dims: readonly MaybeDim[]): MaybeDim {
  return dims.includes(0) ? 0 : dims.reduce(mul, 1);
}

/** floor(a / b); undefined for b = 0. A symbolic b counts as positive, because sizes are. */
export function floorDiv(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined || b === 0) return undefined;
  if (b === 1) return a;
  if (typeof b === "number" && b < 0) return floorDiv(mul(a, -1), -b);
  if (typeof a === "number" && typeof b === "number") return safe(Math.floor(a / b));
  if (typeof b === "number") return floorByNumber(a, b);
  if (a === 0) return 0;
  return (
    exactDiv(a, b) ??
    atomic({ kind: "floor", numerator: a, denominator: b, key: `floor(${group(a)}/${group(b)})` })
  );
}

/** ceil(a / b); b as in floorDiv. */
export function ceilDiv(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (typeof b === "number" && b < 0) return ceilDiv(mul(a, -1), -b);
  return floorDiv(add(a, sub(b, 1)), b);
}

/** a / b where that is proven to be whole, else undefined. A symbolic b counts as non-zero. */
export function exactDiv(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined || b === 0) return undefined;
  if (a === 0) return 0;
  if (sameDim(a, b)) return 1;
  const divisors = monomials(b);
  const divisor = divisors[0];
  if (divisors.length !== 1 || divisor === undefined) return undefined;
  const quotients: Term[] = [];
  for (const part of monomials(a)) {
    const atoms = [...part.atoms];
    for (const atom of divisor.atoms) {
      const at = atoms.findIndex((other) => other.key === atom.key);
      if (at < 0) return undefined;
      atoms.splice(at, 1);
    }
    if (part.coefficient % divisor.coefficient !== 0) return undefined;
    quotients.push(term(part.coefficient / divisor.coefficient, atoms));
  }
  return build(quotients, 0);
}

/** The larger of two sizes. */
export function max(a: MaybeDim, b: MaybeDim): MaybeDim {
  return extremum("max", a, b);
}

/** The smaller of two sizes. */
export function min(a: MaybeDim, b: MaybeDim): MaybeDim {
  return extremum("min", a, b);
}

/**
 * The size that two sizes broadcast to by numpy's rule: they are equal, or one of them is 1. 5 and "N" give 5, because in
 * a valid model N is 5 or 1. "mismatch" where no valid model has the two.
 */
export function broadcastDim(a: MaybeDim, b: MaybeDim): MaybeDim | "mismatch" {
  if (sameDim(a, b) || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number" && typeof b === "number") return "mismatch";
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  if (a === undefined || b === undefined) {
    if (leastOf(a) > 1) return a;
    return leastOf(b) > 1 ? b : undefined;
  }
  if (leastOf(a) > 1) return a;
  if (leastOf(b) > 1) return b;
  return choice("broadcast", a, b);
}

/** A lower bound of the size in every valid run, the best that is proven; -Infinity where none is. */
export function leastOf(dim: MaybeDim): number {
  if (typeof dim === "number") return dim;
  if (dim === undefined) return Number.NEGATIVE_INFINITY;
  let least = dim.constant;
  for (const { coefficient, atoms } of dim.terms) {
    const bounds = atoms.map(leastOfAtom);
    if (coefficient < 0 || bounds.some((bound) => bound < 0)) return Number.NEGATIVE_INFINITY;
    least += coefficient * bounds.reduce((x, y) => x * y, 1);
  }
  return least;
}

function leastOfAtom(atom: Atom): number {
  switch (atom.kind) {
    case "symbol":
      return atom.least;
    case "floor": {
      const least = leastOf(atom.numerator);
      if (typeof atom.denominator === "number") return Math.floor(least / atom.denominator);
      return least >= 0 ? 0 : Number.NEGATIVE_INFINITY;
    }
    case "max":
      return Math.max(...atom.args.map(leastOf));
    case "min":
    case "broadcast":
      return Math.min(...atom.args.map(leastOf));
  }
}

function extremum(kind: "max" | "min", a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "number" && typeof b === "number") return kind === "max" ? Math.max(a, b) : Math.min(a, b);
  if (sameDim(a, b)) return a;
  if (leastOf(sub(a, b)) >= 0) return kind === "max" ? a : b;
  if (leastOf(sub(b, a)) >= 0) return kind === "max" ? b : a;
  return choice(kind, a, b);
}

/** These operations are associative, commutative and idempotent, so that a sorted set of arguments is canonical. */
function choice(kind: Choice, a: SymDim, b: SymDim): MaybeDim {
  const args = new Map<string, SymDim>();
  for (const dim of [...choices(kind, a), ...choices(kind, b)]) args.set(dimKey(dim), dim);
  const sorted = [...args.keys()].sort();
  const key = `${kind}(${sorted.join(", ")})`;
  return atomic({ kind, key, args: sorted.flatMap((name) => args.get(name) ?? []) });
}

function choices(kind: Choice, dim: SymDim): readonly SymDim[] {
  const atom = typeof dim === "number" ? undefined : onlyAtom(dim);
  return atom?.kind === kind ? atom.args : [dim];
}

function onlyAtom(dim: DimExpr): Atom | undefined {
  const [part, ...others] = dim.terms;
  if (part === undefined || others.length > 0 || dim.constant !== 0 || part.coefficient !== 1)
    return undefined;
  return part.atoms.length === 1 ? part.atoms[0] : undefined;
}

/**
 * Multiples of b move out of the floor, floor((floor(p/m) + r)/b) becomes floor((p + m r)/(m b)), and common factors
 * cancel.
 */
function floorByNumber(a: SymDim, b: number): MaybeDim {
  const outside: Term[] = [];
  const inside: Term[] = [];
  for (const part of termsOf(a)) {
    const whole = Math.floor(part.coefficient / b);
    if (whole !== 0) outside.push(term(whole, part.atoms));
    if (part.coefficient !== whole * b) inside.push(term(part.coefficient - whole * b, part.atoms));
  }
  const whole = Math.floor(constantOf(a) / b);
  const rest = build(inside, constantOf(a) - whole * b);
  const taken = build(outside, whole);
  if (rest === undefined) return undefined;
  if (typeof rest === "number") return taken;

  const nested = rest.terms.find(
    (part) =>
      part.coefficient === 1 &&
      part.atoms.length === 1 &&
      part.atoms[0]?.kind === "floor" &&
      typeof part.atoms[0].denominator === "number",
  );
  const floor = nested?.atoms[0];
  if (nested !== undefined && floor?.kind === "floor" && typeof floor.denominator === "number") {
    const others = build(
      rest.terms.filter((part) => part !== nested),
      rest.constant,
    );
    const numerator = add(floor.numerator, mul(others, floor.denominator));
    return add(taken, floorDiv(numerator, safe(floor.denominator * b)));
  }
  const common = rest.terms.reduce((divisor, part) => gcd(divisor, part.coefficient), b);
  const numerator = build(
    rest.terms.map((part) => term(part.coefficient / common, part.atoms)),
    Math.floor(rest.constant / common),
  );
  if (numerator === undefined) return undefined;
  const denominator = b / common;
  if (denominator === 1) return add(taken, numerator);
  const key = `floor(${group(numerator)}/${denominator})`;
  return add(taken, atomic({ kind: "floor", numerator, denominator, key }));
}

function atomic(atom: Atom): MaybeDim {
  return atom.key.length > MAX_KEY ? undefined : ofAtom(atom);
}

function termsOf(dim: SymDim): readonly Term[] {
  return typeof dim === "number" ? [] : dim.terms;
}

function constantOf(dim: SymDim): number {
  return typeof dim === "number" ? dim : dim.constant;
}

/** The terms, and the constant as one more term without atoms. */
function monomials(dim: SymDim): readonly Term[] {
  const constant = constantOf(dim);
  return constant === 0 ? termsOf(dim) : [...termsOf(dim), term(constant, [])];
}

function term(coefficient: number, atoms: readonly Atom[]): Term {
  const sorted = atoms.length < 2 ? atoms : atoms.toSorted((a, b) => compare(a.key, b.key));
  return { coefficient, atoms: sorted, key: sorted.map((atom) => atom.key).join("*") };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

/** The sum of the terms in canonical form: like terms are added up and sorted. */
function build(parts: readonly Term[], constant: number): MaybeDim {
  const collected = new Map<string, Term>();
  let rest = constant;
  for (const part of parts) {
    if (part.atoms.length === 0) {
      rest += part.coefficient;
      continue;
    }
    const known = collected.get(part.key);
    const coefficient = part.coefficient + (known?.coefficient ?? 0);
    if (!Number.isSafeInteger(coefficient)) return undefined;
    if (coefficient === 0) collected.delete(part.key);
    else collected.set(part.key, { ...part, coefficient });
  }
  if (!Number.isSafeInteger(rest)) return undefined;
  if (collected.size === 0) return rest;
  if (collected.size > MAX_TERMS) return undefined;
  const terms = [...collected.values()].sort((a, b) => compare(a.key, b.key));
  let key = "";
  for (const part of terms) key += printed(part.coefficient, part.key, key === "");
  if (rest !== 0) key += printed(rest, undefined, false);
  return key.length > MAX_KEY ? undefined : { key, terms, constant: rest };
}

/** One summand with the sign in front of it. */
function printed(coefficient: number, key: string | undefined, first: boolean): string {
  const size = Math.abs(coefficient);
  const text = key === undefined ? String(size) : size === 1 ? key : `${size}*${key}`;
  if (first) return coefficient < 0 ? `-${text}` : text;
  return coefficient < 0 ? ` - ${text}` : ` + ${text}`;
}

/** The text, in brackets where a quotient needs them. */
function group(dim: SymDim): string {
  if (typeof dim === "number") return String(dim);
  return onlyAtom(dim) === undefined ? `(${dim.key})` : dim.key;
}
