import type { AccuracyReport } from "../reference/measure-models.js";
import { type Cell, paragraph, table } from "./layout.js";
import type { Style } from "./style.js";
import { differenceText } from "./units.js";

/**
 * The distances of original and result from the float64 evaluation, as lines of at most WIDTH columns. Root mean
 * squares over all elements: the largest difference of one element is mostly chance.
 */
export function accuracyText({ sets, refused }: AccuracyReport, style: Style): string[] {
  const title = style.bold("float64");
  if (refused !== undefined) return paragraph(`${title}  not evaluated: ${refused}`, 0, 2);
  const head = ["inputs", "output", "original", "result"].map((text): Cell => ({ text, paint: style.dim }));
  const rows: Cell[][] = sets.flatMap((set) =>
    set.outputs.map(({ name, original, result }) => {
      const distances = [original, result].map((distance) =>
        distance === undefined ? "" : differenceText(distance.rms),
      );
      return [set.name, name, ...distances];
    }),
  );
  const columns = [{}, { elastic: true }, { align: "right" }, { align: "right" }] as const;
  return [
    `${title}  distance from the original's function, RMS relative to its largest`,
    ...table(columns, [head, ...rows]),
  ];
}
