import type { PrepareReport } from "../batchnorm/prepare.js";
import type { FileSize } from "../library/save.js";
import { headline } from "./headline.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";

export interface PrepareRun {
  readonly input: FileSize;
  readonly output: FileSize;
  readonly report: PrepareReport;
}

const MOST = 4;

/** The changes of a recipe, the nodes it left alone, and its advice for the training, as lines of at most 80 columns. */
export function prepareText({ input, output, report }: PrepareRun, style: Style): string {
  const lines = paragraph(headline(input, output, style), 0, 2);
  lines.push(
    ...paragraph({ text: "this network computes something else, on purpose: train it", paint: style.yellow }),
  );
  for (const { change, nodes } of report.steps) {
    lines.push("", ...paragraph(`${nodes.length} x ${change}`, 0, 2));
    const more = nodes.length > MOST ? `, and ${nodes.length - MOST} more` : "";
    lines.push(...paragraph(`${nodes.slice(0, MOST).join(", ")}${more}`, 2));
  }
  if (report.kept.length > 0) {
    lines.push("", ...paragraph({ text: "left as they are", paint: style.bold }, 0));
    for (const { node, reason } of report.kept) lines.push(...paragraph(`${node}: ${reason}`, 2, 4));
  }
  lines.push(
    "",
    ...paragraph({ text: "of the recipe, for the settings of the training", paint: style.bold }, 0),
  );
  for (const setting of report.settings) lines.push(...paragraph(`- ${setting}`, 2, 4));
  return `${lines.join("\n")}\n`;
}
