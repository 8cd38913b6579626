import { expect, it } from "vitest";
import { refuse } from "../../../src/base/refusal.js";
import { NO_GRADIENT, refusalOf, refusing } from "../../../src/rules/gradient/rule.js";

it("refusalOf tells a rule that only refuses from one that differentiates", () => {
  const refusal = refuse("write it in parts");
  expect(refusalOf(refusing(refusal))).toBe(refusal);
  expect(refusalOf(NO_GRADIENT)).toBeUndefined();
});
