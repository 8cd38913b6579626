import { plural } from "../base/plural.js";
import type { BatchSummary, ModelOutcome } from "../batch/outcome.js";
import { budgetText } from "./budget-text.js";
import { changeCell } from "./change.js";
import { type Cell, type Column, shown, table, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText, durationText } from "./units.js";

/** Many models as one table of at most WIDTH columns, a line each, and the sums; with a line end. */
export function batchText(outcomes: readonly ModelOutcome[], summary: BatchSummary, style: Style): string {
  const shared = sharedFolder(outcomes.map(({ input }) => input));
  const head = ["model", "nodes", "file size", "", "time", "result"].map(
    (text): Cell => ({ text, paint: style.dim }),
  );
  const rows = outcomes.map((outcome) => row(outcome, outcome.input.slice(shared.length), style));
  const columns = [{ elastic: true }, RIGHT, RIGHT, RIGHT, RIGHT, {}];
  const title = shared === "" ? [] : [style.bold(shown(shared, WIDTH))];
  const budgets = outcomes.flatMap((outcome) => missedBudget(outcome, style));
  const all = [...title, ...table(columns, [head, ...rows], 0), "", ...budgets, ...sums(summary, style)];
  return `${all.join("\n")}\n`;
}

const RIGHT: Column = { align: "right" };

/** The folder that all files are in, with "/" at its end; "" for the current one. */
function sharedFolder(paths: readonly string[]): string {
  const [first = ""] = paths;
  let end = first.lastIndexOf("/") + 1;
  while (end > 0 && !paths.every((path) => path.startsWith(first.slice(0, end))))
    end = first.lastIndexOf("/", end - 2) + 1;
  return first.slice(0, end);
}

function row(outcome: ModelOutcome, name: string, style: Style): Cell[] {
  if (outcome.status === "failed")
    return [name, "", "", "", "", { text: outcome.error.code, paint: style.red }];
  const { nodes, bytes, ms, check, undone } = outcome.figures;
  if (outcome.status === "missed")
    return [
      name,
      `${nodes.before} -> ${nodes.after}`,
      bytesText(bytes.after),
      changeCell(bytes.before, bytes.after, style),
      { text: durationText(ms), paint: style.dim },
      { text: "misses its budget", paint: style.red },
    ];
  const proof =
    check === "equal" ? { text: "equal", paint: style.green } : { text: "unchecked", paint: style.yellow };
  const result = undone === 0 ? proof : { text: `${proof.text}, ${undone} undone`, paint: style.yellow };
  const time = { text: outcome.cached ? "cached" : durationText(ms), paint: style.dim };
  return [
    name,
    `${nodes.before} -> ${nodes.after}`,
    bytesText(bytes.after),
    changeCell(bytes.before, bytes.after, style),
    time,
    result,
  ];
}

/** What a model that misses its budget was to meet. */
function missedBudget(outcome: ModelOutcome, style: Style): string[] {
  if (outcome.status !== "missed" || outcome.budget === undefined) return [];
  return [style.bold(shown(outcome.input, WIDTH)), ...budgetText(outcome.budget, style), ""];
}

function sums(
  { models, optimized, missed, failed, cached, nodes, bytes, ms }: BatchSummary,
  style: Style,
): string[] {
  const parts = [
    `${plural(models, "model")}: ${optimized} optimized`,
    ...(cached === 0 ? [] : [`${cached} of them from the cache`]),
    ...(missed === 0 ? [] : [style.red(`${missed} over budget`)]),
    ...(failed === 0 ? [] : [style.red(`${failed} failed`)]),
    durationText(ms),
  ];
  const line = parts.join(", ");
  if (optimized === 0) return [line];
  const sizes = `${bytesText(bytes.before)} -> ${bytesText(bytes.after)}`;
  return [line, style.dim(`nodes ${nodes.before} -> ${nodes.after}, file size ${sizes}`)];
}
