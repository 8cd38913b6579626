import { expect, it } from "vitest";
import { attribute } from "../../src/ir/attribute.js";
import { attributeKey, equalBodies } from "../../src/rewrite/equal-bodies.js";
import { TensorIndex } from "../../src/rewrite/tensor-index.js";
import { parseGraph } from "../../src/text/parse.js";

function equal(a: string, b: string): boolean {
  const { graph } = parseGraph(
    `g (bool p, float[2] x, float[2] z) => (float[2] y) <float[2] w = {1, 2}> {
       y = If (p) <then_branch = t () => ${a}, else_branch = e () => ${b}> }`,
    { opset: 17 },
  );
  const [first, second] = graph.first?.subgraphs ?? [];
  if (first === undefined || second === undefined) throw new Error("two bodies");
  return equalBodies(first, second, new TensorIndex());
}

it.each([
  ["names of their own", "(a) { b = Relu (x) a = Neg (b) }", "(c) { d = Relu (x) c = Neg (d) }", true],
  [
    "equal constants",
    "(a) <float[2] k = {1, 2}> { a = Add (x, k) }",
    "(c) <float[2] q = {1, 2}> { c = Add (x, q) }",
    true,
  ],
  ["a constant as around", "(a) <float[2] k = {1, 2}> { a = Add (x, k) }", "(c) { c = Add (x, w) }", true],
  [
    "another constant",
    "(a) <float[2] k = {1, 2}> { a = Add (x, k) }",
    "(c) <float[2] q = {1, 3}> { c = Add (x, q) }",
    false,
  ],
  ["another value around", "(a) { a = Relu (x) }", "(c) { c = Relu (z) }", false],
  ["another attribute", "(a) { a = Elu <alpha = 0.5> (x) }", "(c) { c = Elu <alpha = 0.25> (x) }", false],
  ["an attribute more", "(a) { a = Elu <alpha = 0.5> (x) }", "(c) { c = Elu (x) }", false],
  ["operands the other way", "(a) { a = Sub (x, z) }", "(c) { c = Sub (z, x) }", false],
  [
    "another constant in an attribute",
    "(a) { a = Op <k = float[2] {1, 2}> (x) }",
    "(c) { c = Op <k = float[2] {1, 3}> (x) }",
    false,
  ],
  ["a node more", "(a) { b = Abs (z) a = Relu (x) }", "(c) { c = Relu (x) }", false],
  ["a node more at the end", "(a) { a = Relu (x) b = Abs (z) }", "(c) { c = Relu (x) }", false],
  ["an output more", "(a) { a = Relu (x) }", "(c, d) { c = Relu (x) d = Abs (z) }", false],
  ["an output that is skipped", '(a) { a, "" = Op (x) }', "(c) { c, d = Op (x) }", false],
  ["another operator", "(a) { a = Relu (x) }", "(c) { c = Abs (x) }", false],
])("bodies with %s", (_, a, b, expected) => {
  expect(equal(a, b)).toBe(expected);
});

it("attributes have one key for one value", () => {
  const keyOf = (value: Parameters<typeof attribute>[1]) => attributeKey(attribute("a", value));
  expect(keyOf([1, 2])).toBe(keyOf([1, 2]));
  expect(
    new Set([
      keyOf(1),
      keyOf("1"),
      keyOf([1]),
      keyOf({ kind: "float", value: 1 }),
      keyOf({ kind: "float", value: -0 }),
      keyOf({ kind: "float", value: 0 }),
    ]).size,
  ).toBe(6);
});
