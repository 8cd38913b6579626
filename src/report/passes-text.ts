import type { PassInfo } from "../rewrite/pass.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";

/** Each pass with what it looks for and what it leaves, as text of at most WIDTH columns. */
export function passesText(passes: readonly PassInfo[], style: Style): string {
  const blocks = passes.map(({ name, summary, before, after, numerics }) =>
    [
      `${style.bold(style.cyan(name))}  ${style.dim(numerics)}`,
      ...paragraph(summary, 2),
      ...labelled("before", before, style),
      ...labelled("after", after, style),
    ].join("\n"),
  );
  return `${blocks.join("\n\n")}\n`;
}

/** Statements are set apart by two spaces in the source; here each gets its line. */
function labelled(label: string, text: string, { dim }: Style): string[] {
  const indent = 12;
  const lines = text.split(/ {2,}/).flatMap((statement) => paragraph(statement, indent, indent + 2));
  return lines.map((line, index) =>
    index === 0 ? `    ${dim(label.padEnd(indent - 4))}${line.slice(indent)}` : line,
  );
}
