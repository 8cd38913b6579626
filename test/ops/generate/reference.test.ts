import { expect, it } from "vitest";
import { counting, referenceTable, run } from "../../support/reference.js";

referenceTable("generate", [
  ["y = Constant <value_floats = [0.5, -1.0]> ()", {}, [2], [0.5, -1]],
  [
    "s = Shape (x) y = ConstantOfShape <value = float[1] {2.5}> (s)",
    { x: counting(1, 2) },
    [1, 2],
    [2.5, 2.5],
  ],
  ["y = EyeLike <k = 1> (x)", { x: counting(2, 3) }, [2, 3], [0, 1, 0, 0, 0, 1]],
  ["y = Dropout (x)", { x: counting(2) }, [2], [1, 2]],
]);

it("Range ends before its limit, and may go backwards", () => {
  const range = (start: number, limit: number, delta: number): number[] => {
    const constants = `float a = {${start}}, float b = {${limit}}, float c = {${delta}}`;
    return [...run("y = Range (a, b, c)", {}, { constants }).data];
  };
  expect(range(1, 4, 1.5)).toEqual([1, 2.5]);
  expect(range(3, 0, -1)).toEqual([3, 2, 1]);
  expect(range(3, 0, 1)).toEqual([]);
});

it("Dropout that drops has no value to compare with", () => {
  const drops = (): unknown =>
    run("y = Dropout (x, r, t)", { x: counting(2) }, { constants: "float r = {0.5}, bool t = {1}" });
  expect(drops).toThrow(/training/);
});
