import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Context } from "../../src/patterns/found.js";
import { scalarBeside, scalarStep, terms } from "../../src/patterns/scalar-terms.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";

const TWO = "float two = {2}, float[1,1] wide = {2}";

function given(body: string): { readonly value: ReturnType<typeof valueNamed>; readonly context: Context } {
  const model = parseGraph(`g (float[3] x, float[3] z) => (float y) <${TWO}> { ${body} }`, { opset: 17 });
  const context = { facts: createFacts(model), root: nodeOf(model, "y"), dtype: "float", opset: 17 } as const;
  return { value: valueNamed(model, "y"), context };
}

it.each([
  ["Mul (x, two)", 2, 0],
  ["Mul (two, x)", 2, 0],
  ["Div (x, two)", 0.5, 0],
  ["Add (two, x)", 1, 2],
  ["Sub (x, two)", 1, -2],
  ["Sub (two, x)", -1, 2],
  ["Neg (x)", -1, 0],
])("scalarStep reads %s as a scale of %d and a shift of %d", (node, scale, shift) => {
  const { value, context } = given(`y = ${node}`);
  expect(scalarStep(value, context)).toMatchObject({ input: { name: "x" }, scale, shift });
});

it.each(["Div (two, x)", "Mul (x, wide)", "Mul (x, z)", "Exp (x)"])(
  "scalarStep reads no step in %s",
  (node) => {
    const { value, context } = given(`y = ${node}`);
    expect(scalarStep(value, context)).toBeUndefined();
  },
);

describe("terms", () => {
  const read = (body: string, count: number): readonly string[] => {
    const { value, context } = given(body);
    return [...terms(value, count, 4, context)].map(
      ({ coefficient, factors }) => `${coefficient} ${factors.map(({ name }) => name).join(" ")}`,
    );
  };

  it("are all ways to read a product of so many factors", () => {
    expect(read("a = Mul (x, two) y = Mul (a, z)", 2)).toEqual(["2 x z", "1 a z"]);
    expect(read("a = Mul (x, z) y = Mul (a, x)", 3)).toEqual(["1 x z x"]);
    expect(read("y = Pow (x, two)", 2)).toEqual(["1 x x"]);
    expect(read("y = Add (x, z)", 2)).toEqual([]);
  });
});

it("scalarBeside is a constant of one element that keeps the shape of what it meets", () => {
  const { context } = given("a = Mul (x, two) y = Mul (a, wide)");
  const beside = (name: string): number | undefined => {
    const inputs = [...(context.root.graph?.nodes() ?? [])].flatMap((node) => node.inputs);
    const [value, x] = [name, "x"].map((wanted) => inputs.find((input) => input?.name === wanted));
    return value && x ? scalarBeside(value, x, context.facts) : undefined;
  };
  expect([beside("two"), beside("wide"), beside("x")]).toEqual([2, undefined, undefined]);
});
