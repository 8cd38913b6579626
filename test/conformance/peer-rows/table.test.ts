import { expect, it } from "vitest";
import { ARITHMETIC } from "./arithmetic.js";
import { CONSTANTS } from "./constants.js";
import { FORMS } from "./forms.js";
import { FORWARD } from "./forward.js";
import { LINEAR } from "./linear.js";
import { PASSING } from "./passing.js";

const ROWS = [LINEAR, ARITHMETIC, PASSING, FORWARD, CONSTANTS, FORMS];

it("every row of the comparison, 1 to 64, is here once, with applied and refused graphs", () => {
  const numbers = ROWS.flatMap((rows) => Object.keys(rows).map(Number));
  expect(numbers).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
  for (const { text, applied, refused } of ROWS.flatMap((rows) => Object.values(rows))) {
    expect(text.length).toBeGreaterThan(8);
    expect(applied.length, `nothing applied: ${text}`).toBeGreaterThan(0);
    expect(refused.length, `nothing refused: ${text}`).toBeGreaterThan(0);
  }
});
