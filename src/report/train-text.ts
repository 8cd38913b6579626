import { plural } from "../base/plural.js";
import type { OwnConstant } from "../batchnorm/own-constants.js";
import type { OptimizeReport } from "../library/optimize.js";
import type { FileSize } from "../library/save.js";
import type { Evaluation } from "../training/evaluation.js";
import type { StatisticsComparison } from "../training/finish.js";
import type { StepProgress } from "../training/train-options.js";
import type { TrainResult } from "../training/training-run.js";
import { headline } from "./headline.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";
import { countText, durationText } from "./units.js";

export interface TrainRun {
  readonly input: FileSize;
  readonly output: FileSize;
  /** Milliseconds by stage. */
  readonly time: Readonly<Record<string, number>>;
  readonly course: Omit<TrainResult, "model">;
  readonly comparison: StatisticsComparison | undefined;
  readonly evaluation: Evaluation | undefined;
  readonly folded: OptimizeReport | undefined;
}

/** `step 120/1000, loss 0.3120, accuracy 91.7 %, 830/s, 1.1 s left`. */
export function stepText(
  { step, steps, loss, accuracy }: StepProgress,
  done: number,
  milliseconds: number,
): string {
  const rate = (done * 1000) / Math.max(1, milliseconds);
  const right = accuracy === undefined ? "" : `, accuracy ${(100 * accuracy).toFixed(1)} %`;
  const total = Number.isFinite(steps) ? `/${steps}` : "";
  const left = Number.isFinite(steps) ? `, ${durationText(((steps - step) / rate) * 1000)} left` : "";
  return `step ${step}${total}, loss ${loss.toFixed(4)}${right}, ${Math.round(rate)}/s${left}`;
}

/** Says after how many steps a training was stopped, and where its state is. Undefined `steps`: after its last one. */
export function stoppedText(steps: number | undefined, checkpoint: string | undefined): string {
  const kept = checkpoint === undefined ? "nothing was kept" : `${checkpoint} holds them; --resume goes on`;
  return `stopped after ${steps === undefined ? "the last step" : `${steps} steps`}; ${kept}\n`;
}

/** How a training went, as lines of at most 80 columns. */
export function trainText(
  { input, output, time, course, comparison, evaluation, folded }: TrainRun,
  style: Style,
): string {
  const {
    trained,
    steps,
    epochs,
    skipped,
    lastLoss,
    bestStep,
    validations,
    tied,
    separated,
    untied,
    operators,
  } = course;
  const numbers = countText(trained.reduce((sum, { size }) => sum + size, 0));
  const shared = tied.filter(([name]) => trained.some((each) => each.name === name));
  const lines = [
    ...paragraph(headline(input, output, style), 0, 2),
    ...paragraph(
      `${plural(steps, "step")} in ${plural(epochs, "round")}, ${durationText(time["train"] ?? 0)}, loss of the last batch ${lastLoss.toFixed(4)}`,
    ),
  ];
  lines.push(...paragraph(`trained ${plural(trained.length, "parameter")}, ${numbers} numbers`));
  if (shared.length > 0)
    lines.push(
      ...paragraph(
        `read in several places, and trained as one (--untie parts them): ${listed(shared.map((names) => names.join(" = ")))}`,
      ),
    );
  if (operators.length > 0)
    lines.push(
      ...paragraph(
        `normalize a value by its own statistics, so InstanceNormalization now: ${listed(operators.map(({ name }) => name))}`,
      ),
    );
  if (untied.length > 0) lines.push(...paragraph(ownText("untied", untied)));
  if (separated.length > 0)
    lines.push(
      ...paragraph(ownText("statistics that were one with other constants are each layer's own", separated)),
    );
  if (skipped > 0)
    lines.push(
      ...paragraph({
        text: `${plural(skipped, "batch", "batches")} without a finite loss changed nothing`,
        paint: style.yellow,
      }),
    );
  if (validations.length > 0)
    lines.push(
      ...paragraph(
        `the model is of step ${bestStep}, the best of ${plural(validations.length, "validation")}`,
      ),
    );
  if (comparison !== undefined) {
    lines.push("", ...comparisonTable(comparison, style));
  } else if (evaluation !== undefined) {
    lines.push(...paragraph(evaluationText(evaluation)));
  }
  if (folded !== undefined) {
    const { before, after, check } = folded;
    lines.push(
      "",
      ...paragraph(
        `folded: ${before.nodes} nodes to ${after.nodes}, ${plural(before.batchNormalizations, "BatchNormalization")} to ${after.batchNormalizations}, outputs ${check?.status ?? "not compared"}`,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

const MOST = 6;

/** `untied: 4.weight (was 1.weight), 4.bias (was 1.bias)`. */
export function ownText(what: string, constants: readonly OwnConstant[]): string {
  return `${what}: ${listed(constants.map(({ name, of }) => `${name} (was ${of})`))}`;
}

function listed(names: readonly string[]): string {
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : "";
  return `${names.slice(0, MOST).join(", ")}${more}`;
}

function comparisonTable({ batch, movingAverage, population }: StatisticsComparison, style: Style): string[] {
  const head = ["statistics", "loss", "accuracy"].map((text): Cell => ({ text, paint: style.dim }));
  const row = (name: string, { loss, accuracy }: Evaluation): Cell[] => [
    name,
    loss.toFixed(4),
    accuracy === undefined ? "-" : `${(100 * accuracy).toFixed(2)} %`,
  ];
  const right = { align: "right" } as const;
  return table(
    [{}, right, right],
    [
      head,
      row("of each batch", batch),
      row("moving averages", movingAverage),
      row("Algorithm 2 (kept)", population),
    ],
  );
}

function evaluationText({ loss, accuracy, samples }: Evaluation): string {
  const right = accuracy === undefined ? "" : `, accuracy ${(100 * accuracy).toFixed(2)} %`;
  return `loss ${loss.toFixed(4)}${right} on ${plural(samples, "sample")}`;
}
