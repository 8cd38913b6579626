import type { Cell } from "./layout.js";
import type { Style } from "./style.js";
import { changeText } from "./units.js";

/** How much less or more it became, in the colour of what that is: less is better. */
export function changeCell(before: number, after: number, style: Style): Cell {
  const paint = after < before ? style.green : after > before ? style.yellow : style.dim;
  return { text: changeText(before, after), paint };
}

/** The row of a table of what was, what is and the change. */
export function changeRow(
  name: string,
  before: number,
  after: number,
  show: (value: number) => string,
  style: Style,
): Cell[] {
  return [{ text: name, paint: style.bold }, show(before), show(after), changeCell(before, after, style)];
}
