import { expect, it } from "vitest";
import { changeCell, changeRow } from "../../src/report/change.js";
import type { Style } from "../../src/report/style.js";

const marked = (mark: string) => (text: string) => `${mark}(${text})`;
const STYLE: Style = {
  bold: marked("bold"),
  dim: marked("dim"),
  green: marked("green"),
  yellow: marked("yellow"),
  red: marked("red"),
  cyan: marked("cyan"),
};

it("marks less as better, more as worse, and the same as neither", () => {
  const cells = [changeCell(4, 3, STYLE), changeCell(4, 5, STYLE), changeCell(4, 4, STYLE)];
  const texts = cells.map((cell) => (typeof cell === "string" ? cell : cell.paint(cell.text)));
  expect(texts).toEqual(["green(-25%)", "yellow(+25%)", "dim()"]);
});

it("makes a row of both numbers and their change", () => {
  const [name, before, after, change] = changeRow("size", 2, 1, (value) => `${value} B`, STYLE);
  expect([name, before, after]).toEqual([{ text: "size", paint: STYLE.bold }, "2 B", "1 B"]);
  expect(change).toEqual(changeCell(2, 1, STYLE));
});
