import { plural } from "../base/plural.js";
import type { FileSize } from "../library/save.js";
import type { OperatorCount, Uncounted } from "../profile/count.js";
import { type Latency, LEAST_ROUNDS, type Ratio, type Timing } from "../profile/latency.js";
import type { ModelProfile, ProfileReport } from "../profile/profile-report.js";
import { changeRow } from "./change.js";
import { type Cell, elidePair, paragraph, shown, table, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { groupBy } from "./tally.js";
import { bytesText, changeText, countText, latencyText } from "./units.js";

/** One run of `normfold profile`: --json writes it, and the terminal shows it. */
export interface ProfileRun extends ProfileReport {
  /** The files, in the order of the models. */
  readonly files: readonly FileSize[];
}

/** The figures as text of at most WIDTH columns, with a line end. */
export function profileText(run: ProfileRun, style: Style): string {
  const [model, other] = run.models;
  const [file, otherFile] = run.files;
  if (model === undefined || file === undefined) return "";
  const blocks =
    other === undefined || otherFile === undefined
      ? [
          [
            `${style.bold(shown(file.path, WIDTH - 20))}  ${style.dim(bytesText(file.bytes))}`,
            ...inputs(run, style),
          ],
          operators(model, style),
          figures(model, style),
          remarks(model, style),
        ]
      : [
          [pair(file.path, otherFile.path, style), ...inputs(run, style)],
          comparison(model, other, run.ratio, style),
          operatorPairs(model, other, style),
          ...[model, other].map((each) => remarks(each, style)),
        ];
  return `${[...blocks, conditions(run, style)]
    .map((lines) => lines.join("\n"))
    .filter((block) => block !== "")
    .join("\n\n")}\n`;
}

function pair(a: string, b: string, { bold, dim }: Style): string {
  const [from, to] = elidePair(a, b, WIDTH - 4);
  return `${bold(from)} ${dim("->")} ${bold(to)}`;
}

function inputs({ inputs: list }: ProfileReport, { cyan }: Style): string[] {
  const rows = list.map(({ name, dtype, dims }): Cell[] => [
    name,
    { text: dtype === undefined ? "?" : `${dtype}[${dims.join(",")}]`, paint: cyan },
  ]);
  return table([{ elastic: true }, { elastic: true }], rows);
}

const RIGHT = { align: "right" } as const;

/** Rows of operators that a table shows; the others are one row. */
const MOST_OPERATORS = 16;

function operators({ count }: ModelProfile, { bold, dim }: Style): string[] {
  const head = ["operator", "nodes", "multiply-adds", "", "other", "parameters", "writes"];
  const row = (each: Omit<OperatorCount, "operator">, name: Cell): Cell[] => [
    name,
    String(each.nodes),
    countText(each.multiplyAdds),
    { text: share(each.multiplyAdds, count.multiplyAdds), paint: dim },
    countText(each.others),
    countText(each.parameters),
    bytesText(each.bytesWritten),
  ];
  const all = { text: "all", paint: bold };
  const [listed, rest] = [count.operators.slice(0, MOST_OPERATORS), count.operators.slice(MOST_OPERATORS)];
  const rows = [
    head.map((text): Cell => ({ text, paint: dim })),
    ...listed.map((each) => row(each, each.operator)),
    ...(rest.length === 0 ? [] : [row(sumOf(rest), `${rest.length} others`)]),
    row(sumOf(count.operators), all),
  ];
  return table([{ elastic: true }, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT], rows, 0);
}

function sumOf(counts: readonly OperatorCount[]): Omit<OperatorCount, "operator"> {
  const sum = (of: (each: OperatorCount) => number): number =>
    counts.reduce((total, each) => total + of(each), 0);
  return {
    nodes: sum((each) => each.nodes),
    multiplyAdds: sum((each) => each.multiplyAdds),
    others: sum((each) => each.others),
    parameters: sum((each) => each.parameters),
    bytesWritten: sum((each) => each.bytesWritten),
  };
}

function share(part: number, whole: number): string {
  return whole === 0 || part === 0 ? "" : `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)}%`;
}

function figures(
  { parameters, parameterBytes, peakMemory, latency, executed }: ModelProfile,
  style: Style,
): string[] {
  const at = peakMemory.at === undefined ? "" : `, at ${peakMemory.at}`;
  const rows: Cell[][] = [
    ["parameters", `${countText(parameters)}, ${bytesText(parameterBytes)}`],
    [
      "peak memory",
      `${peakMemory.isComplete ? "" : "at least "}${bytesText(peakMemory.bytes)} of values${at}`,
    ],
  ];
  if (latency !== undefined) {
    const [low, high] = latency.quartiles;
    rows.push(
      ["latency", timingText(latency.run, latency.rounds)],
      ["", `half of ${plural(latency.runs, "run")} took ${latencyText(low)} to ${latencyText(high)}`],
      ["loading", timingText(latency.load, latency.rounds)],
    );
  }
  if (executed !== undefined) {
    const kinds = Object.entries(executed.operators).map(([name, count]) => `${count} ${lastName(name)}`);
    const more = kinds.length > MOST_KINDS ? [...kinds.slice(0, MOST_KINDS), "..."] : kinds;
    rows.push(["executed", `${plural(executed.nodes, "node")}: ${more.join(", ")}`]);
  }
  return table(
    [{}, { elastic: true }],
    rows.map(([name = "", ...cells]) => [bolded(name, style), ...cells]),
    0,
  );
}

/** Kinds of executed nodes that fit into a line, mostly. */
const MOST_KINDS = 3;

/** "nchwc::Conv" of "com.microsoft.nchwc::Conv", which onnxruntime's own operators have in common. */
function lastName(operator: string): string {
  return operator.replace(/^com\.(?:microsoft|ms\.internal)\.?(?:::)?/, "");
}

function bolded(cell: Cell, { bold }: Style): Cell {
  return typeof cell === "string" ? { text: cell, paint: bold } : cell;
}

/** "2.13 ms (2.10 ms to 2.20 ms)"; the median alone where the rounds are too few to tell an interval. */
function timingText({ median, interval: [low, high] }: Timing, rounds: number): string {
  if (rounds < LEAST_ROUNDS) return latencyText(median);
  return `${latencyText(median)} (${latencyText(low)} to ${latencyText(high)})`;
}

/** The rows of the latency, of loading and of executed nodes before and after. */
export function latencyRows(
  a: ModelProfile,
  b: ModelProfile,
  ratio: Ratio | undefined,
  style: Style,
): Cell[][] {
  const rows: Cell[][] = [];
  const times = (name: string, of: (latency: Latency) => number, change: Cell): void => {
    if (a.latency === undefined || b.latency === undefined) return;
    rows.push([bolded(name, style), latencyText(of(a.latency)), latencyText(of(b.latency)), change]);
  };
  const rounds = a.latency?.rounds ?? 0;
  times("latency", ({ run }) => run.median, ratio === undefined ? "" : ratioText(ratio, rounds, style));
  const [loadA, loadB] = [a.latency?.load.median ?? 0, b.latency?.load.median ?? 0];
  times("loading", ({ load }) => load.median, { text: changeText(loadA, loadB), paint: style.dim });
  if (a.executed !== undefined && b.executed !== undefined)
    rows.push(changeRow("executed", a.executed.nodes, b.executed.nodes, String, style));
  return rows;
}

function ratioText({ median, interval: [low, high] }: Ratio, rounds: number, style: Style): Cell {
  const percent = (ratio: number): string => changeText(1, ratio) || "0%";
  if (rounds < LEAST_ROUNDS)
    return { text: `${percent(median)} in ${plural(rounds, "round")}`, paint: style.dim };
  const paint = high < 1 ? style.green : low > 1 ? style.yellow : style.dim;
  if (low <= 1 && high >= 1) return { text: `${percent(median)}, no difference seen`, paint };
  return { text: `${percent(median)} (${percent(low)} to ${percent(high)})`, paint };
}

function comparison(a: ModelProfile, b: ModelProfile, ratio: Ratio | undefined, style: Style): string[] {
  const row = (name: string, of: (model: ModelProfile) => number, show: (value: number) => string): Cell[] =>
    changeRow(name, of(a), of(b), show, style);
  const rows = [
    ["", { text: "first", paint: style.dim }, { text: "second", paint: style.dim }, ""],
    row("multiply-adds", ({ count }) => count.multiplyAdds, countText),
    row("other operations", ({ count }) => count.others, countText),
    row("parameters", ({ parameters }) => parameters, countText),
    row("peak memory", ({ peakMemory }) => peakMemory.bytes, bytesText),
    row("nodes", ({ nodes }) => nodes, String),
    ...latencyRows(a, b, ratio, style),
  ];
  return table([{}, RIGHT, RIGHT, {}], rows);
}

function operatorPairs(a: ModelProfile, b: ModelProfile, { dim }: Style): string[] {
  const of = (model: ModelProfile): Map<string, OperatorCount> =>
    new Map(model.count.operators.map((each) => [each.operator, each]));
  const [first, second] = [of(a), of(b)];
  const names = [...new Set([...first.keys(), ...second.keys()])];
  const head = ["operator", "nodes", "", "multiply-adds", "", "writes", ""];
  const rows = names.map((name): Cell[] => {
    const [m, n] = [first.get(name), second.get(name)];
    return [
      name,
      String(m?.nodes ?? 0),
      String(n?.nodes ?? 0),
      countText(m?.multiplyAdds ?? 0),
      countText(n?.multiplyAdds ?? 0),
      bytesText(m?.bytesWritten ?? 0),
      bytesText(n?.bytesWritten ?? 0),
    ];
  });
  const shownRows = rows.slice(0, MOST_OPERATORS);
  const more = rows.length - shownRows.length;
  return [
    ...table(
      [{ elastic: true }, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT],
      [head.map((text): Cell => ({ text, paint: dim })), ...shownRows],
      0,
    ),
    ...(more === 0 ? [] : [dim(`and ${plural(more, "operator")} more; see --json`)]),
  ];
}

const REASONS: Readonly<Record<Uncounted["reason"], string>> = {
  size: "of sizes that only --input-shape or a run tells",
  trips: "of iterations that only a run tells, one is counted",
  operator: "of no standard operator",
};

/** What the counts leave out, or hold too much of. */
function remarks({ count }: ModelProfile, { dim }: Style): string[] {
  const lines = [...groupBy(count.uncounted, ({ reason }) => REASONS[reason])].flatMap(([reason, group]) => {
    const nodes = group.map(({ operator, nodes: own }) => `${own} ${operator}`);
    return paragraph(`not counted, ${reason}: ${nodes.join(", ")}`, 0, 2);
  });
  const most =
    count.atMost.length === 0 ? [] : paragraph(`at most so many operations: ${count.atMost.join(", ")}`, 0);
  return [...lines, ...most].map(dim);
}

function conditions({ run, models }: ProfileReport, { dim, yellow }: Style): string[] {
  if (run === undefined) return [];
  const threads = run.threads === undefined ? "its own number of threads" : plural(run.threads, "thread");
  const count = models[0]?.latency?.rounds ?? 0;
  const rounds = plural(count, "round");
  const widest = Math.max(
    0,
    ...models.map(({ latency }) => (latency === undefined ? 0 : widthOf(latency.run))),
  );
  const busy =
    widest <= CERTAIN
      ? []
      : paragraph(
          `not certain: the latency is known to ${(100 * widest).toFixed(0)}% only, because other work takes turns with it; an idle machine gives better figures`,
          0,
        ).map(yellow);
  const text = `measured in ${run.runtime}, ${run.provider}, ${threads}, level ${run.level}; ${rounds} of fresh sessions; ${count < LEAST_ROUNDS ? "medians, too few to tell how far they repeat" : "medians, and where they lie in 95 of 100 cases"}`;
  return [...busy, ...paragraph(text, 0).map(dim)];
}

/** From here on two runs may differ by more than somebody who compares them expects. */
const CERTAIN = 0.05;

/** Half the interval over the median. */
function widthOf({ median, interval: [low, high] }: Timing): number {
  return median === 0 ? 0 : (high - low) / (2 * median);
}
