import { visible } from "../base/visible.js";
import { durationText } from "../report/units.js";
import type { Case } from "./case.js";

const WORDS: Readonly<Record<Case["status"], string>> = {
  passed: "passed",
  failed: "**failed**",
  error: "**error**",
};

/** The cases as a table in Markdown, and what was found below it. */
export function markdownText(cases: readonly Case[], command: string): string {
  const columns = [...new Set(cases.flatMap(({ figures }) => figures.map(([name]) => name)))];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const head = ["model", "result", ...columns, "time"];
  const rows = cases.map(({ name, status, figures, seconds }) => {
    const texts = new Map(figures);
    const values = columns.map((column) => texts.get(column) ?? "");
    const time = seconds === 0 ? "" : durationText(1000 * seconds);
    return row([cell(name), WORDS[status], ...[...values, time].map(cell)]);
  });
  const findings = cases.flatMap(({ name, findings: found }) =>
    found.map(
      ({ severity, title, message }) => `- ${cell(name)}: ${severity}, ${cell(title)}: ${cell(message)}`,
    ),
  );
  return [
    `### normfold ${command}`,
    "",
    row(head.map(cell)),
    `|${head.map(() => "---|").join("")}`,
    ...rows,
    ...(findings.length === 0 ? [] : ["", ...findings]),
    "",
  ].join("\n");
}

/** Text in which nothing is markup. */
function cell(text: string): string {
  return visible(text).replaceAll(/[\\`*_[\]<>|#~&]/g, "\\$&");
}
