import { expect, it } from "vitest";
import { removeDropout } from "../../src/batchnorm/dropout.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph } from "../../src/text/parse.js";
import { sketch } from "../support/text.js";

it("every Dropout goes, in bodies too; one whose mask is read stays, and drops nothing", () => {
  const model = parseGraph(
    `g (bool p, float[2] x) => (float[2] y, bool[2] m) <float half = {0.5}, bool yes = {1}> {
       a = Dropout (x, half, yes) b, m = Dropout (a, half, yes) c = Neg (b)
       y = If (p) <then_branch = t () => (u) { d = Dropout (c, half, yes) u = Exp (d) }, else_branch = s () => (v) { v = Abs (c) }> }`,
    { opset: 17 },
  );
  expect(removeDropout(model.graph)).toBe(2);
  expect(sketch(model)).toEqual([
    "b, m = Dropout(x)",
    "c = Neg(b)",
    "y = If(p)",
    "  u = Exp(c)",
    "  v = Abs(c)",
  ]);
  expect(verify(model)).toEqual([]);
});
