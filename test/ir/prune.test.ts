import { expect, it } from "vitest";
import { pruneUnread } from "../../src/ir/prune.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph } from "../../src/text/parse.js";
import { sketch } from "../support/text.js";

it("removes all that no output needs: chains, constants, custom operators too", () => {
  const model = parseGraph(
    `g (float[2] x) => (float[2] y) <float[2] w = {1, 2}, float[2] v = {3, 4}> {
       a = Add (x, w) b = Exp (a) c = Mul (x, v) y = Neg (c) }`,
    { opset: 17 },
  );
  pruneUnread(model.graph);
  expect(sketch(model)).toEqual(["c = Mul(x, v)", "y = Neg(c)"]);
  expect([...model.graph.initializers].map(({ name }) => name)).toEqual(["v"]);
  expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(verify(model)).toEqual([]);
});

it("a value that only an annotation names goes, with the annotation", () => {
  const model = parseGraph("g (float[2] x) => (float[2] y) { a = Exp (x) y = Neg (x) }", { opset: 17 });
  const value = model.graph.first?.output(0);
  if (value === undefined) throw new Error("a value");
  value.addUse({ kind: "pin", reason: "an annotation names it" });
  model.graph.annotations = [{ tensor: value, parameters: [], wire: new Uint8Array() }];
  pruneUnread(model.graph);
  expect(sketch(model)).toEqual(["y = Neg(x)"]);
  expect(model.graph.annotations).toEqual([]);
});
