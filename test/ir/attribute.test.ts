import { describe, expect, it } from "vitest";
import { attribute, attributeText, graphsOf } from "../../src/ir/attribute.js";
import { Graph } from "../../src/ir/graph.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";

describe("attribute", () => {
  const tensor = tensorFromNumbers("float", [], [1]);
  it.each([
    ["a whole number", 3, { kind: "int", value: 3n }],
    ["a bigint", 2n ** 62n, { kind: "int", value: 2n ** 62n }],
    ["a fraction", 0.5, { kind: "float", value: 0.5 }],
    ["whole numbers", [1, -2], { kind: "ints", value: [1n, -2n] }],
    ["numbers", [1, 0.5], { kind: "floats", value: [1, 0.5] }],
    ["no numbers", [], { kind: "ints", value: [] }],
    ["a tensor", tensor, { kind: "tensor", value: tensor }],
    ["a payload", { kind: "float", value: 2 } as const, { kind: "float", value: 2 }],
  ])("of %s", (_, init, payload) => {
    expect(attribute("a", init)).toEqual({ name: "a", ...payload });
  });

  it("of texts, as bytes", () => {
    const text = attribute("mode", "lineär");
    expect(text.kind === "string" && attributeText(text.value)).toBe("lineär");
    const texts = attribute("names", ["a", "b"]);
    expect(texts.kind === "strings" && texts.value.map(attributeText)).toEqual(["a", "b"]);
  });
});

it("graphsOf gives the bodies of either kind, and none of others", () => {
  const [a, b] = [new Graph("a"), new Graph("b")];
  expect(graphsOf({ name: "body", kind: "graph", value: a })).toEqual([a]);
  expect(graphsOf({ name: "bodies", kind: "graphs", value: [a, b] })).toEqual([a, b]);
  expect(graphsOf(attribute("axis", 1))).toEqual([]);
});
