import { expect, it } from "vitest";
import { operatorCoverage } from "../../src/ops/coverage.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { arityText, operatorsText, operatorText } from "../../src/report/operators-text.js";
import { PLAIN } from "../support/style.js";

const rows = operatorCoverage();

it("the matrix has a line for every operator, within the width", () => {
  const text = operatorsText(rows, PLAIN);
  const lines = text.split("\n");
  for (const { operator } of rows) expect(lines.some((line) => line.startsWith(`${operator} `))).toBe(true);
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
  expect(lines.find((line) => line.startsWith("Floor "))).toMatch(/^Floor +1 +yes +yes +\S+ +0 +yes$/);
});

it("one operator has its versions, traits and reasons", () => {
  const conv = rows.find(({ operator }) => operator === "Conv");
  const text = conv && operatorText(conv, PLAIN);
  expect(text).toMatch(/^Conv\n {2}opsets +1, 11/);
  expect(text).toMatch(/\n {2}types +given\n/);
  expect(text).toMatch(/\n {2}affine +given: D absorbs one of an input, U absorbs one of its output\n/);
});

it("arities are a number, a range or open", () => {
  expect([arityText(2), arityText([1, 3]), arityText([1, "variadic"])]).toEqual(["2", "1 to 3", "1 or more"]);
});
