import { mapValues } from "../base/names.js";

/** Why an operator has no rule in a facet. */
export class Gap {
  /** opaque: there is no rule on purpose, because none makes sense. missing: a rule is possible but not written. */
  readonly kind: "opaque" | "missing";
  readonly reason: string;

  constructor(kind: Gap["kind"], reason: string) {
    this.kind = kind;
    this.reason = reason;
  }

  /** The clause of a refusal; it tells a missing rule from a limit of the operator itself. */
  get refusal(): string {
    return this.kind === "opaque" ? this.reason : `no rule is written for it yet, though ${this.reason}`;
  }
}

/** The operator has no rule on purpose. The reason is for `normfold passes --operators` and docs/operators.md. */
export function opaque(reason: string): Gap {
  return new Gap("opaque", reason);
}

/** A rule could be written and is not. The reason says what it would give. */
export function missing(reason: string): Gap {
  return new Gap("missing", reason);
}

/**
 * A facet of a family's operators, one row each: a rule, or why there is none. Total: a row left out is a type error.
 */
export type FacetTable<Name extends string, Rule> = Readonly<Record<Name, Rule | Gap>>;

/** The rows of a facet, of all families together. */
export class Facet<Rule> {
  readonly #rows: FacetTable<string, Rule>;

  constructor(table: FacetTable<string, Rule>) {
    // Without a prototype a look-up takes a third of the time, and "constructor" is no operator.
    const rows: Record<string, Rule | Gap> = Object.create(null);
    this.#rows = Object.assign(rows, table);
  }

  /** The rule of an operator of the standard domain; undefined where it has none, and for names that are no operator's. */
  rule(opType: string): Rule | undefined {
    const row = this.row(opType);
    return row instanceof Gap ? undefined : row;
  }

  /** The row of an operator: its rule, or why there is none. */
  row(opType: string): Rule | Gap | undefined {
    return this.#rows[opType];
  }

  /** The names of the operators that have a rule, sorted. */
  get withRule(): readonly string[] {
    return Object.keys(this.#rows)
      .filter((name) => this.rule(name) !== undefined)
      .sort();
  }
}

/** The same gap for all operators of a family, for a facet that knows nothing of it. */
export function everyRow<Name extends string>(
  operators: Readonly<Record<Name, unknown>>,
  gap: Gap,
): Readonly<Record<Name, Gap>> {
  return mapValues(operators, () => gap);
}
