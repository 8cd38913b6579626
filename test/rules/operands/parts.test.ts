import { expect, it } from "vitest";
import { fill, unevenParts } from "../../../src/rules/operands/parts.js";

it.each([
  [7, 1, [7]],
  [7, 3, [2, 2, 3]],
  [6, 3, [1, 2, 3]],
  [2, 2, [1, 1]],
  [1, 2, [0, 1]],
])("splits %i into %i uneven parts", (size, count, parts) => {
  expect(unevenParts(size, count)).toEqual(parts);
});

it.each<[(number | undefined)[], number, number[]]>([
  [[undefined, undefined], 12, [3, 4]],
  [[undefined, 4], 12, [3, 4]],
  [[undefined, undefined, undefined], 1, [1, 1, 1]],
  [[undefined, 5], 12, [3, 4]],
  [[3, 4], 12, [3, 4]],
  [[3, 5], 12, [3, 4]],
  [[undefined, undefined], 0, [0, 1]],
  [[], 1, []],
])("fills %j up to a product of %i", (fixed, total, sizes) => {
  expect(fill(fixed, total)).toEqual(sizes);
});
