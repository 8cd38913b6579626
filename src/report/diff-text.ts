import { plural } from "../base/plural.js";
import type {
  ModelDiff,
  NodeReference,
  TextChange,
  WeightChange,
  WeightReference,
} from "../diff/model-diff.js";
import type { FileSize } from "../library/save.js";
import { changeCell } from "./change.js";
import { type Cell, elidePair, paragraph, table, WIDTH } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText, differenceText } from "./units.js";

/** Two models and what changed between them. */
export interface DiffedModels {
  readonly before: FileSize;
  readonly after: FileSize;
  readonly diff: ModelDiff;
}

export interface DiffTextOptions {
  readonly style: Style;
  /** List every node and every constant that differs, not the first of each kind. */
  readonly all: boolean;
}

/** Nodes or constants of one kind that are listed unless all are asked for. */
const MOST = 8;

/** The difference of two models as text of at most WIDTH columns, with a line end. */
export function diffText({ before, after, diff }: DiffedModels, { style, all }: DiffTextOptions): string {
  const most = all ? Number.POSITIVE_INFINITY : MOST;
  const [from, to] = elidePair(before.path, after.path, WIDTH - 4);
  const blocks = [
    [`${style.bold(from)} ${style.dim("vs")} ${style.bold(to)}`],
    [verdict(diff, style)],
    textChanges("fields", diff.fields, style),
    textChanges("opsets", diff.opsets, style),
    textChanges("metadata", diff.metadata, style),
    textChanges("inputs", diff.inputs, style),
    textChanges("outputs", diff.outputs, style),
    operators(diff, style),
    nodes(diff, style, most),
    weights(diff, style, most),
    diff.other === undefined ? [] : [style.bold("other"), ...paragraph(diff.other, 2, 4)],
  ];
  return `${blocks
    .map((lines) => lines.join("\n"))
    .filter((block) => block !== "")
    .join("\n\n")}\n`;
}

function verdict({ same, ignored }: ModelDiff, { bold, green, red, dim }: Style): string {
  const but = ignored.length === 0 ? "" : dim(`, ${ignored.join(", ")} ignored`);
  return `${bold("diff")}  ${same ? green("same") : red("differs")}${but}`;
}

function textChanges(title: string, changes: readonly TextChange[], { bold, dim }: Style): string[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ name, before, after }): Cell[] => [
    name,
    before ?? { text: "none", paint: dim },
    { text: "->", paint: dim },
    after ?? { text: "none", paint: dim },
  ]);
  return [bold(title), ...table([{ elastic: true }, { elastic: true }, {}, { elastic: true }], rows)];
}

function operators(diff: ModelDiff, style: Style): string[] {
  if (diff.operators.length === 0) return [];
  const { bold, dim } = style;
  const rows = diff.operators.map(({ operator, before, after }): Cell[] => [
    operator,
    { text: String(before), paint: dim },
    String(after),
    changeCell(before, after, style),
  ]);
  const right = { align: "right" } as const;
  return [bold("operators"), ...table([{ elastic: true }, right, right, right], rows)];
}

function nodes({ nodes: found }: ModelDiff, style: Style, most: number): string[] {
  const { same, renamed, changed, removed, added } = found;
  const lines = [
    `${style.bold("nodes")}  ${counts(same, renamed, changed.length, removed.length, added.length)}`,
  ];
  const label = ({ graph, operator, name }: NodeReference): string =>
    `${operator} "${name}"${graph === "" ? "" : ` in ${graph}`}`;
  for (const change of first(changed, most)) {
    const also = change.nameAfter === change.name ? "" : `, now "${change.nameAfter}"`;
    lines.push(...paragraph([{ text: "~", paint: style.yellow }, label(change) + also], 2, 4));
    for (const { name, before = "none", after = "none" } of change.changes)
      lines.push(...paragraph(`${name}: ${before} -> ${after}`, 6, 8, 4));
  }
  lines.push(...more(changed, most, style));
  lines.push(...listed("-", removed, label, style.red, most, style));
  lines.push(...listed("+", added, label, style.green, most, style));
  return lines;
}

function weights({ weights: found }: ModelDiff, style: Style, most: number): string[] {
  const { same, renamed, changed, removed, added } = found;
  const lines = [
    `${style.bold("weights")}  ${counts(same, renamed, changed.length, removed.length, added.length)}`,
  ];
  const label = ({ name, type, bytes }: WeightReference): string => `${name} ${type}, ${bytesText(bytes)}`;
  for (const change of first(changed, most))
    lines.push(...paragraph([{ text: "~", paint: style.yellow }, weightChange(change)], 2, 4));
  lines.push(...more(changed, most, style));
  lines.push(...listed("-", removed, label, style.red, most, style));
  lines.push(...listed("+", added, label, style.green, most, style));
  return lines;
}

function weightChange({ name, type, typeAfter, elements, maxDifference }: WeightChange): string {
  const types = type === typeAfter ? type : `${type} -> ${typeAfter}`;
  const count =
    elements === undefined ? "" : `, ${plural(elements, "element")} ${elements === 1 ? "differs" : "differ"}`;
  const by = maxDifference === undefined ? "" : ` by up to ${differenceText(maxDifference)}`;
  return `${name} ${types}${count}${by}`;
}

/** "98 same (3 renamed), 2 changed, 52 removed": what there is none of is left out. */
function counts(same: number, renamed: number, changed: number, removed: number, added: number): string {
  const parts = [
    `${same} same${renamed === 0 ? "" : ` (${renamed} renamed)`}`,
    changed === 0 ? [] : `${changed} changed`,
    removed === 0 ? [] : `${removed} removed`,
    added === 0 ? [] : `${added} added`,
  ];
  return parts.flat().join(", ");
}

function listed<T>(
  mark: string,
  items: readonly T[],
  label: (item: T) => string,
  paint: Style["red"],
  most: number,
  style: Style,
): string[] {
  const lines = first(items, most).flatMap((item) => paragraph([{ text: mark, paint }, label(item)], 2, 4));
  return [...lines, ...more(items, most, style)];
}

function first<T>(items: readonly T[], most: number): readonly T[] {
  return items.length <= most ? items : items.slice(0, most);
}

function more(items: readonly unknown[], most: number, { dim }: Style): string[] {
  return items.length <= most ? [] : [dim(`    ${items.length - most} more; --all lists them`)];
}
