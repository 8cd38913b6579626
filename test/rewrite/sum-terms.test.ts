import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isSum, MAX_TERMS, nestedSum, summands, termsOf } from "../../src/rewrite/sum-terms.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf } from "../support/facts.js";

const model = parseGraph(
  "g (float[2] x, float[2] z) => (float y, float u) { a = Sub (x, z) b = Add (x, z) y = Sub (a, b) u = Neg (b) }",
  { opset: 17 },
);
const facts = createFacts(model);

it("termsOf gives the operands with their signs, the subtracted one first", () => {
  const signs = (name: string, sign?: 1 | -1): unknown =>
    termsOf(nodeOf(model, name), sign).map((term) => `${term.sign} ${term.value.name}`);
  expect(signs("b")).toEqual(["1 x", "1 z"]);
  expect(signs("a")).toEqual(["-1 z", "1 x"]);
  expect(signs("a", -1)).toEqual(["1 z", "-1 x"]);
});

it("nestedSum goes into a sum that nothing else reads", () => {
  const y = nodeOf(model, "y");
  const nested = termsOf(y).map((term) => nestedSum(term, y, facts)?.key);
  expect(nested).toEqual([undefined, "a"]);
});

it("isSum knows Add and Sub from opset 7 on", () => {
  expect(["a", "b", "u"].map((name) => isSum(nodeOf(model, name), facts))).toEqual([true, true, false]);
  const old = parseGraph("g (float[2] x) => (float y) { y = Add (x, x) }", { opset: 6 });
  expect(isSum(nodeOf(old, "y"), createFacts(old))).toBe(false);
});

it("summands goes into a bounded number of nested sums, however long their chain is", () => {
  const chain = Array.from({ length: 10_000 }, (_, i) => `v${i + 1} = Add (${i === 0 ? "x" : `v${i}`}, x)`);
  const long = parseGraph(`g (float[2] x) => (v10000) { ${chain.join(" ")} }`, { opset: 17 });
  const sum = nodeOf(long, "v10000");
  const found = summands(termsOf(sum), sum, createFacts(long));
  expect(found.map(({ value }) => value.name).slice(0, 2)).toEqual([`v${10_000 - 1 - MAX_TERMS}`, "x"]);
});
