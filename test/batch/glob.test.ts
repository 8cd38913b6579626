import { expect, it } from "vitest";
import { isPattern, pathPattern } from "../../src/batch/glob.js";

it.each([
  ["models/**/*.onnx", "models", Number.POSITIVE_INFINITY, true],
  ["models/*/net-?.onnx", "models", 1, true],
  ["*.onnx", "", 0, true],
  ["models/{a,b}/*.onnx", "models", Number.POSITIVE_INFINITY, true],
  ["models/*", "models", 0, false],
  ["/a/b/*.{onnx,txt}", "/a/b", Number.POSITIVE_INFINITY, true],
])("takes %s apart", async (text, base, depth, namesEnding) => {
  expect(await pathPattern(text)).toMatchObject({ base, depth, namesEnding });
});

it("matches below the base", async () => {
  const { matches } = await pathPattern("models/**/*.onnx");
  expect(["a.onnx", "x/y/a.onnx", "a.bin", ".hidden/a.onnx"].map(matches)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const choice = await pathPattern("models/{a,b}/[nm]?.onnx");
  expect(["a/n1.onnx", "b/m2.onnx", "c/n1.onnx", "a/x1.onnx"].map(choice.matches)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it.each([
  ["a*.onnx", true],
  ["{a,b}.onnx", true],
  ["a[1].onnx", true],
  ["@(a|b).onnx", true],
  ["plain-name_2 (1).onnx", false],
])("%s is a pattern: %s", (text, expected) => {
  expect(isPattern(text)).toBe(expected);
});
