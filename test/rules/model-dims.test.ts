import { describe, expect, it } from "vitest";
import { add, floorDiv, max, mul, symbol, unknownSymbol } from "../../src/rules/dims.js";
import { declaredDim, evaluateDim, isModelWide } from "../../src/rules/model-dims.js";

const [n, h] = [symbol("N"), symbol("H")];

describe("sizes in a model", () => {
  it("hold in the whole model when the model names all their symbols", () => {
    expect(isModelWide(5)).toBe(true);
    expect(isModelWide(floorDiv(n, 2))).toBe(true);
    expect(isModelWide(max(n, mul(h, 2)))).toBe(true);
    expect(isModelWide(floorDiv(unknownSymbol(3), 2))).toBe(false);
    expect(isModelWide(undefined)).toBe(false);
  });

  it("are declared as numbers, names or expressions, and unknown ones not at all", () => {
    expect(declaredDim(3)).toBe(3);
    expect(declaredDim(n)).toBe("N");
    expect(declaredDim(symbol("batch size"))).toBe("batch size");
    expect(declaredDim(add(mul(n, 2), 1))).toBe("2*N + 1");
    expect(declaredDim(unknownSymbol(0))).toBeUndefined();
  });

  it("are numbers once all their symbols have one", () => {
    const sizes = new Map([["N", 7]]);
    expect(evaluateDim(floorDiv(add(n, 2), 2), sizes)).toBe(4);
    expect(evaluateDim(max(n, 9), sizes)).toBe(9);
    expect(evaluateDim(add(n, h), sizes)).toBeUndefined();
    expect(evaluateDim(undefined, sizes)).toBeUndefined();
  });
});
