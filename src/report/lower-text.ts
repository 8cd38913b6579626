import { plural } from "../base/plural.js";
import type { FileSize } from "../library/save.js";
import { headline } from "./headline.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";

export interface LowerRun {
  readonly input: FileSize;
  readonly output: FileSize;
  /** The nodes that were written out. */
  readonly lowered: readonly string[];
  /** The inputs with a step's state, and the outputs with the state after it; empty where no training_info was asked for. */
  readonly state: readonly { readonly name: string; readonly next: string }[];
  readonly checked: boolean;
  /** The model has training_info, but the options do not ask for a model of its step. */
  readonly isPassedOver?: boolean;
}

const PASSED_OVER = "the model's training_info is left as it is; --training-info makes a model of its step";

/** The operators that were lowered, as lines of at most 80 columns. */
export function lowerText(
  { input, output, lowered, state, checked, isPassedOver }: LowerRun,
  style: Style,
): string {
  const lines = [
    ...paragraph(headline(input, output, style), 0, 2),
    ...paragraph(`${plural(lowered.length, "training operator")} written out in standard operators`),
    ...lowered.flatMap((label) => paragraph(label, 2)),
  ];
  if (state.length > 0) {
    lines.push(...paragraph("each step takes these inputs and gives their new values in these outputs:"));
    lines.push(...state.flatMap(({ name, next }) => paragraph(`${name} -> ${next}`, 2)));
  }
  lines.push(
    checked ? style.green("onnxruntime loads the result") : style.yellow("not loaded in onnxruntime"),
  );
  if (isPassedOver) lines.push(...paragraph({ text: PASSED_OVER, paint: style.yellow }));
  return `${lines.join("\n")}\n`;
}
