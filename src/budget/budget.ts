import { matchesGlob } from "../base/glob.js";
import type { ModelSummary } from "../library/summary.js";
import type { BUDGET, REFUSAL_BUDGET } from "../options/budget.js";
import type { OptionsOf } from "../options/spec.js";
import type { Ratio } from "../profile/latency.js";
import type { RefusalRecord } from "../rewrite/pass.js";
import type { CheckReport } from "../runtime/check-report.js";
import { type AllowedOperator, isAllowed } from "./operator-list.js";

/** What a model must meet to pass. */
export type Budget = OptionsOf<typeof BUDGET> & Pick<OptionsOf<typeof REFUSAL_BUDGET>, "forbidRefusals">;

/** One thing that was wanted. */
export interface BudgetRow {
  /** The option that wants it. */
  readonly budget: keyof Budget;
  /** The largest number that passes, in nodes, bytes, percent or units of the output; or the names. */
  readonly wanted: number | readonly string[];
  /** The number that was found, or how often each name is there that should not be; undefined where it was not measured. */
  readonly got: number | Readonly<Record<string, number>> | undefined;
  /** Whether it is met. What was not measured is not. */
  readonly met: boolean;
}

/** Whether a model meets its budget. Plain data: it survives JSON. */
export interface BudgetReport {
  /** All rows are met. */
  readonly met: boolean;
  /** One for each thing that was wanted. */
  readonly rows: readonly BudgetRow[];
}

/** What is known of a model, as far as its budget asks for it. */
export interface Measured {
  /** The model in numbers. */
  readonly summary: ModelSummary;
  /** Its operator sets, "" for the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Its size on the disk. */
  readonly bytes: number;
  /** How its outputs compare with the original's. */
  readonly check: CheckReport | undefined;
  /** The time of one run over that of the original. */
  readonly ratio: Ratio | undefined;
  /** The places that were left alone. */
  readonly refusals: readonly RefusalRecord[];
  /** The operators of `allowOperators`, its files read. */
  readonly allowed: readonly AllowedOperator[];
}

/** Holds a model to its budget; undefined where nothing is wanted. */
export function judgeBudget(budget: Budget, measured: Measured): BudgetReport | undefined {
  const rows = [
    names("forbidOperators", budget.forbidOperators, (wanted) =>
      countsOf(measured.summary.operators, (operator) => isAmong(operator, wanted)),
    ),
    names("allowOperators", budget.allowOperators, () =>
      countsOf(measured.summary.operators, (operator) => !isAllowed(operator, measured)),
    ),
    atMost("maxNodes", budget.maxNodes, measured.summary.nodes),
    atMost("maxBytes", budget.maxBytes, measured.bytes),
    atMost("maxDifference", budget.maxDifference, largestDifference(measured.check)),
    slowdown(budget.maxSlowdown, measured.ratio),
    names("forbidRefusals", budget.forbidRefusals, (wanted) =>
      countsOf(countedById(measured.refusals), (id) => isAmong(id, wanted)),
    ),
  ].flat();
  return rows.length === 0 ? undefined : { met: rows.every(({ met }) => met), rows };
}

function names(
  budget: keyof Budget,
  wanted: readonly string[] | undefined,
  count: (wanted: readonly string[]) => Readonly<Record<string, number>>,
): BudgetRow[] {
  if (wanted === undefined) return [];
  const got = count(wanted);
  return [{ budget, wanted, got, met: Object.keys(got).length === 0 }];
}

function atMost(budget: keyof Budget, wanted: number | undefined, got: number | undefined): BudgetRow[] {
  return wanted === undefined ? [] : [{ budget, wanted, got, met: got !== undefined && got <= wanted }];
}

/** The median is what is shown; what may be chance passes, so that a pipeline does not fail now and then. */
function slowdown(wanted: number | undefined, ratio: Ratio | undefined): BudgetRow[] {
  if (wanted === undefined) return [];
  const percent = (times: number): number => Math.round(1000 * (times - 1)) / 10;
  const met = ratio !== undefined && percent(ratio.interval[0]) <= wanted;
  return [
    { budget: "maxSlowdown", wanted, got: ratio === undefined ? undefined : percent(ratio.median), met },
  ];
}

function largestDifference(check: CheckReport | undefined): number | undefined {
  const outputs = (check?.sets ?? []).flatMap((set) => set.outputs);
  const isComparable =
    outputs.length > 0 && outputs.every(({ comparison }) => comparison.mismatch === undefined);
  return isComparable ? Math.max(...outputs.map(({ comparison }) => comparison.maxAbsolute)) : undefined;
}

function isAmong(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, name));
}

function countsOf(
  counts: Readonly<Record<string, number>>,
  isWrong: (name: string) => boolean,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => isWrong(name)));
}

function countedById(refusals: readonly RefusalRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { id } of refusals) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}
