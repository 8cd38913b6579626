import { describe, expect, it } from "vitest";
import { expectRewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

describe("a weight that takes in thousands of neighbours", () => {
  it("in a graph: a Conv behind a Concat of many scaled and shifted parts", async () => {
    const parts = Array.from({ length: 60 }, (_, i) => `a${i} = Mul (x, s) b${i} = Add (a${i}, t)`);
    const names = parts.map((_, i) => `b${i}`).join(", ");
    const nodes = `${parts.join(" ")} c = Concat <axis = 1> (${names}, z) y = Conv (c, W)`;
    const constants = [constant("W", [2, 182, 1]), constant("s", [3, 1]), constant("t", [3, 1])];
    const { ops } = await expectRewrite(graphText("float[N,3,5] x, float[N,2,5] z", constants, nodes), [
      `c = Concat(${"x, ".repeat(60)}z)`,
      "y = Conv(c, W, W_bias)",
    ]);
    expect(ops).toHaveLength(2);
  });
});
