import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { verify } from "../../src/ir/verify.js";
import { integersFor, replaceExpression, replaceNode } from "../../src/rewrite/replace-node.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

it("replaceNode keeps the names of the node and its output, and removes what it made superfluous", () => {
  const model = parseGraph(
    'g (float[2,3] x) => (float y) { a = Transpose (x) ["n"] b = Transpose (a) y = Neg (b) }',
    { opset: 17 },
  );
  const [node, gone] = [nodeOf(model, "b"), nodeOf(model, "a")];
  const rewriter = new Rewriter(createFacts(model));
  const shape = integersFor(rewriter, node, "shape", [3, 2]);
  expect([shape.name, ...(shape.tensor?.toIntegers() ?? [])]).toEqual(["b_shape", 3, 2]);
  replaceNode(rewriter, node, { opType: "Reshape", inputs: [valueNamed(model, "x"), shape] }, [gone]);
  expect(sketch(model)).toEqual(["b = Reshape(x, b_shape)", "y = Neg(b)"]);
  expect(nodeOf(model, "b").name).toBe("n");
  expect(verify(model)).toEqual([]);
});

it("replaceExpression leaves one operator of a whole expression, which goes from its end on", () => {
  const model = parseGraph(
    'g (float[2] x) => (float[2] y) { a = Abs (x) b = Neg (a) ["n"] c = Mul (a, b) y = Exp (c) }',
    {
      opset: 17,
    },
  );
  const nodes = ["a", "b", "c"].map((name) => nodeOf(model, name));
  const rewriter = new Rewriter(createFacts(model));
  replaceExpression(
    rewriter,
    nodeOf(model, "c"),
    { opType: "Relu", inputs: [valueNamed(model, "x")] },
    nodes,
  );
  expect(sketch(model)).toEqual(["c = Relu(x)", "y = Exp(c)"]);
  expect(nodeOf(model, "c").name).toBe("n");
  expect(verify(model)).toEqual([]);
});
