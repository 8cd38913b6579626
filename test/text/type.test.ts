import { describe, expect, it } from "vitest";
import { Lexer } from "../../src/text/lex.js";
import { isTypeName, parseType, typeText } from "../../src/text/type.js";

describe("types in text", () => {
  it.each([
    "float",
    "float[]",
    "float[N,3,?]",
    'int64["batch size",2]',
    "seq(float[2])",
    "optional(seq(int64))",
    "map(int64, float)",
    "sparse_tensor(double[3])",
    "opaque()",
    "undefined[1]",
    "seq(?)",
    "optional(undefined[])",
    "map(undefined, ?)",
  ])("%s comes back", (text) => {
    const type = parseType(new Lexer(text));
    expect(typeText(type)).toBe(text);
  });

  it("tells a scalar from an unknown rank", () => {
    expect(parseType(new Lexer("float"))).toEqual({ kind: "tensor", dtype: "float", shape: [] });
    expect(parseType(new Lexer("float[]"))).toEqual({ kind: "tensor", dtype: "float", shape: undefined });
  });

  it("knows which names start one", () => {
    expect(["float16", "seq", "Relu", "x"].map(isTypeName)).toEqual([true, true, false, false]);
  });
});
