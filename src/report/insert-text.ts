import { plural } from "../base/plural.js";
import type { InsertedSite, InsertReport } from "../batchnorm/insert-report.js";
import type { PassedOver } from "../batchnorm/site.js";
import type { FileSize } from "../library/save.js";
import { accuracyText } from "./accuracy-text.js";
import { checkText } from "./check-text.js";
import { headline, raisedText } from "./headline.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";

export interface InsertRun {
  readonly input: FileSize;
  /** undefined: the sites were only listed. */
  readonly output: FileSize | undefined;
  readonly report: InsertReport;
}

/** The sites, the places passed over with their reasons, and the proof, as lines of at most 80 columns. */
export function insertText({ input, output, report }: InsertRun, style: Style): string {
  const { sites, passedOver, init, form, raisedIrVersion, batches, samples, check, accuracy } = report;
  const lines = paragraph(headline(input, output, style), 0, 2);
  const verb = output === undefined ? "would go" : "went";
  lines.push(
    ...paragraph(`${plural(sites.length, "BatchNormalization")} ${verb} in: init ${init}, form ${form}`),
  );
  if (samples > 0)
    lines.push(
      ...paragraph(`statistics of ${plural(samples, "sample")} in ${plural(batches, "batch", "batches")}`),
    );
  if (raisedIrVersion !== undefined) lines.push(...paragraph(raisedText(raisedIrVersion)));
  if (sites.length > 0) lines.push("", ...siteTable(sites, style));
  if (passedOver.length > 0) {
    lines.push("", ...paragraph({ text: "passed over", paint: style.bold }, 0));
    // A dry run lists every place.
    const shown = output === undefined ? passedOver.map((each) => [each]) : alike(passedOver);
    for (const [first, ...others] of shown) {
      if (first === undefined) continue;
      const more = others.length === 0 ? "" : ` and ${others.length} alike`;
      lines.push(...paragraph(`${first.node}${more}: ${first.reason}`, 2, 4));
    }
  }
  if (check !== undefined) lines.push("", ...checkText(check, style));
  if (accuracy !== undefined) lines.push("", ...accuracyText(accuracy, style));
  return `${lines.join("\n")}\n`;
}

/** Groups the places whose reasons differ only in names. */
function alike(passedOver: readonly PassedOver[]): PassedOver[][] {
  const groups = new Map<string, PassedOver[]>();
  for (const each of passedOver) {
    const key = each.reason.replaceAll(/"[^"]*"/g, "");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

function siteTable(sites: readonly InsertedSite[], { dim }: Style): string[] {
  const head: Cell[] = ["layer", "operator", "before", "channels", "bias"].map((text) => ({
    text,
    paint: dim,
  }));
  const rows = sites.map(({ name, opType, activations, channels, bias }): Cell[] => [
    name,
    opType,
    [...new Set(activations.map((activation) => activation.opType))].join(", "),
    String(channels),
    bias,
  ]);
  return table([{ elastic: true }, {}, { elastic: true }, { align: "right" }, {}], [head, ...rows]);
}
