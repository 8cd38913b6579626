import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,3,6,7] x";

function either(then: string, otherwise: string): string {
  return `y = If (p) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("bodies", () => {
  it("an Identity of a value around stays as a branch's output", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either("t () => (u) { u = Identity (x) }", "e () => (v) { v = Neg (x) }"),
      ),
    );
    expect(ops).toEqual(["y = If(p)", "  u = Identity(x)", "  v = Neg(x)"]);
  });
});
