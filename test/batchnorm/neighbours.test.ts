import { expect, it } from "vitest";
import { nodeBehind, onlyReader } from "../../src/batchnorm/neighbours.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const model = parseGraph(
  "g (float[2] x) => (float[2] y) { a = Relu (x) b = Add (a, a) c = Exp (b) y = Neg (c) }",
  {
    opset: 17,
  },
);

it("the only reader is the one use, by a node", () => {
  expect(onlyReader(valueNamed(model, "b"))?.opType).toBe("Exp");
  for (const name of ["a", "y"]) expect(onlyReader(valueNamed(model, name))).toBeUndefined();
  expect(onlyReader(undefined)).toBeUndefined();
});

it("behind a value is the node after its own, or the first", () => {
  expect(nodeBehind(valueNamed(model, "a"))?.opType).toBe("Add");
  expect(nodeBehind(valueNamed(model, "x"))?.opType).toBe("Relu");
  expect(nodeBehind(valueNamed(model, "y"))).toBeUndefined();
});
