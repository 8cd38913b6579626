import { expect, it } from "vitest";
import type { BudgetReport } from "../../src/budget/budget.js";
import { budgetText, missedText } from "../../src/report/budget-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const MISSED: BudgetReport = {
  met: false,
  rows: [
    { budget: "forbidOperators", wanted: ["BatchNormalization"], got: { BatchNormalization: 3 }, met: false },
    { budget: "allowOperators", wanted: ["@ops.txt"], got: {}, met: true },
    { budget: "maxNodes", wanted: 100, got: 153, met: false },
    { budget: "maxBytes", wanted: 1_000_000, got: 900_000, met: true },
    { budget: "maxDifference", wanted: 1e-5, got: undefined, met: false },
    { budget: "maxSlowdown", wanted: 5, got: -3.2, met: true },
    { budget: "forbidRefusals", wanted: ["x"], got: {}, met: true },
  ],
};

it("is a table of what was wanted and what was found", () => {
  expect(budgetText(MISSED, PLAIN).join("\n")).toBe(`budget  missed in 3 points
              wanted                 got
  operators   no BatchNormalization  3 BatchNormalization  missed
  operators   only @ops.txt          no others             met
  nodes       at most 100            153                   missed
  file size   at most 1.0 MB         900 kB                met
  difference  at most 1.0e-5         not measured          missed
  slower by   at most 5 %            -3.2 %                met
  refusals    no x                   none                  met`);
});

it("stays within 80 columns, whatever is wanted", () => {
  const wanted = Array.from({ length: 30 }, (_, i) => `com.example::Operator${i}`);
  const got = Object.fromEntries(wanted.map((name) => [name, 12]));
  const text = budgetText(
    { met: false, rows: [{ budget: "forbidOperators", wanted, got, met: false }] },
    PLAIN,
  );
  for (const line of text) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});

it("is one clause where there is one line", () => {
  expect(missedText(MISSED)).toBe(
    "operators 3 BatchNormalization (wanted: no BatchNormalization), nodes 153 (wanted: at most 100), " +
      "difference not measured (wanted: at most 1.0e-5)",
  );
});
