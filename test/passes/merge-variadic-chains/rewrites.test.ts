import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";

const PASS = { passes: ["merge-variadic-chains", "eliminate-dead"] };
const ALONE = { passes: ["merge-variadic-chains"] };
const CONSTANTS =
  "float low = {-inf}, float[1] high = {inf}, float one = {1}, float[1,1] two = {2}, float[3] lows = {-inf, -inf, -inf}, float[2,1,1] tall = {-inf, -inf}";
const graph = (nodes: string, outputs = "y"): string =>
  `g (float[N,3] x, float[N,3] z, float[3] w) => (${outputs}) <${CONSTANTS}> { ${nodes} }`;

describe("Max, Min and Sum of their own", () => {
  it.each([
    ["Max of Max, on either side", "a = Max (x, z) b = Max (w, x) y = Max (a, b)", ["y = Max(x, z, w)"]],
    [
      "Min of Min, several deep",
      "a = Min (x, z) b = Min (w, a) c = Min (b, one) y = Neg (c)",
      ["c = Min(w, x, z, one)", "y = Neg(c)"],
    ],
    ["Sum of Sum, the inner one first", "a = Sum (x, z) y = Sum (a, w, x)", ["y = Sum(x, z, w, x)"]],
    [
      "Sum of Sum, the inner one second: it comes first",
      "a = Sum (x, z) y = Sum (w, a)",
      ["y = Sum(x, z, w)"],
    ],
  ])("%s", async (_, nodes, after) => {
    await expectRewrite(graph(nodes), after, PASS);
  });

  it.each([
    ["Max of Min", "a = Min (x, z) y = Max (a, w)", "y"],
    ["a Sum behind two terms, which would be added first", "a = Sum (x, z) y = Sum (w, x, a)", "y"],
    ["Max that others read", "a = Max (x, z) y = Max (a, w) e = Exp (a)", "y, e"],
    ["Mean of Mean", "a = Mean (x, z) y = Mean (a, w)", "y"],
  ])("%s stays", async (_, nodes, outputs) => {
    await expectRefused(graph(nodes, outputs), undefined, ALONE);
  });

  it("joins a Max of a body within the body only", async () => {
    await expectRefused(
      `g (float[3] x, bool c) => (y) { a = Max (x, x1) y = If (c) <
         then_branch = t () => (float[3] p) { p = Max (a, x) }, else_branch = e () => (float[3] q) { q = Neg (x) }> }`
        .replace("x1", "w")
        .replace("float[3] x, bool c", "float[3] x, float[3] w, bool c"),
      undefined,
      ALONE,
    );
  });
});

describe("operands that cannot change the result", () => {
  it.each([
    ["the least number", "y = Max (x, low, z)", ["y = Max(x, z)"]],
    ["the least numbers", "y = Max (lows, x)", ["y = Max(x)"]],
    ["the largest number", "y = Min (high, x)", ["y = Min(x)"]],
    ["one operand twice", "y = Max (x, z, x)", ["y = Max(x, z)"]],
    ["two constants", "y = Max (one, x, two)", ["y = Max(x, y_bound)"]],
  ])("%s", async (_, nodes, after) => {
    await expectRewrite(graph(nodes), after, PASS);
  });

  it.each([
    ["the largest number of a Max", "y = Max (x, high)"],
    ["one that makes the result larger", "y = Max (x, tall)"],
    ["two terms of a Sum alike", "y = Sum (x, x, z)"],
    ["a constant alone", "y = Max (x, one)"],
  ])("%s stays", async (_, nodes) => {
    await expectRefused(graph(nodes), undefined, ALONE);
  });

  it("the least integer", async () => {
    await expectRewrite(
      "g (int32[N] x) => (y) <int32 least = {-2147483648}> { y = Max (x, least) }",
      ["y = Max(x)"],
      PASS,
    );
    await expectRefused(
      "g (int32[N] x) => (y) <int32 k = {-2147483647}> { y = Max (x, k) }",
      undefined,
      ALONE,
    );
  });

  it("NaN in the remaining operands reaches the result", async () => {
    const { model } = await expectRewrite(
      graph("q = Sqrt (x) a = Max (q, low) y = Max (a, z)"),
      ["q = Sqrt(x)", "y = Max(q, z)"],
      PASS,
    );
    expect(model.graph.nodeCount).toBe(2);
  });

  it("a chain without any effect is removed", async () => {
    await expectRewrite(graph("a = Max (x, low) b = Min (a, high) y = Neg (b)"), ["y = Neg(x)"]);
  });
});
