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
  ])("%s comes back", (text) => {
    const type = parseType(new Lexer(text));
    expect(typeText(type)).toBe(text);
  });

  it("tells a scalar from an unknown rank", () => {
    expect(parseType(new Lexer("float"))).toEqual({ kind: "tensor", dtype: "float", shape: [] });
    expect(parseType(new Lexer("float[]"))).toEqual({ kind: "tensor", dtype: "float", shape: undefined });
  });

  it("has no spelling for a tensor without an element type", () => {
    expect(typeText({ kind: "tensor", dtype: "undefined", shape: [1] })).toBeUndefined();
    expect(typeText({ kind: "sequence", element: undefined })).toBeUndefined();
  });

  it("knows which names start one", () => {
    expect(["float16", "seq", "Relu", "x"].map(isTypeName)).toEqual([true, true, false, false]);
  });
});
