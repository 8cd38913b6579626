import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const V = constant("V", [5, 3, 2, 3]);
const X = "float[N,3,6,7] x";

function either(then: string, otherwise: string): string {
  return `y = If (p) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("bodies", () => {
  it("a dead If goes with its bodies", async () => {
    const { ops, model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W],
        `z = Relu (x) ${either("t () => (u) { c = Conv (x, W) u = Relu (c) }", `e () => (v) <${V}> { v = Conv (x, V) }`)}`,
        "z",
      ),
    );
    expect(ops).toEqual(["z = Relu(x)"]);
    expect(model.graph.initializers.size).toBe(0);
  });
});
