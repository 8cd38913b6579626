import { describe, expect, it } from "vitest";
import { expectSame } from "../../support/raise.js";
import { modelOf } from "../../support/rewrite.js";

describe("bodies, functions and domains", () => {
  it("a Scan over a batch becomes a Scan in a Scan", async () => {
    const ops = await expectSame(
      modelOf(
        `g (float[2,3] s, float[2,5,3] x) => (last, all) {
           last, all = Scan <num_scan_inputs = 1, directions = [1],
             body = b (float[3] a, float[3] e) => (float[3] c, float[3] d) { c = Add (a, e) d = Mul (c, e) }> ("", s, x) }`,
        8,
      ),
      21,
    );
    expect(ops).toEqual([
      "last, all = Scan(s, x)",
      "  last_entry, all_entry = Scan(s_entry, x_entry)",
      "    c = Add(a, e)",
      "    d = Mul(c, e)",
    ]);
  });
});
