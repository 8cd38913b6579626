import { specialText } from "../base/special-values.js";
import type { GradientCoverage } from "../ops/gradient.js";
import type { PassInfo } from "../rewrite/pass.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";

/** Each pass with the nodes before and after it, as text of at most WIDTH columns. */
export function passesText(passes: readonly PassInfo[], style: Style): string {
  const blocks = passes.map(({ name, summary, before, after, numerics, specials, order }) =>
    [
      `${style.bold(style.cyan(name))}  ${style.dim(numerics)}`,
      ...paragraph(summary, 2),
      ...labelled("before", before, style),
      ...labelled("after", after, style),
      ...specialLines(specials, style),
      ...orderLines(order, style),
    ].join("\n"),
  );
  return `${blocks.join("\n\n")}\n`;
}

function specialLines(specials: PassInfo["specials"], style: Style): string[] {
  if (specials === undefined) return [];
  const { mayChange, because } = specials;
  const what = mayChange.length === 0 ? "keeps all special values" : `may change ${specialText(mayChange)}`;
  return labelled("special", `${what}: ${because}`, style);
}

/** The places that a pass may not take in the order, each with its reason; nothing where it may take any. */
function orderLines(order: PassInfo["order"], style: Style): string[] {
  if (order === undefined || order === "any place") return [];
  const sides = [
    ["follows", order.after],
    ["precedes", order.before],
  ] as const;
  return sides.flatMap(([verb, passes = {}]) =>
    Object.entries(passes).flatMap(([pass, reason]) =>
      labelled("order", `${verb} ${pass}: ${reason}`, style),
    ),
  );
}

/** Statements are set apart by two spaces in the source; here each gets its line. */
function labelled(label: string, text: string, { dim }: Style): string[] {
  const indent = 12;
  const lines = text.split(/ {2,}/).flatMap((statement) => paragraph(statement, indent, indent + 2));
  return lines.map((line, index) =>
    index === 0 ? `    ${dim(label.padEnd(indent - 4))}${line.slice(indent)}` : line,
  );
}

/** Which operators have a gradient, a zero gradient or none, as text of at most WIDTH columns. */
export function gradientsText(coverage: readonly GradientCoverage[], { bold }: Style): string {
  const names = (kind: GradientCoverage["kind"]): readonly string[] =>
    coverage.flatMap((row) => (row.kind === kind ? [row.operator] : []));
  const [written, zero] = [names("gradient"), names("zero")];
  const lines = [
    bold(`${written.length} operators with a gradient`),
    ...paragraph(written.join(", ")),
    "",
    bold(`${zero.length} that pass none on: constant wherever they have a derivative, or integers`),
    ...paragraph(zero.join(", ")),
    "",
    bold("refused"),
    ...coverage.flatMap(({ operator, reason }) =>
      reason === undefined ? [] : paragraph(`${operator}: ${reason}`, 2, 4),
    ),
    "",
    "Any other operator on the way of a gradient is an error that names it.",
  ];
  return `${lines.join("\n")}\n`;
}
