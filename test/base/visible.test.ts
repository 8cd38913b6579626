import { expect, it } from "vitest";
import { visible, visibleJson, visibleLines } from "../../src/base/visible.js";

it("leaves ordinary names as they are", () => {
  const names = ["/model/conv.1/Conv_output_0", "層 1 é", "a\\b", '"', "\u{1f600}", "x\u0301", ""];
  for (const name of names) expect(visible(name)).toBe(name);
});

it("escapes what a terminal obeys or hides", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["\u001b[31m\u0007", "\\u001b[31m\\u0007"],
    ["a\nb\tc\rd", "a\\nb\\tc\\rd"],
    ["\u007f\u009b2J\u0085", "\\u007f\\u009b2J\\u0085"],
    ["\u202eevil\u202c\u2066\u2069\u061c\u200f", "\\u202eevil\\u202c\\u2066\\u2069\\u061c\\u200f"],
    ["a\u200bb\u200d\ufeff\u00ad\u2060", "a\\u200bb\\u200d\\ufeff\\u00ad\\u2060"],
    ["\u2028\u2029", "\\u2028\\u2029"],
    ["\ud800x\udc00", "\\ud800x\\udc00"],
    ["\u{e0041}\u115f\u3164", "\\u{e0041}\\u115f\\u3164"],
  ];
  for (const [text, shown] of rows) expect(visible(text)).toBe(shown);
  expect(visibleLines("a\u001b\nb\u202e")).toBe("a\\u001b\nb\\u202e");
});

it("escapes in JSON what JSON lets through, and it reads back as it was", () => {
  const document = { "\u202e": ["\u009b", "\u007f", "\u{e0041}", "\u001b", "\ud800", "\u2028", 'é"\\'] };
  const json = visibleJson(document, 2);
  expect(JSON.parse(json)).toEqual(document);
  expect(json).not.toMatch(/[^\n -~é]/u);
  expect(visibleJson({ a: 1 })).toBe('{"a":1}');
});
