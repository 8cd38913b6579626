import { expect, it } from "vitest";
import { float32NanText, nanOf, nanText, patternOf, setPattern } from "../../src/text/nan.js";

it("the common NaN has no bits, others have all of theirs", () => {
  expect(nanText("float", 0x7fc00000n)).toBe("nan");
  expect(nanText("float", 0x7f800001n)).toBe('nan("7f800001")');
  expect(nanText("double", 0x7ff8000000000000n)).toBe("nan");
  expect(nanText("double", 0xfff8000000000001n)).toBe('nan("fff8000000000001")');
  expect(float32NanText(Number.NaN)).toBe("nan");
  expect(float32NanText(nanOf("float", 0xffc00000n))).toBe('nan("ffc00000")');
  expect(nanOf("double", 0x7ff8000000000001n)).toBeNaN();
});

it("bits are read and written where they are", () => {
  const bytes = new Uint8Array(16);
  setPattern(bytes, "float", 1, 0xffc00001n);
  setPattern(bytes, "double", 1, 0x7ff8000000000002n);
  expect([patternOf(bytes, "float", 1), patternOf(bytes, "double", 1)]).toEqual([
    0xffc00001n,
    0x7ff8000000000002n,
  ]);
});
