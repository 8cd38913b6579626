import { expect, test } from "vitest";
import { plural } from "../../src/base/plural.js";
import { bytesText, changeText, countText, durationText } from "../../src/report/units.js";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_960, "1.0 MB"],
  [102_400_000, "102 MB"],
  [3_200_000_000, "3.2 GB"],
])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [7, "7"],
  [25_557_032, "25.6 M"],
])("%d is %s", (count, text) => expect(countText(count)).toBe(text));

test.each([
  [3.24, "3.2 ms"],
  [340.4, "340 ms"],
  [999.6, "1.00 s"],
  [59_999, "1 min 00 s"],
  [125_000, "2 min 05 s"],
])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [100, 62, "-38%"],
  [1000, 1004, "+0.4%"],
  [1e6, 1e6 - 1, ""],
  [5, 5, ""],
  [0, 5, ""],
])("from %d to %d is %s", (before, after, text) => expect(changeText(before, after)).toBe(text));

test("one node, two nodes", () => {
  expect([plural(1, "node"), plural(2, "node")]).toEqual(["1 node", "2 nodes"]);
});
