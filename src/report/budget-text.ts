import { plural } from "../base/plural.js";
import type { Budget, BudgetReport, BudgetRow } from "../budget/budget.js";
import { type Cell, table } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText, differenceText } from "./units.js";

/** A budget as a table of what was wanted and what was found, in lines of at most WIDTH columns. */
export function budgetText({ met, rows }: BudgetReport, style: Style): string[] {
  const missed = rows.filter((row) => !row.met).length;
  const verdict = met ? style.green("met") : style.red(`missed in ${plural(missed, "point")}`);
  const head: Cell[] = ["", "wanted", "got", ""].map((text) => ({ text, paint: style.dim }));
  return [
    `${style.bold("budget")}  ${verdict}`,
    ...table(
      [{}, { elastic: true }, { elastic: true }, {}],
      [
        head,
        ...rows.map((row): Cell[] => {
          const { budget, wanted, got } = budgetWords(row);
          const mark = row.met ? { text: "met", paint: style.green } : { text: "missed", paint: style.red };
          return [budget, wanted, got, mark];
        }),
      ],
    ),
  ];
}

/** What is missed, in one clause. */
export function missedText({ rows }: BudgetReport): string {
  return rows
    .filter((row) => !row.met)
    .map((row) => {
      const { budget, wanted, got } = budgetWords(row);
      return `${budget} ${got} (wanted: ${wanted})`;
    })
    .join(", ");
}

const NAMES: Readonly<Record<keyof Budget, string>> = {
  forbidOperators: "operators",
  allowOperators: "operators",
  maxNodes: "nodes",
  maxBytes: "file size",
  maxDifference: "difference",
  maxSlowdown: "slower by",
  forbidRefusals: "refusals",
};

/** A row in words: what it is about, what was wanted, what was found. */
export function budgetWords(row: BudgetRow): {
  readonly budget: string;
  readonly wanted: string;
  readonly got: string;
} {
  const { budget, wanted, got } = row;
  return { budget: NAMES[budget], wanted: wantedText(budget, wanted), got: gotText(budget, got) };
}

function wantedText(budget: keyof Budget, wanted: BudgetRow["wanted"]): string {
  if (typeof wanted === "number") return `at most ${numberText(budget, wanted)}`;
  return `${budget === "allowOperators" ? "only" : "no"} ${wanted.join(", ")}`;
}

function gotText(budget: keyof Budget, got: BudgetRow["got"]): string {
  if (got === undefined) return "not measured";
  if (typeof got === "number") return numberText(budget, got);
  const found = Object.entries(got).map(([name, count]) => `${count} ${name}`);
  return found.length === 0 ? (budget === "allowOperators" ? "no others" : "none") : found.join(", ");
}

function numberText(budget: keyof Budget, value: number): string {
  if (budget === "maxBytes") return bytesText(value);
  if (budget === "maxDifference") return differenceText(value);
  return budget === "maxSlowdown" ? `${value} %` : String(value);
}
