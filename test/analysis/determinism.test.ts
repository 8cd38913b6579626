import { describe, expect, it } from "vitest";
import { isDeterministic } from "../../src/analysis/determinism.js";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parseGraph } from "../../src/text/parse.js";

describe("determinism", () => {
  const deterministic = (node: string, opset = 17): boolean => {
    const model = parseGraph(
      `g (float[2,3] x, bool c) => (float[] y) <float r = {0.5}, bool yes = {1}, bool no = {0}> { ${node} }`,
      { opset },
    );
    const found = [...model.graph.nodes()].find((candidate) => candidate.output(0)?.name === "y");
    return found !== undefined && isDeterministic(found, createFacts(model));
  };
  it.each([
    ["y = Relu(x)", true],
    ["y = RandomNormalLike(x)", false],
    ["y = Bernoulli(x)", false],
    ["y = Dropout(x, r)", true],
    ["y = Dropout(x, r, no)", true],
    ["y = Dropout(x, r, yes)", false],
    ["y = Dropout(x, r, c)", false],
    ["y = Custom(x)", false],
    [
      "y = If (c) <then_branch = a () => (float[] p) { p = Relu(x) }, else_branch = b () => (float[] q) { q = Abs(x) }>",
      true,
    ],
    [
      "y = If (c) <then_branch = a () => (float[] p) { p = Relu(x) }, else_branch = b () => (float[] q) { q = RandomNormalLike(x) }>",
      false,
    ],
  ])("%s", (node, expected) => {
    expect(deterministic(node)).toBe(expected);
  });
  it("knows how Dropout said training before opset 7", () => {
    expect(deterministic("y = Dropout(x)", 6)).toBe(false);
    expect(deterministic("y = Dropout<is_test=1>(x)", 6)).toBe(true);
  });
});
