import { describe, expect, it } from "vitest";
import { errorCatalogue, NormfoldError } from "../../src/base/errors.js";

describe("NormfoldError", () => {
  it("is one line, whatever a name in a file holds", () => {
    const error = new NormfoldError("invalid", "a\u001b[31mb\nc", { element: 'Conv "x\ny"' });
    expect(error.message).toBe("a\\u001b[31mb c");
    expect(error.describe()).toBe('Conv "x y": a\\u001b[31mb c');
    expect([error.code, error.id]).toEqual(["invalid", "invalid"]);
  });

  it("says its place from the file to the byte, and keeps the parts that were given first", () => {
    const error = new NormfoldError("io", "cut short", { offset: 12 }).at({ file: "m.onnx", offset: 3 });
    expect(error.describe()).toBe("m.onnx, byte 12: cut short");
    expect(new NormfoldError("io", "cut short").describe()).toBe("cut short");
  });

  it("keeps code, id, place and sentence when its cause is named", () => {
    const cause = new Error("EIO");
    const error = new NormfoldError("io", "cut", { file: "m" }, { id: "file-is-cut" }).because(cause);
    expect([error.code, error.id, error.message, error.where, error.cause]).toEqual([
      "io",
      "file-is-cut",
      "cut",
      { file: "m" },
      cause,
    ]);
    expect(error.at({ offset: 1 }).cause).toBe(cause);
  });
});

describe("errorCatalogue", () => {
  it("gives each error its code, and its name in kebab-case as id", () => {
    const errors = errorCatalogue({
      seedIsNotWhole: ["usage", (seed: number): string => `seed is ${seed}; give a whole number`],
    });
    const error = errors.seedIsNotWhole(0.5);
    expect(error).toBeInstanceOf(NormfoldError);
    expect([error.code, error.id, error.message]).toEqual([
      "usage",
      "seed-is-not-whole",
      "seed is 0.5; give a whole number",
    ]);
    expect([errors.seedIsNotWhole.code, errors.seedIsNotWhole.id]).toEqual(["usage", "seed-is-not-whole"]);
  });
});
