import { plural } from "../base/plural.js";
import type { BudgetReport } from "../budget/budget.js";
import type { FileSize } from "../library/save.js";
import type { CheckReport, OutputReport, SetReport } from "../runtime/check-report.js";
import type { ComparisonReport } from "../runtime/comparison-report.js";
import { budgetText } from "./budget-text.js";
import { notesOf } from "./check-notes.js";
import { comparedText } from "./compared-text.js";
import { type Cell, elidePair, paragraph, shown, table, textWidth, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { differenceText } from "./units.js";

const COLUMNS = [
  { elastic: true },
  { align: "right" },
  { align: "right" },
  { align: "right" },
  { align: "right" },
  { align: "right" },
  { align: "right" },
] as const;

/** A check as lines of at most WIDTH columns: the verdict, then per output the largest difference over all runs. */
export function checkText(check: CheckReport, style: Style): string[] {
  if (check.isUnchanged)
    return [
      `${style.bold("check")}  ${style.green("equal")} ${style.dim("because nothing was rewritten: nothing was run")}`,
    ];
  const lines = [verdictLine(check, style)];
  if (check.reason !== undefined) lines.push(...paragraph(check.reason, 2, 2));
  const outputs = worstByOutput(check.sets);
  if (outputs.length > 0) lines.push(...table(COLUMNS, outputTable(outputs, style)));
  for (const { name, reason, verdict } of outputs) {
    if (verdict === "unjudged" && reason !== undefined)
      lines.push(...paragraph(`"${name}" was not judged: ${reason}`, 2, 4));
  }
  lines.push(...notesOf(check, outputs), ...storedText(check.sets, style), ...specialText(check, style));
  if (check.uncompared.length > 0) {
    lines.push(...paragraph(`not compared, as no tensors: ${check.uncompared.join(", ")}`, 2, 4));
  }
  return lines;
}

function verdictLine(check: CheckReport, style: Style): string {
  const verdict = {
    equal: style.green("equal"),
    differs: style.red("differs"),
    unchecked: style.yellow("unchecked"),
  }[check.status];
  return `${style.bold("check")}  ${verdict} ${style.dim(`in ${check.runtime}${runsText(check)}`)}`;
}

/** ", 2 runs (normal, large), seed 0": as much as fits beside the verdict. */
function runsText({ sets, seed }: CheckReport): string {
  const [first] = sets;
  if (first === undefined) return "";
  const runs = `, ${plural(sets.length, "run")}`;
  const names = shown(sets.map(({ name }) => name).join(", "), WIDTH);
  return textWidth(names) <= 30 ? `${runs} (${names}), seed ${seed}` : `${runs}, seed ${seed}`;
}

/** What was equal on special values. */
function specialText({ special }: CheckReport, { dim }: Style): string[] {
  if (special === undefined) return [];
  const what = special.exact
    ? `bit for bit${special.zeros ? "" : " but for the sign of zeros"}`
    : "in their places";
  return [dim(`  NaN, infinity and -0 as inputs: alike ${what}`)];
}

/** How the result compares with the outputs that came with the data; nothing where none came. */
function storedText(sets: readonly SetReport[], style: Style): string[] {
  const stored = sets.flatMap((set) => set.stored.map((report) => ({ set: set.name, ...report })));
  if (stored.length === 0) return [];
  const far = stored.filter(({ agrees }) => !agrees);
  if (far.length === 0) return [style.dim(`  agrees with ${plural(stored.length, "stored output")}`)];
  const lines = [style.yellow(`  differs from ${far.length} of ${plural(stored.length, "stored output")}`)];
  for (const { set, name, comparison } of far) {
    const how = comparison.mismatch ?? `by up to ${differenceText(comparison.maxAbsolute)}`;
    lines.push(...paragraph(`"${name}" on ${set}: ${how}`, 4, 6));
  }
  return lines;
}

function outputTable(outputs: readonly OutputReport[], style: Style): Cell[][] {
  const head = ["output", "max abs", "max rel", "ULP", "cosine", "top class", "allowed"];
  return [
    head.map((text) => ({ text, paint: style.dim })),
    ...outputs.map((output) => outputRow(output, style)),
  ];
}

function outputRow({ name, verdict, comparison, tolerance }: OutputReport, style: Style): Cell[] {
  const { equal, differs, unjudged } = { equal: style.green, differs: style.red, unjudged: style.yellow };
  const paint = { equal, differs, unjudged }[verdict];
  if (comparison.mismatch !== undefined) {
    return [{ text: name, paint: style.red }, "-", "-", "-", "-", "-", ""];
  }
  const { maxAbsolute, maxRelative, maxUlp, cosine, topAgreement } = comparison;
  return [
    name,
    { text: differenceText(maxAbsolute), paint },
    differenceText(maxRelative),
    maxUlp >= 1e6 ? differenceText(maxUlp) : String(maxUlp),
    cosine.toFixed(6),
    topAgreement === undefined ? "" : shareText(topAgreement),
    { text: differenceText(tolerance.absolute), paint: style.dim },
  ];
}

/** Rounding would turn "almost" into "all". */
function shareText(share: number): string {
  return share === 1 ? "100%" : `${Math.min(99.9, 100 * share).toFixed(1)}%`;
}

const RANK = { differs: 2, unjudged: 1, equal: 0 } as const;

/** One row per output: the run in which it came out worst. */
function worstByOutput(sets: readonly SetReport[]): OutputReport[] {
  const worst = new Map<string, OutputReport>();
  for (const output of sets.flatMap((set) => set.outputs)) {
    const known = worst.get(output.name);
    if (known === undefined || isWorse(output, known)) worst.set(output.name, output);
  }
  return [...worst.values()];
}

function isWorse(a: OutputReport, b: OutputReport): boolean {
  if (a.verdict !== b.verdict) return RANK[a.verdict] > RANK[b.verdict];
  return share(a) > share(b);
}

/** The share of the tolerance that was used up: runs with larger outputs may differ by more. */
function share({ comparison, tolerance }: OutputReport): number {
  if (comparison.maxAbsolute === 0) return 0;
  return tolerance.absolute === 0 ? Number.POSITIVE_INFINITY : comparison.maxAbsolute / tolerance.absolute;
}

/** Two models that were compared. */
export interface ComparedModels {
  readonly original: FileSize;
  readonly result: FileSize;
  readonly check: ComparisonReport;
  /** What was wanted of the result, and what was found; undefined where nothing was. */
  readonly budget?: BudgetReport;
}

/** The text of `normfold check`: both files, then the check. */
export function comparisonText({ original, result, check, budget }: ComparedModels, style: Style): string {
  const { bold, dim } = style;
  const [a, b] = elidePair(original.path, result.path, WIDTH - 4);
  const head = `${bold(a)} ${dim("vs")} ${bold(b)}`;
  const lines = [head, "", ...checkText(check, style), ...comparedText(check, style)];
  if (budget !== undefined) lines.push("", ...budgetText(budget, style));
  return `${lines.join("\n")}\n`;
}
