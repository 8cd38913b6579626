import { expect, it } from "vitest";
import { sameType } from "../../src/analysis/same-type.js";
import { symbol } from "../../src/rules/dims.js";

it("types are the same when their known parts are", () => {
  const float = (shape: readonly (number | undefined | ReturnType<typeof symbol>)[] | undefined) =>
    ({ kind: "tensor", dtype: "float", shape }) as const;
  expect(sameType(undefined, undefined)).toBe(true);
  expect(sameType(float([2]), undefined)).toBe(false);
  expect(sameType(float([symbol("N"), undefined]), float([symbol("N"), undefined]))).toBe(true);
  expect(sameType(float([2]), float([undefined]))).toBe(false);
  expect(sameType(float([2]), float([2, 1]))).toBe(false);
  expect(sameType(float(undefined), float([]))).toBe(false);
  expect(sameType(float([2]), { ...float([2]), dtype: "double" })).toBe(false);
  expect(sameType({ kind: "sequence", element: float([2]) }, { kind: "sequence", element: float([2]) })).toBe(
    true,
  );
  expect(sameType({ kind: "sequence", element: float([2]) }, { kind: "optional", element: float([2]) })).toBe(
    false,
  );
  expect(sameType({ kind: "map" }, { kind: "map" })).toBe(true);
});
