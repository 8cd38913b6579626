import { describe } from "vitest";
import { affineCase, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

describe("operators that absorb a map", () => {
  affineCase(
    "a table that is looked up",
    (z) => ({
      input: `int64[${z.N},${z.H}] x`,
      constants: [constant("T", [2, z.K]), constant("k", [z.K]), constant("l", [z.K])],
      nodes: "e = Gather (T, x) m = Mul (e, k) y = Sub (l, m)",
    }),
    { ...UP, left: ["Gather"] },
  );
});
