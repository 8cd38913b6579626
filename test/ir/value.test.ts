import { describe, expect, it } from "vitest";
import { Graph } from "../../src/ir/graph.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const model = parseGraph(
  `g (bool p, float[2] x) => (float[2] y, float[2] a) <float[2] w = {1, 2}> {
     a = Add (x, w) b = Mul (a, a)
     y = If (p) <then_branch = t () => (c) { c = Neg (b) }, else_branch = e () => (d) { d = Exp (b) }> }`,
  { opset: 17 },
);
const value = (name: string) => valueNamed(model, name);

it("every read is a use: both operands, bodies and outputs", () => {
  expect([...value("a").uses].map(({ kind }) => kind).sort()).toEqual(["node", "node", "output"]);
  expect(value("a").users.map(({ opType }) => opType)).toContain("Mul");
  expect(value("b").uses.size).toBe(2);
  expect([value("a").isGraphOutput, value("b").isGraphOutput, value("x").isGraphInput]).toEqual([
    true,
    false,
    true,
  ]);
});

it("a constant is an initializer that no caller may override", () => {
  expect([value("w").isConstant, value("x").isConstant, value("a").isConstant]).toEqual([true, false, false]);
});

it("a pin says why, and stays until it is taken back", () => {
  const pin = { kind: "pin", reason: "a caller keeps it" } as const;
  value("b").addUse(pin);
  expect([value("b").isPinned, value("b").pinnedBecause]).toEqual([true, "a caller keeps it"]);
  value("b").removeUse(pin);
  expect([value("b").isPinned, value("b").pinnedBecause]).toEqual([false, undefined]);
});

describe("replacing the data of an initializer", () => {
  it("changes a declaration that says otherwise, and only that", () => {
    const graph = new Graph();
    const value = graph.addInput({
      name: "w",
      type: tensorType("float", []),
      docString: "bias",
      wire: new Uint8Array(),
    });
    value.replaceTensor(tensorFromNumbers("float", [], [1]));
    expect(value.info?.wire).toBeDefined();
    value.replaceTensor(tensorFromNumbers("float", [3], [1, 2, 3]));
    expect(value.info).toEqual({
      name: "w",
      type: tensorType("float", [3]),
      docString: "bias",
      wire: undefined,
    });
    value.replaceTensor(tensorFromNumbers("double", [3], [1, 2, 3]));
    expect(value.type).toEqual(tensorType("double", [3]));
  });

  it("keeps symbols and a missing type", () => {
    const graph = new Graph();
    const symbolic = graph.addInput({ name: "s", type: tensorType("float", ["N"]) });
    symbolic.replaceTensor(tensorFromNumbers("float", [3], [1, 2, 3]));
    expect(symbolic.type).toEqual(tensorType("float", ["N"]));
    const bare = graph.addInitializer("b", tensorFromNumbers("float", [1], [1]));
    bare.replaceTensor(tensorFromNumbers("float", [3], [1, 2, 3]));
    expect(bare.info).toBeUndefined();
  });
});
