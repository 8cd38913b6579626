import { describe, expect, it } from "vitest";
import { readText } from "../../src/options/read-text.js";
import type { OptionSpec } from "../../src/options/spec.js";

const option = (type: OptionSpec["type"], more: Partial<OptionSpec> = {}): OptionSpec => {
  return { flag: "--x <x>", help: "x", type, ...more };
};

describe("readText", () => {
  it.each<readonly [OptionSpec, text: string, value: unknown]>([
    [option("text"), "a,b", "a,b"],
    [option("choice", { choices: ["a"] }), "a", "a"],
    [option("names"), " a, b,", ["a", "b"]],
    [option("number"), "1/255", 1 / 255],
    [option("number"), "1e-3", 1e-3],
    [option("numbers"), "0.5,1/4", [0.5, 0.25]],
    [option("whole"), "012", 12],
    [option("limit"), "all", Number.POSITIVE_INFINITY],
    [option("bytes"), "4096", 4096],
    [option("bytes"), "64kB", 64_000],
    [option("bytes"), "1MiB", 2 ** 20],
    [option("shapes"), "x:1,3,224x224", { x: [1, 3, 224, 224] }],
    [option("shapes"), "a:b:2", { "a:b": [2] }],
    [option("shapes"), "x:", { x: [] }],
  ])("%j %s", (spec, text, value) => {
    expect(readText(spec, text, undefined)).toEqual(value);
  });

  it.each<readonly [OptionSpec, text: string, wanted: RegExp]>([
    [option("choice", { choices: ["a", "b"] }), "c", /one of a, b$/],
    [option("names"), ",", /a name, or several with commas between$/],
    [option("number"), "1/0", /like 0\.1, 1e-3 or 1\/255$/],
    [option("number"), "", /a number/],
    [option("number", { above: 0 }), "0", /a number above 0, like/],
    [option("numbers"), "1,,2", /numbers with commas between/],
    [option("whole", { from: 0, to: 4_294_967_295 }), "1.5", /a whole number from 0 to 4294967295$/],
    [option("whole", { from: 1 }), "0", /a whole number from 1 on$/],
    [option("whole"), "-1", /a whole number$/],
    [option("limit", { from: 0 }), "some", /a whole number from 0 on, or "all"$/],
    [option("bytes", { from: 0 }), "1PB", /a number of bytes from 0 on, like 4096, 64kB or 1MiB$/],
    [option("shapes"), "x", /like x:1,3,224,224$/],
    [option("shapes"), "x:0", /like x:1,3,224,224$/],
    [option("shapes"), ":1", /like x:1,3,224,224$/],
  ])("%j refuses %j", (spec, text, wanted) => {
    expect(() => readText(spec, text, undefined)).toThrow(
      expect.objectContaining({
        code: "usage",
        id: "wrong-option-value",
        message: expect.stringMatching(wanted),
      }),
    );
    const given = `--x is "${text}"; give `;
    expect(() => readText(spec, text, undefined)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(given) }),
    );
  });

  it("adds to lists and shapes that were given before", () => {
    expect(readText(option("names"), "b", ["a"])).toEqual(["a", "b"]);
    expect(readText(option("shapes"), "y:2", { x: [1] })).toEqual({ x: [1], y: [2] });
    expect(() => readText(option("shapes"), "x:2", { x: [1] })).toThrow(
      expect.objectContaining({ id: "shape-is-given-twice" }),
    );
  });
});
