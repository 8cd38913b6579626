import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { verify } from "../../src/ir/verify.js";
import { applyRows } from "../../src/rewrite/apply-rows.js";
import { Rewriter } from "../../src/rewrite/rewriter.js";
import { bestRows } from "../../src/rewrite/row-cut.js";
import { growRows } from "../../src/rewrite/row-region.js";
import { printModel } from "../../src/text/print.js";
import { compare, modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

it("keeps a view that others read beside the matrix, and reshapes constants of more axes", async () => {
  const text = graphText(
    "float[N,30] x",
    [
      ...["U", "V", "W"].map((name) => constant(name, [6, 6])),
      constant("b", [6]),
      constant("k", [1, 1, 6]),
      "int64[3] to = {-1, 5, 6}, int64[4] heads = {-1, 5, 2, 3}",
    ],
    `v = Reshape (x, to) t = Transpose <perm = [0, 2, 1]> (v) p = MatMul (v, W) a = Add (p, b) e = Mul (a, k)
     q = MatMul (e, V) c = Add (q, b) r = MatMul (v, U) d = Add (r, b) f = Sub (c, d) y = Reshape (f, heads)`,
    "y, t",
  );
  const [original, model] = [modelOf(text), modelOf(text)];
  const facts = createFacts(model);
  const [turn, ...others] = bestRows(growRows(model.graph, "onnxruntime", facts), "onnxruntime", facts);
  expect(others).toEqual([]);
  if (turn === undefined) expect.unreachable("a gain");
  applyRows(turn, new Rewriter(facts), facts);
  expect([...verify(model)]).toEqual([]);
  const printed = printModel(model);
  expect(printed.match(/Reshape/g)).toHaveLength(3);
  expect((await compare(original, model, "rounding", {}, [])).status).toBe("equal");
});
