import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,3,6,7] x";

function either(then: string, otherwise: string): string {
  return `y = If (p) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("bodies", () => {
  it("constants in both branches under one name", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either(
          `t () => (u) { k = Constant <value_float = 2.0> () m = Mul (x, k) u = Relu (m) }`,
          `e () => (u) { k = Constant <value_float = 3.0> () m = Mul (x, k) n = Mul (m, k) u = Relu (n) }`,
        ),
      ),
    );
    expect(ops.filter((line) => line.includes("Mul"))).toHaveLength(2);
  });
});
