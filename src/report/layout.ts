import { visible } from "../base/visible.js";
import type { Paint } from "./style.js";

/** Reports are set for this many columns, so that they read the same in a terminal, a log and an issue. */
export const WIDTH = 80;

/** A piece of text and how it is marked; its width is that of the text alone. */
export interface Span {
  readonly text: string;
  readonly paint: Paint;
}

export type Cell = string | Span;

export interface Column {
  readonly align?: "right";
  /** Gives way when a line gets too long: its cells are elided in the middle. */
  readonly elastic?: boolean;
}

const GAP = 2;
const MIN_ELASTIC = 12;

/** The rows as lines, columns aligned, no line wider than WIDTH as long as the elastic columns can give way. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], indent = 2): string[] {
  const texts = rows.map((row) => columns.map((_, index) => shown(textOf(row[index]), WIDTH)));
  const widths = columns.map((_, index) =>
    texts.reduce((most, row) => Math.max(most, textWidth(row[index] ?? "")), 0),
  );
  shrink(columns, widths, WIDTH - indent);
  return rows.map((row, line) => {
    const cells = columns.map(({ align }, index) => {
      const cell = row[index] ?? "";
      const width = widths[index] ?? 0;
      const text = elide(texts[line]?.[index] ?? "", width);
      const padding = " ".repeat(Math.max(0, width - textWidth(text)));
      const painted = typeof cell === "string" ? text : cell.paint(text);
      // Nothing follows the last cell, so that lines carry no spaces at their end.
      if (align === "right") return padding + painted;
      return index === columns.length - 1 ? painted : painted + padding;
    });
    return (" ".repeat(indent) + cells.join(" ".repeat(GAP))).trimEnd();
  });
}

function shrink(columns: readonly Column[], widths: number[], available: number): void {
  const excess = (): number =>
    widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - available;
  while (excess() > 0) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const width = widths[index] ?? 0;
      if (column.elastic && width > MIN_ELASTIC && width > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function textOf(cell: Cell | undefined): string {
  return cell === undefined ? "" : typeof cell === "string" ? cell : cell.text;
}

/** A paragraph ends after so many lines, because a name may be as long as a stranger likes. */
const MOST_LINES = 24;

/**
 * Words set into lines of WIDTH: the first indented by `indent`, the others by `hanging`. A word that is wider than a line
 * is elided in its middle, because both halves of a broken name would be searched for in vain; so is a text of more than
 * `most` lines. --json has both in full.
 */
export function paragraph(
  cells: Cell | readonly Cell[],
  indent = 2,
  hanging: number = indent,
  most: number = MOST_LINES,
): string[] {
  const lines: string[] = [];
  const margin = Math.max(indent, hanging);
  let line = " ".repeat(indent);
  let used = indent;
  let empty = true;
  for (const { text, paint } of wordsOf(cells, most * WIDTH)) {
    const word = shown(text, WIDTH - margin);
    const width = textWidth(word);
    if (!empty && used + 1 + width > WIDTH) {
      lines.push(line);
      line = " ".repeat(hanging);
      used = hanging;
      empty = true;
    }
    line += empty ? paint(word) : ` ${paint(word)}`;
    used += empty ? width : width + 1;
    empty = false;
  }
  if (!empty) lines.push(line);
  return lines;
}

/** The words of cells side by side, each marked like its cell. */
function wordsOf(cells: Cell | readonly Cell[], width: number): readonly Span[] {
  const list = typeof cells === "string" || "text" in cells ? [cells] : cells;
  return list.flatMap((cell) => {
    const { text, paint } = typeof cell === "string" ? { text: cell, paint: plain } : cell;
    return shown(text, width)
      .split(" ")
      .map((word): Span => ({ text: word, paint }));
  });
}

function plain(text: string): string {
  return text;
}

/** A column may hold several characters without a width of their own, but not many. */
const CHARS_PER_COLUMN = 8;

/**
 * A name or text of a model on one line of at most `width` columns: what a terminal would obey is escaped, and the middle of
 * a long one gives way to three points.
 */
export function shown(text: string, width: number): string {
  if (text.length <= width && PLAIN.test(text)) return text;
  // Nothing between the ends is looked at, because a name of a million characters must not take seconds.
  const end = CHARS_PER_COLUMN * width;
  const isLong = text.length > 2 * end;
  return elide(visible(isLong ? `${text.slice(0, end)}...${text.slice(-end)}` : text), width);
}

/** `text` in at most `width` columns, its middle given up: both ends of a node's or file's name tell most. */
export function elide(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 4) return take(text, width);
  const tail = Math.ceil((width - 3) / 2);
  const end = [...take([...text].reverse().join(""), tail)].reverse().join("");
  return `${take(text, width - 3 - textWidth(end))}...${end}`;
}

/** Two names side by side in `width` columns; the longer one gets the columns that the other does not need. */
export function elidePair(a: string, b: string, width: number): [string, string] {
  const [first, second] = [shown(a, width), shown(b, width)];
  const half = Math.floor(width / 2);
  const left = elide(first, Math.max(half, width - textWidth(second)));
  return [left, elide(second, width - textWidth(left))];
}

/** The longest beginning of `text` that is no wider than `width`, and at least one character. */
function take(text: string, width: number): string {
  let taken = "";
  let used = 0;
  for (const char of text) {
    used += charWidth(char);
    if (used > width && taken !== "") break;
    taken += char;
  }
  return taken;
}

/** Text of which each character takes one column. */
const PLAIN = /^[ -~]*$/;

/** Columns that a terminal uses for a text without control characters. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function charWidth(char: string): number {
  if (char < "\u0300") return 1;
  if (/\p{Mark}/u.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}
