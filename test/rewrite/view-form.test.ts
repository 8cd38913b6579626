import { describe, expect, it } from "vitest";
import { viewForm, viewText } from "../../src/rewrite/view-form.js";
import { mul, type SymDim, symbol } from "../../src/rules/dims.js";

const [N, M] = [symbol("N"), symbol("M")];
const product = mul(M, 4) ?? 0;

describe("the operator between two shapes", () => {
  it.each<readonly [string, readonly SymDim[], readonly SymDim[], string]>([
    ["known sizes", [2, 6], [3, 4], "a Reshape to [3, 4]"],
    ["one dynamic size", [N, 6], [3, N, 2], "a Reshape to [3, -1, 2]"],
    ["a single element", [1, 1], [], "a Reshape to []"],
    ["ones more", [N, M], [1, N, M, 1], "an Unsqueeze of axes [0, 3]"],
    ["ones more beside a size of zero", [N, 0], [N, 1, 0], "an Unsqueeze of axes [1]"],
    ["ones fewer", [1, N, 1, M], [N, 1, M], "a Squeeze of axes [0]"],
    ["sizes copied", [N, M, 6], [N, M, 2, 3], "a Reshape to [0, 0, 2, 3]"],
    ["a size of zero copied", [N, 0, 6], [N, 0, 2, 3], "a Reshape to [0, 0, 2, 3]"],
    ["a matrix", [N, M, 4], [N, product], "a Flatten at axis 1"],
  ])("%s", (_, from, to, text) => {
    const form = viewForm(from, to);
    expect(form && viewText(form)).toBe(text);
  });

  it.each<readonly [string, readonly SymDim[], readonly SymDim[]]>([
    ["a dynamic size that moves beside another", [N, 1, M], [N, M, 1]],
    ["a size of zero that no size of the input is", [N, 6, 0], [N, 0, 6]],
    ["two dynamic sizes in another order", [N, M, 4], [M, N, 4]],
  ])("none: %s", (_, from, to) => {
    expect(viewForm(from, to)).toBeUndefined();
  });
});
