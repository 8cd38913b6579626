import { plural } from "../base/plural.js";
import type { CalibratedLayer, CalibrationReport } from "../batchnorm/calibration-report.js";
import type { FileSize } from "../library/save.js";
import type { Evaluation } from "../training/evaluation.js";
import { headline } from "./headline.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";
import { ownText } from "./train-text.js";

export interface CalibrationRun {
  readonly input: FileSize;
  readonly output: FileSize;
  readonly report: CalibrationReport;
  readonly accuracy: { readonly before: Evaluation; readonly after: Evaluation } | undefined;
}

/** Layers shown; --json has all of them, channel by channel. */
const MOST = 12;

/** The layers whose statistics moved most, and the accuracy before and after, as lines of at most 80 columns. */
export function calibrationText({ input, output, report, accuracy }: CalibrationRun, style: Style): string {
  const { layers, passedOver, separated, method, samples, batches, batchSize } = report;
  const lines = [
    ...paragraph(headline(input, output, style), 0, 2),
    ...paragraph(
      `${plural(layers.length, "BatchNormalization")}, method ${method}: ${plural(samples, "sample")} in ${plural(batches, "batch", "batches")} of ${batchSize}`,
    ),
    ...(separated.length === 0
      ? []
      : paragraph(ownText("statistics that were one with other constants are each layer's own", separated))),
    "",
  ];
  const moved = [...layers].sort((a, b) => movement(b) - movement(a)).slice(0, MOST);
  const head: Cell[] = ["layer", "channels", "moved", "ratio", "error", "dead"].map((text) => ({
    text,
    paint: style.dim,
  }));
  const rows = moved.map((layer): Cell[] => [
    layer.name,
    String(layer.channels),
    `${layer.shift.toPrecision(3)} sd`,
    layer.ratio.toPrecision(3),
    errorText(layer),
    layer.dead.length === 0 ? "0" : { text: String(layer.dead.length), paint: style.yellow },
  ]);
  const right = { align: "right" } as const;
  lines.push(...table([{ elastic: true }, right, right, right, right, right], [head, ...rows]));
  if (layers.length > MOST)
    lines.push(style.dim(`  the ${MOST} that moved most of ${layers.length}; --json has all`));
  if (passedOver.length > 0)
    lines.push(
      "",
      ...paragraph({
        text: `in bodies and functions, left as stored: ${passedOver.length}`,
        paint: style.yellow,
      }),
    );
  if (accuracy !== undefined) {
    const { before, after } = accuracy;
    lines.push(
      "",
      ...paragraph(
        `accuracy ${percent(before)} -> ${percent(after)}, loss ${before.loss.toFixed(4)} -> ${after.loss.toFixed(4)} on ${plural(after.samples, "sample")}`,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

function movement({ shift, ratio }: CalibratedLayer): number {
  return shift + Math.abs(Math.log(ratio));
}

/** The typical standard error of a mean, in standard deviations of its channel. */
function errorText({ standardError, after }: CalibratedLayer): string {
  if (standardError === undefined) return "";
  const squares = standardError.mean.map((error, c) => error ** 2 / ((after.variance[c] ?? 0) + 1e-12));
  const typical = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / Math.max(1, squares.length));
  return `${typical.toPrecision(2)} sd`;
}

function percent({ accuracy }: Evaluation): string {
  return accuracy === undefined ? "-" : `${(100 * accuracy).toFixed(2)} %`;
}
