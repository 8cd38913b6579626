import { expect, it } from "vitest";
import { readElsewhere } from "../../src/rewrite/read-elsewhere.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

it("a value is read elsewhere when another node or a caller sees it", () => {
  const model = parseGraph(
    "g (float[2] x) => (float[2] y, float[2] b) { a = Relu (x) b = Exp (a) c = Neg (b) y = Add (c, a) }",
    {
      opset: 17,
    },
  );
  expect(readElsewhere(valueNamed(model, "c"))).toBeUndefined();
  expect(readElsewhere(valueNamed(model, "a"))).toMatchObject({
    reason: expect.stringMatching(/Relu "a".* 1 /),
  });
  expect(readElsewhere(valueNamed(model, "b"))).toMatchObject({
    reason: expect.stringContaining("graph output"),
  });
});
