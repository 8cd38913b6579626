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
  const widths = columns.map((_, index) => Math.max(0, ...rows.map((row) => textWidth(textOf(row[index])))));
  shrink(columns, widths, WIDTH - indent);
  return rows.map((row) => {
    const cells = columns.map(({ align }, index) => {
      const cell = row[index] ?? "";
      const width = widths[index] ?? 0;
      const text = elide(clean(textOf(cell)), width);
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

/**
 * Words set into lines of WIDTH: the first indented by `indent`, the others by `hanging`. A word that is wider than a line
 * is elided in its middle, because both halves of a broken name would be searched for in vain; --json has it in full.
 */
export function paragraph(text: string, indent = 2, hanging: number = indent): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let empty = true;
  for (const whole of clean(text).split(" ")) {
    const word = elide(whole, WIDTH - Math.max(indent, hanging));
    if (!empty && textWidth(line) + 1 + textWidth(word) > WIDTH) {
      lines.push(line);
      line = " ".repeat(hanging);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  if (!empty) lines.push(line);
  return lines;
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
  const half = Math.floor(width / 2);
  const left = elide(a, Math.max(half, width - textWidth(b)));
  return [left, elide(b, width - textWidth(left))];
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

/** Columns that a terminal uses for a text without control characters. */
export function textWidth(text: string): number {
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

/**
 * Names come from models, and models from strangers: control characters would move the cursor or end the line.
 * Bidirectional marks would reorder the words beside them.
 */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** A text of many lines, for a terminal. */
export function cleanLines(text: string): string {
  return text.split("\n").map(clean).join("\n");
}
