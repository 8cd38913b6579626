import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { verify } from "../../src/ir/verify.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { dropTerm, isSum, MAX_TERMS, nestedSum, summands, termsOf } from "../../src/rewrite/sum-terms.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";

const model = parseGraph(
  "g (float[2] x, float[2] z) => (float y, float u) { a = Sub (x, z) b = Add (x, z) y = Sub (a, b) u = Neg (b) }",
  { opset: 17 },
);
const facts = createFacts(model);

it("termsOf gives the operands with their signs, the subtracted one first", () => {
  const signs = (name: string, sign?: 1 | -1): unknown =>
    [...termsOf(nodeOf(model, name), sign)].map((term) => `${term.sign} ${term.value.name}`);
  expect(signs("b")).toEqual(["1 x", "1 z"]);
  expect(signs("a")).toEqual(["-1 z", "1 x"]);
  expect(signs("a", -1)).toEqual(["1 z", "-1 x"]);
});

it("nestedSum goes into a sum that nothing else reads", () => {
  const y = nodeOf(model, "y");
  const nested = [...termsOf(y)].map((term) => nestedSum(term, y, facts)?.key);
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
  const found = summands([...termsOf(sum)], sum, createFacts(long));
  expect(found.map(({ value }) => value.name).slice(0, 2)).toEqual([`v${10_000 - 1 - MAX_TERMS}`, "x"]);
});

it("termsOf gives those from one place on to another", () => {
  const some = (name: string): unknown =>
    [...termsOf(nodeOf(model, name), 1, 1, 9)].map(({ value }) => value.name);
  expect([some("a"), some("b")]).toEqual([["x"], ["z"]]);
});

it("dropTerm fills the place in a wide sum with the last term, and keeps the order of others", () => {
  const left = (count: number, index: number): unknown => {
    const names = Array.from({ length: count }, (_, i) => `x${i}`);
    const inputs = names.map((name) => `float[2] ${name}`).join(", ");
    const wide = parseGraph(`g (${inputs}) => (y) { s = Sum (${names.join(", ")}) y = Neg (s) }`, {
      opset: 17,
    });
    const sum = nodeOf(wide, "s");
    const [term] = termsOf(sum, 1, index);
    if (term === undefined) return undefined;
    dropTerm(new Rewriter(createFacts(wide)), term, valueNamed(wide, "s"));
    expect(verify(wide)).toEqual([]);
    return wide.graph.first?.inputs.map((value) => value?.name).filter((_, i) => i < 2 || i > count - 4);
  };
  expect(left(MAX_TERMS + 1, 1)).toEqual(["x0", "x64", "x62", "x63"]);
  expect(left(MAX_TERMS + 1, 64)).toEqual(["x0", "x1", "x62", "x63"]);
  expect(left(4, 1)).toEqual(["x0", "x2", "x3"]);
});
