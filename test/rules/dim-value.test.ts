import { expect, it } from "vitest";
import { dimValue, dimValues } from "../../src/rules/dim-value.js";
import {
  add,
  broadcastDim,
  floorDiv,
  type MaybeDim,
  max,
  min,
  mul,
  symbol,
  unknownSymbol,
} from "../../src/rules/dims.js";

const [n, m] = [symbol("N"), symbol("M")];
const sizes = new Map([
  ["N", 7],
  ["M", 3],
]);

it.each<[MaybeDim, number | undefined]>([
  [5, 5],
  [undefined, undefined],
  [n, 7],
  [add(mul(2, n), add(mul(n, m), 4)), 39],
  [floorDiv(add(n, 1), 3), 2],
  [floorDiv(n, symbol("K")), undefined],
  [max(n, m), 7],
  [min(n, m), 3],
  [max(n, symbol("K")), undefined],
  [unknownSymbol(4), undefined],
])("puts numbers in for symbols %#", (dim, value) => {
  expect(dimValue(dim, sizes)).toBe(value);
});

it("takes the size that is not 1 of two that broadcast", () => {
  const dim = broadcastDim(n, symbol("B"));
  expect(dim === "mismatch" ? dim : dimValue(dim, new Map([...sizes, ["B", 1]]))).toBe(7);
});

it("gives a shape where all its sizes are known", () => {
  expect(dimValues([n, 2], sizes)).toEqual([7, 2]);
  expect(dimValues([n, symbol("K")], sizes)).toBeUndefined();
  expect(dimValues(undefined, sizes)).toBeUndefined();
});
