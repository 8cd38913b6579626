import { boundsText } from "../runtime/bounds.js";
import type { ComparisonReport } from "../runtime/comparison-report.js";
import type { LayerReport, LayersReport } from "../runtime/layers.js";
import type { Side } from "../runtime/sides.js";
import type { Accuracy, TopKReport } from "../runtime/top-k.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";
import { differenceText } from "./units.js";

/** What was asked for beside the verdict: the tolerance, where the models ran, the values inside them, the classes. */
export function comparedText(report: ComparisonReport, style: Style): string[] {
  const { bounds, originalSide, resultSide, layers, topK } = report;
  const given = bounds && `judged by ${boundsText(bounds)}, as given`;
  const sides = [sideText("original", originalSide), sideText("result", resultSide)].filter(
    (text) => text !== undefined,
  );
  return [
    ...(given === undefined ? [] : [style.dim(`  ${given}`)]),
    ...(sides.length === 0 ? [] : paragraph(sides.join(", "), 2, 4).map(style.dim)),
    ...(layers === undefined ? [] : ["", ...layersText(layers, style)]),
    ...(topK === undefined ? [] : ["", ...topKText(topK, style)]),
  ];
}

/** "result on wasm at level all"; nothing for a side that is run as ever. */
function sideText(name: string, { provider, level }: Side): string | undefined {
  if (provider === undefined && level === undefined) return undefined;
  return `${name} on ${provider ?? "cpu"} at level ${level ?? "disabled"}`;
}

function layersText({ compared, skipped, first, worst }: LayersReport, style: Style): string[] {
  const more = skipped === 0 ? "" : `, ${skipped} of other types or sizes not`;
  const lines = [`${style.bold("layers")}  ${compared} values of both models compared${more}`];
  if (compared === 0) return lines;
  if (first === undefined) lines.push(...paragraph("none differs", 2));
  else {
    const place = `"${first.name}" of ${first.node}, on ${first.set}`;
    lines.push(...paragraph([{ text: "first to differ:", paint: style.red }, place], 2, 4));
    if (first.reason !== undefined) lines.push(...paragraph(first.reason, 4));
  }
  return worst.length === 0 ? lines : [...lines, ...worstTable(worst, style)];
}

function worstTable(worst: readonly LayerReport[], { dim, red, green, yellow }: Style): string[] {
  const paints = { equal: green, differs: red, unjudged: yellow };
  const head = ["value", "node", "max abs", "of size", "allowed"];
  const rows = worst.map(({ name, node, comparison, tolerance, verdict }): Cell[] => [
    name,
    { text: node, paint: dim },
    { text: differenceText(comparison.maxAbsolute), paint: paints[verdict] },
    differenceText(comparison.scale),
    { text: differenceText(tolerance.absolute), paint: dim },
  ]);
  return table(
    [{ elastic: true }, { elastic: true }, { align: "right" }, { align: "right" }, { align: "right" }],
    [head.map((text): Cell => ({ text, paint: dim })), ...rows],
  );
}

function topKText(
  { output, k, samples, sameBest, agreement, original, result }: TopKReport,
  { bold }: Style,
): string[] {
  const rows: Cell[][] = [
    ["same best class", percent(sameBest)],
    [`the original's best among the result's ${k} best`, percent(agreement)],
  ];
  const accuracy = (name: string, found: Accuracy | undefined): void => {
    if (found === undefined) return;
    rows.push([`label is the best of the ${name}`, percent(found.top1)]);
    rows.push([`label is among the ${k} best of the ${name}`, percent(found.topK)]);
  };
  accuracy("original", original);
  accuracy("result", result);
  return [
    ...paragraph(`classes  "${output}" of ${samples} samples`, 0).map((line) =>
      line.replace("classes", bold("classes")),
    ),
    ...table([{ elastic: true }, { align: "right" }], rows),
  ];
}

/** Rounding would turn "almost" into "all". */
function percent(share: number): string {
  return share === 1 ? "100%" : `${Math.min(99.99, 100 * share).toFixed(2)}%`;
}
