import { plural } from "../base/plural.js";
import type { CheckReport, OutputReport } from "../runtime/check-report.js";
import { paragraph } from "./layout.js";
import { differenceText } from "./units.js";

/** What a reader of the table would ask: why a large difference is equal, and what was compared in another way. */
export function notesOf(check: CheckReport, outputs: readonly OutputReport[]): string[] {
  const sentences = [
    ...check.tamed.map(
      ({ set, by, output, movement }) =>
        `"${by}" stands for "${set}", on which a few roundings move the original's "${output}" by ${differenceText(movement)} of its size`,
    ),
    ...outputs.flatMap(nearTie),
    ...outputs.flatMap(largeDifference),
    ...skipped(check),
    ...heavy(check),
  ];
  return sentences.flatMap((sentence) => paragraph(sentence, 2, 4));
}

function nearTie({ name, nearTie: tie }: OutputReport): string[] {
  if (tie === undefined) return [];
  const { chooser, value, difference } = tie;
  return [
    `"${name}" is behind a near tie: ${chooser} decides by "${value}", which is equal and ${differenceText(difference)} off; where both decide by the same numbers, "${name}" is equal`,
  ];
}

/** From here on a reader may take a difference for a large one, whatever the size of the output. */
const LARGE = 1e-3;

/** Two numbers of 1e6 that are 0.1 apart are equal in seven digits. */
function largeDifference({ name, verdict, comparison, tolerance }: OutputReport): string[] {
  const { maxAbsolute, scale } = comparison;
  if (verdict !== "equal" || maxAbsolute < LARGE || scale === 0) return [];
  const but = tolerance.outliers > 0 ? ` but for ${(100 * tolerance.outliers).toFixed(2)}% of them` : "";
  const allowed = `${differenceText(tolerance.relative)} is allowed${but} (${tolerance.why})`;
  return [
    `"${name}" is up to ${differenceText(maxAbsolute)} off and equal: its numbers go up to ${differenceText(scale)}, of which that is ${differenceText(maxAbsolute / scale)}; ${allowed}`,
  ];
}

function heavy({ heavy: operations }: CheckReport): string[] {
  if (operations === undefined) return [];
  return [
    `a run takes ${differenceText(operations)} operations: one set of inputs was tried, and no special values; --check-inputs gives more`,
  ];
}

function skipped({ skipped: names = [], sets }: CheckReport): string[] {
  if (names.length === 0) return [];
  const list = names.map((name) => `"${name}"`).join(", ");
  return [
    `the time for the check was over after ${plural(sets.length, "run")}: ${list} ${names.length === 1 ? "was" : "were"} left out; --check-budget gives it more`,
  ];
}
