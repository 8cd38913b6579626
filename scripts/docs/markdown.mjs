// Markdown of at most WIDTH columns; tables are as wide as their cells.

const WIDTH = 100;

/** The top of every page that scripts/write-docs.mjs writes. */
export const GENERATED = "<!-- Written by `npm run docs` from the code; edits here are lost. -->";

/** Parts of a page, with an empty line between them. */
export function page(...parts) {
  return `${parts.flat(Number.POSITIVE_INFINITY).join("\n\n")}\n`;
}

/** Text in lines of at most WIDTH columns; those after the first start with `indent` spaces. Code spans stay whole. */
export function paragraph(text, indent = 0) {
  const lines = [""];
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const line = lines.at(-1);
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(" ".repeat(indent) + word);
  }
  return lines.join("\n");
}

/** A list, one item a line. */
export function list(items) {
  return items.map((item) => paragraph(`- ${item}`, 2)).join("\n");
}

/** A table; a head that ends in ">" is aligned to the right. */
export function table(head, rows) {
  const right = head.map((cell) => cell.endsWith(">"));
  const all = [head.map((cell) => cell.replace(/>$/, "")), ...rows.map((row) => row.map(cellText))];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => "-".repeat(right[i] ? width - 1 : width) + (right[i] ? ":" : ""));
  return [line(all[0]), `| ${rule.join(" | ")} |`, ...all.slice(1).map(line)].join("\n");
}

function cellText(cell) {
  return String(cell).replaceAll("|", "\\|");
}

/** Text as it is, in a fence. */
export function code(text, language = "text") {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** A code span. */
export function span(text) {
  return `\`${text}\``;
}
