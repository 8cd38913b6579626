import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

describe("eliminate-expands", () => {
  it("an Expand that others read stays for them", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,4,5] x, float[N,4,1] v",
        [],
        "s = Shape (x) e = Expand (v, s) d = Div (x, e) n = Exp (e) y = Add (d, n)",
      ),
      { passes: ["eliminate-expands", "eliminate-dead"] },
    );
    expect(ops).toEqual(["s = Shape(x)", "e = Expand(v, s)", "d = Div(x, v)", "n = Exp(e)", "y = Add(d, n)"]);
  });
});
