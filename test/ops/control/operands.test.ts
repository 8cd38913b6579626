import { expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

const body = "body = b (int64 i, bool c, float[2] a) => (bool d, float[2] e) { d = Identity(c) e = Neg(a) }";

it("Loop runs a few times, and goes on", () => {
  expect(demandOnS(`g (int64 s, float[2] x) => (float[2] y) { y = Loop<${body}>(s, , x) }`)).toBe(
    "whole [1, 4)",
  );
  expect(demandOnS(`g (bool s, int64 n, float[2] x) => (float[2] y) { y = Loop<${body}>(n, s, x) }`)).toBe(
    "1",
  );
});
