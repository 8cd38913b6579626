import { expect, it } from "vitest";
import { binarySize } from "../../src/base/sizes.js";

it.each([
  [0, "0 bytes"],
  [1, "1 bytes"],
  [999, "999 bytes"],
  [1023, "0.999 KiB"],
  [3910, "3.82 KiB"],
  [2 ** 20, "1 MiB"],
  [4 * 2 ** 30, "4 GiB"],
  [4.01 * 2 ** 30, "4.01 GiB"],
  [1.23e4 * 2 ** 30, "12 TiB"],
  [4e15, "3.55 PiB"],
  [1e30, "8.9e+14 PiB"],
])("writes %f as %s", (bytes, text) => {
  expect(binarySize(bytes)).toBe(text);
});
