import { plural } from "../base/plural.js";
import type { FreezeReport } from "../batchnorm/freeze.js";
import type { FileSize } from "../library/save.js";
import { headline, raisedText } from "./headline.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";

export interface FreezeRun {
  readonly input: FileSize;
  readonly output: FileSize;
  readonly report: FreezeReport;
}

/** The normalizations, outputs and Dropouts that freezing changed, as lines of at most 80 columns. */
export function freezeText({ input, output, report }: FreezeRun, style: Style): string {
  const { frozen, neutral, operators, unmeasured, outputs, dropouts, raisedIrVersion } = report;
  const lines = [
    ...paragraph(headline(input, output, style), 0, 2),
    ...paragraph(
      `${plural(frozen.length, "BatchNormalization")} frozen: inference form, statistics as stored`,
    ),
  ];
  if (operators.length > 0)
    lines.push(
      ...paragraph(
        `${operators.length} that normalized a value by its own statistics: InstanceNormalization (${listed(operators.map(({ name }) => name))})`,
      ),
    );
  if (unmeasured.length > 0)
    lines.push(
      ...paragraph({
        text: `stored statistics of 0 and 1, which look as if nobody had measured them: ${listed(unmeasured)}; "normfold calibrate" measures them`,
        paint: style.yellow,
      }),
    );
  if (neutral.length > 0) lines.push(...paragraph(`${neutral.length} that changed nothing removed`));
  if (outputs.length > 0) {
    lines.push(...paragraph(`${plural(outputs.length, "output")} removed: ${listed(outputs)}`));
  }
  if (dropouts > 0) lines.push(...paragraph(`${plural(dropouts, "Dropout")} removed`));
  if (raisedIrVersion !== undefined) lines.push(...paragraph(raisedText(raisedIrVersion)));
  return `${lines.join("\n")}\n`;
}

const MOST = 8;

function listed(names: readonly string[]): string {
  return `${names.slice(0, MOST).join(", ")}${names.length > MOST ? ", ..." : ""}`;
}
