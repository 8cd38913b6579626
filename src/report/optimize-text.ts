import { plural } from "../base/plural.js";
import { SPECIAL_VALUES, specialText } from "../base/special-values.js";
import type { OptimizeRun } from "../job/optimize-file.js";
import type { OptimizeReport } from "../library/optimize.js";
import type { ModelSummary } from "../library/summary.js";
import type { RefusalRecord } from "../rewrite/pass.js";
import { refusals } from "../rules/refusals.js";
import { accuracyText } from "./accuracy-text.js";
import { budgetText } from "./budget-text.js";
import { changeRow } from "./change.js";
import { checkText } from "./check-text.js";
import { type Cell, elidePair, paragraph, shown, table, WIDTH } from "./layout.js";
import { latencyRows } from "./profile-text.js";
import type { Style } from "./style.js";
import { countByPass, groupRefusals, refusalsById } from "./tally.js";
import { bytesText, countText, durationText } from "./units.js";

export interface OptimizeTextOptions {
  readonly style: Style;
  /** List every rewrite and every refusal instead of counting them. */
  readonly explain: boolean;
}

/** The run as text of at most WIDTH columns, with a line end. */
export function optimizeText(run: OptimizeRun, options: OptimizeTextOptions): string {
  const { style, explain } = options;
  const { report } = run;
  const blocks = [
    [headline(run, style)],
    sizes(run, style),
    grown(report, style),
    explain ? allRewrites(report, style) : rewriteCounts(report, style),
    specials(report, style),
    undone(run, style),
    unproven(report, style),
    explain ? allRefusals(report.refusals, style) : normalizationRefusals(report, style),
    proof(report, style),
    report.accuracy === undefined ? [] : accuracyText(report.accuracy, style),
    measured(run, style),
    run.budget === undefined ? [] : budgetText(run.budget, style),
    [`${style.bold("time")}  ${timeLine(run.time)}`, ...memoryLines(run.memory, style)],
    written(run, style),
    withDefaults(report, style),
  ];
  return `${blocks
    .map((lines) => lines.join("\n"))
    .filter((block) => block !== "")
    .join("\n\n")}\n`;
}

function headline({ input, output }: OptimizeRun, { bold, dim }: Style): string {
  const [from, to] = elidePair(input.path, output.path, WIDTH - 4);
  return `${bold(from)} ${dim("->")} ${bold(to)}`;
}

function sizes({ input, output, report }: OptimizeRun, style: Style): string[] {
  const { before, after } = report;
  const rows: Cell[][] = [["", dim("before", style), dim("after", style), ""]];
  rows.push(changeRow("nodes", before.nodes, after.nodes, String, style));
  for (const [name, m, n] of changedOperators(before, after)) {
    rows.push([`  ${name}`, dim(String(m), style), dim(String(n), style), ""]);
  }
  if (before.constants !== after.constants) {
    rows.push(changeRow("Constant nodes", before.constants, after.constants, String, style));
  }
  rows.push(changeRow("parameters", before.parameters, after.parameters, countText, style));
  if (before.irVersion !== after.irVersion) {
    rows.push(["IR version", dim(String(before.irVersion), style), String(after.irVersion), ""]);
  }
  rows.push(changeRow("file size", input.bytes, output.bytes, bytesText, style));
  return table([{ elastic: true }, { align: "right" }, { align: "right" }, { align: "right" }], rows);
}

/** What made the constants grow; nothing where they did not. */
function grown({ before, after, added }: OptimizeReport, style: Style): string[] {
  if (after.parameterBytes <= before.parameterBytes) return [];
  const lines = [
    `${style.bold("grown")}  by ${bytesText(after.parameterBytes - before.parameterBytes)} of constants`,
  ];
  for (const { pass, bytes, count, largest } of added.slice(0, MOST_CAUSES)) {
    const most = count === 1 ? `"${largest}"` : `of ${count} constants, the most for "${largest}"`;
    lines.push(...paragraph(`${pass} adds ${bytesText(bytes)} ${most}`, 2, 4));
  }
  return lines;
}

/** The passes that are named as causes of growth; those behind them add little. */
const MOST_CAUSES = 3;

function dim(text: string, style: Style): Cell {
  return { text, paint: style.dim };
}

/** Operators whose number changed; the largest changes first. Constant does not run: `nodes` is the sum without it. */
function changedOperators(before: ModelSummary, after: ModelSummary): [string, number, number][] {
  const names = new Set([...Object.keys(before.operators), ...Object.keys(after.operators)]);
  names.delete("Constant");
  return [...names]
    .map((name): [string, number, number] => [name, before.operators[name] ?? 0, after.operators[name] ?? 0])
    .filter(([, m, n]) => m !== n)
    .sort(([a, m, n], [b, o, p]) => Math.abs(p - o) - Math.abs(n - m) || (a < b ? -1 : 1));
}

function rewriteCounts({ rewrites, rounds }: OptimizeReport, style: Style): string[] {
  if (rewrites.length === 0) return [`${style.bold("rewrites")}  none were made`];
  const rows = countByPass(rewrites).map(([pass, count]) => [String(count), pass]);
  const inRounds = style.dim(`in ${plural(rounds, "round")}`);
  return [
    `${style.bold("rewrites")}  ${rewrites.length} ${inRounds}`,
    ...table([{ align: "right" }, {}], rows),
  ];
}

function allRewrites(report: OptimizeReport, style: Style): string[] {
  const lines = rewriteCounts(report, style);
  let pass = "";
  for (const record of report.rewrites) {
    if (record.pass !== pass) lines.push(`  ${style.cyan(record.pass)}`);
    pass = record.pass;
    const changed = record.mayChange.filter((kind) => kind !== "overflow");
    const effect = changed.length === 0 ? "" : ` (may change ${specialText(changed)})`;
    lines.push(...paragraph(record.summary + effect, 4, 6));
  }
  return lines;
}

/** What the rewrites may do to special values; nothing where none was made. */
function specials({ rewrites, mayChange }: OptimizeReport, style: Style): string[] {
  if (rewrites.length === 0) return [];
  const changed = mayChange.filter((kind) => kind !== "overflow");
  const kept = SPECIAL_VALUES.filter((kind) => kind !== "overflow" && !mayChange.includes(kind));
  const clauses = [
    kept.length === 0 ? [] : [`${specialText(kept)} come out as before`],
    changed.length === 0 ? [] : [`${specialText(changed)} may change`],
    mayChange.includes("overflow") ? ["numbers near the end of their range may overflow elsewhere"] : [],
  ];
  const [first = "", ...rest] = paragraph(`special values  ${clauses.flat().join("; ")}`, 0, 2);
  return [first.replace("special values", style.bold("special values")), ...rest];
}

function undone({ input, report: { rolledBack } }: OptimizeRun, style: Style): string[] {
  const [first] = rolledBack;
  if (first === undefined) return [];
  const reduceOf = (model: string): string =>
    `normfold reduce ${model} -o small.onnx --predicate undone:${first.pass}`;
  const command = reduceOf(shellWord(input.path));
  return [
    `${style.yellow("undone")}  ${plural(rolledBack.length, "rewrite")} that changed the outputs`,
    ...rolledBack.flatMap(({ pass, summary, reason }) => [
      ...paragraph(`${pass}: ${summary}`, 2, 4),
      ...paragraph(reason, 4),
    ]),
    ...paragraph("That is a fault of normfold, or of onnxruntime. A small model for a report of it:", 2),
    `  ${style.cyan(command.length > WIDTH - 2 ? reduceOf("<model>") : command)}`,
  ];
}

/** A path as the shell takes it. */
function shellWord(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Rewrites that were kept against a doubt, and those that were left out without being found wrong. */
function unproven({ acquitted, leftOut }: OptimizeReport, style: Style): string[] {
  const doubts = acquitted.flatMap(({ pass, summary, reason }) => [
    ...paragraph(`${pass}: ${summary}`, 2, 4),
    ...paragraph(reason, 4),
  ]);
  const head = `${style.yellow("kept")}  ${plural(acquitted.length, "rewrite")}, because other inputs do not confirm the difference`;
  return [
    ...(doubts.length === 0 ? [] : [head, ...doubts]),
    ...(leftOut === undefined
      ? []
      : paragraph(`left out  ${plural(leftOut.rewrites, "rewrite")}: ${leftOut.reason}`, 0, 2)),
  ];
}

/** The BatchNormalizations that stayed, and why: the first question of most users. */
function normalizationRefusals({ after, refusals }: OptimizeReport, style: Style): string[] {
  const ours = refusals.filter((record) => record.opType === "BatchNormalization");
  const others = refusals.length - ours.length;
  const more = `${plural(others, "other place")} ${others === 1 ? "was" : "were"} left alone; see --explain`;
  if (after.batchNormalizations === 0) return others === 0 ? [] : [style.dim(more)];
  const lines = [`${style.bold("not folded")}  ${plural(after.batchNormalizations, "BatchNormalization")}`];
  const defaults = nodesOf(ours.filter(stopsAtDefault));
  if (defaults > 0)
    lines.push(...paragraph(`${String(defaults).padStart(4)}  a parameter is an input with a default`, 0, 6));
  for (const { reason, records } of groupRefusals(ours.filter((record) => !stopsAtDefault(record)))) {
    const [only] = records;
    const count = String(records.length).padStart(4);
    // A reason may begin with a place and a colon itself, so a node gets a line of its own.
    if (records.length > 1 || only === undefined) lines.push(...paragraph(`${count}  ${reason}`, 0, 6));
    else lines.push(...paragraph(`${count}  ${only.node}`, 0, 6), ...paragraph(reason, 6));
  }
  if (others > 0) lines.push(style.dim(`  ${more}`));
  return lines;
}

/** Whether a map met a constant that callers may set, because it is an input too. */
function stopsAtDefault({ id }: RefusalRecord): boolean {
  return id === refusals.constantIsInputDefault.id;
}

/** How many nodes they are: several passes may have looked at one. */
function nodesOf(records: readonly RefusalRecord[]): number {
  return new Set(records.map(({ node }) => node)).size;
}

/** What would fold the normalizations whose parameters callers may set. */
function withDefaults({ refusals: records }: OptimizeReport, style: Style): string[] {
  const count = nodesOf(
    records.filter((each) => each.opType === "BatchNormalization" && stopsAtDefault(each)),
  );
  if (count === 0) return [];
  const stay = `${plural(count, "BatchNormalization")} ${count === 1 ? "stays" : "stay"}`;
  const [first = "", ...rest] = paragraph(
    `note  ${stay} because parameters are inputs with defaults, which callers may set; --freeze-initializers makes constants of them`,
    0,
    2,
  );
  return [first.replace("note", style.yellow("note")), ...rest];
}

/** Every refusal, by its kind, the most frequent kind first. */
function allRefusals(refusals: readonly RefusalRecord[], style: Style): string[] {
  if (refusals.length === 0) return [];
  const lines = [`${style.bold("left alone")}  ${refusals.length}`];
  for (const [id, records] of refusalsById(refusals)) {
    lines.push(`  ${style.cyan(id)}  ${records.length}`);
    for (const { pass, node, reason } of records) {
      lines.push(...paragraph(`${node} (${pass})`, 4, 6), ...paragraph(reason, 6));
    }
  }
  return lines;
}

function proof({ check }: OptimizeReport, style: Style): string[] {
  if (check !== undefined) return checkText(check, style);
  return [`${style.yellow("unchecked")}  the outputs were not compared (--no-check)`];
}

/** With --time the latency before and after. */
function measured({ profile, unmeasured }: OptimizeRun, style: Style): string[] {
  if (unmeasured !== undefined) return paragraph(`not measured  ${unmeasured}`, 0, 2);
  const [before, after] = profile?.models ?? [];
  if (before === undefined || after === undefined) return [];
  const head: Cell[] = ["", dim("before", style), dim("after", style), ""];
  const rows = [head, ...latencyRows(before, after, profile?.ratio, style)];
  return table([{}, { align: "right" }, { align: "right" }, {}], rows);
}

/** Every file that was written: the model, and the file of its data. */
function written({ cached, output: { files } }: OptimizeRun, { green, dim, red }: Style): string[] {
  if (files.length === 0)
    return [`${red("nothing was written")}; --write-over-budget writes it all the same`];
  return files.map(({ path, bytes }, index) => {
    const before = index === 0 ? green(cached ? "found" : "wrote") : "     ";
    return `${before} ${shown(path, WIDTH - 20)} ${dim(bytesText(bytes))}`;
  });
}

function memoryLines(memory: OptimizeRun["memory"], style: Style): string[] {
  if (memory === undefined) return [];
  const { normfold, onnxruntime } = memory;
  const parts = onnxruntime === undefined ? "" : `, of which onnxruntime ${bytesText(onnxruntime)}`;
  return [`${style.bold("memory")}  at most ${bytesText(normfold + (onnxruntime ?? 0))}${parts}`];
}

function timeLine(time: OptimizeRun["time"]): string {
  const stages = Object.entries(time).map(([stage, ms]) => `${stage} ${durationText(ms)}`);
  const total = Object.values(time).reduce((sum, ms) => sum + ms, 0);
  return [...stages, `total ${durationText(total)}`].join(", ");
}
