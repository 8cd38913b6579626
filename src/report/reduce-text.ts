import { plural } from "../base/plural.js";
import type { FileSize } from "../library/save.js";
import type { ReducePhase, ReduceProgress, ReduceReport } from "../reduce/reduce.js";
import { elidePair, paragraph, shown, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText, durationText } from "./units.js";

/** One run of `normfold reduce`: --json writes it, and the terminal shows it. */
export interface ReduceRun {
  readonly input: FileSize;
  readonly output: FileSize;
  /** The file with the result as text; undefined where the model went to standard output. */
  readonly text: string | undefined;
  /** Milliseconds by stage. */
  readonly time: Readonly<Record<string, number>>;
  readonly report: ReduceReport;
}

/** The run as text of at most WIDTH columns, with a line end. */
export function reduceText(run: ReduceRun, style: Style): string {
  const { bold, dim, green } = style;
  const { input, output, text, report, time } = run;
  const { before, after, tries, symptom } = report;
  const [from, to] = elidePair(input.path, output.path, WIDTH - 4);
  const total = Object.values(time).reduce((sum, ms) => sum + ms, 0);
  const lines = [
    `${bold(from)} ${dim("->")} ${bold(to)}`,
    "",
    ...paragraph(`what goes wrong: ${symptom}`, 0, 2),
    `${before.nodes} -> ${plural(after.nodes, "node")}, ${bytesText(before.parameterBytes)} -> ${bytesText(after.parameterBytes)} of weights, ${plural(tries, "try", "tries")} in ${durationText(total)}`,
    ...STATUS[report.status].flatMap((sentence) => paragraph(style.yellow(sentence), 0, 2)),
    ...saidLines(report, style),
    "",
    `${green("wrote")} ${shown(output.path, WIDTH - 20)} ${dim(bytesText(output.bytes))}`,
  ];
  if (text !== undefined) lines.push(`      ${shown(text, WIDTH - 30)} ${dim("the same as text")}`);
  return `${lines.join("\n")}\n`;
}

/** A command may fail on a part of a model for a reason of its own, with the same exit code. */
function saidLines({ said }: ReduceReport, style: Style): string[] {
  if (said === undefined) return [];
  return [
    ...paragraph(
      style.yellow("the command ends with another line now; --match holds it to what it said first:"),
      0,
      2,
    ),
    `  first  ${shown(said.before, WIDTH - 10)}`,
    `  now    ${shown(said.after, WIDTH - 10)}`,
  ];
}

const STATUS: Readonly<Record<ReduceReport["status"], readonly string[]>> = {
  done: [],
  stopped: ["stopped: this is the smallest model so far, and smaller ones were not tried"],
  unstable: ["unstable: tried once more, the result did not show it; the fault may hang on chance"],
};

const DOING: Readonly<Record<ReducePhase, string>> = {
  record: "running the model once",
  try: "trying the whole model",
  extras: "leaving out what computes nothing",
  nodes: "leaving out nodes",
  bodies: "opening bodies",
  sizes: "trying smaller sizes",
  weights: "trying simpler weights",
  names: "trying short names",
};

/** How far the work is, for one line: "leaving out nodes: 12 nodes left, 34 tries". */
export function reduceProgressText({ phase, nodes, tries }: ReduceProgress): string {
  const count = tries === 0 ? "" : `, ${plural(tries, "try", "tries")}`;
  return `${DOING[phase]}: ${plural(nodes, "node")} left${count}`;
}
