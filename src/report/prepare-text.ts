import type { PrepareReport } from "../batchnorm/prepare.js";
import type { FileSize } from "../library/save.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText } from "./units.js";

export interface PrepareRun {
  readonly input: FileSize;
  readonly output: FileSize;
  readonly report: PrepareReport;
}

const MOST = 4;

/** The changes of a recipe, the nodes it left alone, and its advice for the training, as lines of at most 80 columns. */
export function prepareText({ input, output, report }: PrepareRun, style: Style): string {
  const lines = paragraph(
    `${style.bold(input.path)} -> ${style.bold(output.path)} (${bytesText(output.bytes)})`,
    0,
    2,
  );
  lines.push(...paragraph(style.yellow("this network computes something else, on purpose: train it")));
  for (const { change, nodes } of report.steps) {
    lines.push("", ...paragraph(`${nodes.length} x ${change}`, 0, 2));
    const more = nodes.length > MOST ? `, and ${nodes.length - MOST} more` : "";
    lines.push(...paragraph(`${nodes.slice(0, MOST).join(", ")}${more}`, 2));
  }
  if (report.kept.length > 0) {
    lines.push("", ...paragraph(style.bold("left as they are"), 0));
    for (const { node, reason } of report.kept) lines.push(...paragraph(`${node}: ${reason}`, 2, 4));
  }
  lines.push("", ...paragraph(style.bold("of the recipe, for the settings of the training"), 0));
  for (const setting of report.settings) lines.push(...paragraph(`- ${setting}`, 2, 4));
  return `${lines.join("\n")}\n`;
}
