import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import {
  affine,
  any,
  bound,
  boundsKeepShape,
  clipped,
  commutative,
  either,
  firstReading,
  type Matcher,
  op,
  product,
  scalar,
} from "../../src/patterns/match.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";

const CONSTANTS = "float two = {2}, float three = {3}, float one = {1}, float[2,2] matrix = {1, 2, 3, 4}";

/** The first reading of y: its values and numbers by name, and the nodes. */
function reading(
  matcher: Matcher,
  body: string,
  accept = true,
): Readonly<Record<string, unknown>> | undefined {
  const model = parseGraph(`g (float[2] x, float[2] z) => (float y) <${CONSTANTS}> { ${body} }`, {
    opset: 17,
  });
  const context = { facts: createFacts(model), root: nodeOf(model, "y"), dtype: "float", opset: 17 } as const;
  return firstReading(matcher, context, ({ values, numbers, nodes }) =>
    accept
      ? {
          ...Object.fromEntries([...values].map(([name, value]) => [name, value.name])),
          ...Object.fromEntries(numbers),
          nodes: [...nodes]
            .map(({ opType }) => opType)
            .sort()
            .join(" "),
        }
      : undefined,
  );
}

const [x, z] = [any("x"), any("z")];

describe("op", () => {
  it("reads inputs in their order, and one value by one name", () => {
    expect(reading(op("Sub", [x, z]), "y = Sub (x, z)")).toEqual({ x: "x", z: "z", nodes: "Sub" });
    expect(reading(op("Sub", [x, x]), "y = Sub (x, z)")).toBeUndefined();
    expect(reading(op("Sub", [x, x]), "y = Sub (z, z)")).toEqual({ x: "z", nodes: "Sub" });
    expect(reading(op("Sub", [x, z]), "y = Add (x, z)")).toBeUndefined();
  });

  it("asks the test about the node", () => {
    const isHalf = op("Elu", [x], (node) => node.float("alpha", 1) === 0.5);
    expect(reading(isHalf, "y = Elu <alpha = 0.5> (x)")).toBeDefined();
    expect(reading(isHalf, "y = Elu (x)")).toBeUndefined();
  });
});

it("commutative reads the operands in either order", () => {
  const matcher = commutative("Add", op("Exp", [x]), z);
  expect(reading(matcher, "e = Exp (x) y = Add (e, z)")).toEqual({ x: "x", z: "z", nodes: "Add Exp" });
  expect(reading(matcher, "e = Exp (x) y = Add (z, e)")).toEqual({ x: "x", z: "z", nodes: "Add Exp" });
  expect(reading(matcher, "e = Neg (x) y = Add (z, e)")).toBeUndefined();
});

it("either reads the first choice that fits, and bound names what it read", () => {
  const matcher = either(op("Exp", [x]), bound("whole", op("Neg", [x])));
  expect(reading(matcher, "y = Exp (x)")).toEqual({ x: "x", nodes: "Exp" });
  expect(reading(matcher, "y = Neg (x)")).toEqual({ x: "x", whole: "y", nodes: "Neg" });
});

describe("product", () => {
  const matcher = product([op("Exp", [x]), z], "c");

  it("finds scalar factors in any place", () => {
    const found = { x: "x", z: "z", c: 6 };
    expect(reading(matcher, "e = Exp (x) a = Mul (e, two) b = Mul (three, z) y = Mul (b, a)")).toMatchObject(
      found,
    );
    expect(reading(matcher, "e = Exp (x) a = Mul (z, e) b = Mul (a, two) y = Mul (three, b)")).toMatchObject(
      found,
    );
    expect(reading(matcher, "e = Exp (x) a = Div (z, two) b = Neg (a) y = Mul (b, e)")).toMatchObject({
      c: -0.5,
    });
  });

  it("reads a power as a product, and a sum as none", () => {
    expect(reading(product([x, x], "c"), "y = Pow (x, two)")).toMatchObject({ x: "x", c: 1 });
    expect(reading(product([x, x], "c"), "y = Pow (x, three)")).toBeUndefined();
    expect(reading(product([op("Exp", [x])], "c"), "e = Exp (x) y = Add (e, one)")).toBeUndefined();
  });
});

describe("affine", () => {
  const matcher = affine(op("Exp", [x]), "a", "b");

  it("composes scales and shifts", () => {
    expect(reading(matcher, "e = Exp (x) m = Mul (e, two) y = Sub (three, m)")).toMatchObject({
      a: -2,
      b: 3,
    });
    expect(reading(matcher, "e = Exp (x) s = Add (e, one) y = Mul (s, two)")).toMatchObject({ a: 2, b: 2 });
    expect(reading(matcher, "y = Exp (x)")).toMatchObject({ a: 1, b: 0 });
  });

  it("reads no constant that is more than a scalar", () => {
    expect(reading(matcher, "e = Exp (x) y = Mul (e, matrix)")).toBeUndefined();
  });

  it("reads the longest expression first", () => {
    expect(reading(affine(x, "a", "b"), "m = Mul (z, two) y = Add (m, one)")).toMatchObject({
      x: "z",
      a: 2,
      b: 1,
    });
  });
});

it("clipped reads Clip, Min with Max in either order, and Relu with Min", () => {
  const limits = { x: "x", low: 1, high: 3 };
  expect(reading(clipped(x), "y = Clip (x, one, three)")).toMatchObject(limits);
  expect(reading(clipped(x), "m = Max (x, one) y = Min (three, m)")).toMatchObject(limits);
  expect(reading(clipped(x), "m = Min (three, x) y = Max (m, one)")).toMatchObject(limits);
  expect(reading(clipped(x), "m = Min (three, x) y = Relu (m)")).toMatchObject({ ...limits, low: 0 });
  expect(reading(clipped(x), "m = Max (x, one) y = Max (three, m)")).toBeUndefined();
});

it("scalar reads a constant of one element", () => {
  expect(reading(op("Add", [x, scalar("k")]), "y = Add (x, two)")).toMatchObject({ k: 2 });
  expect(reading(op("Add", [x, scalar("k")]), "y = Add (x, z)")).toBeUndefined();
});

it("firstReading goes on until a reading is accepted", () => {
  expect(reading(op("Neg", [x]), "y = Neg (x)", false)).toBeUndefined();
});

it("boundsKeepShape asks whether a bound would widen the input", () => {
  const model = parseGraph(
    `g (float[2] x) => (float y) <float[1,1] wide = {1}, float flat = {1}> { y = Neg (x) u = Add (wide, flat) }`,
    {
      opset: 17,
    },
  );
  const facts = createFacts(model);
  const keeps = (name: string): boolean =>
    boundsKeepShape(
      { values: new Map([["low bound", valueNamed(model, name)]]), numbers: new Map(), nodes: new Set() },
      valueNamed(model, "x"),
      facts,
    );
  expect(["flat", "wide"].map(keeps)).toEqual([true, false]);
});
