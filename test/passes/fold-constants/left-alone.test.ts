import { expect, it } from "vitest";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { evaluate, modelOf } from "../../support/rewrite.js";
import { sketch } from "../../support/text.js";

const ONLY = { passes: ["fold-constants"] };

it("without a runtime only what needs none is computed, and a refusal says so", async () => {
  const model = modelOf(
    `g (float[2] x) => (y, z) <float[2] k = {1, 2}, int64[1] n = {2}>
     { e = Exp (k) y = Add (x, e) c = ConstantOfShape (n) z = Add (x, c) }`,
  );
  const { model: result, refusals } = await rewriteModel(model, ONLY);
  expect(sketch(result)).toEqual(["e = Exp(k)", "y = Add(x, e)", "z = Add(x, c)"]);
  expect(refusals.map(({ id }) => id)).toEqual(["no-runtime-to-compute"]);
});

it.each([
  ["two elements to repeat", "float[2] {1, 2}", 17],
  ["elements of half a byte", "int4[1] {3}", 21],
])("a ConstantOfShape with %s is left to the runtime, which has no such kernel", async (_, value, opset) => {
  const model = modelOf(
    `g (int64 x) => (y) <int64[1] n = {2}> { c = ConstantOfShape <value = ${value}> (n) s = Size (c) y = Add (x, s) z = Identity (c) }`.replace(
      "=> (y)",
      "=> (y, z)",
    ),
    opset,
  );
  const { model: result } = await rewriteModel(model, ONLY, { evaluate });
  expect(sketch(result)[0]).toBe("c = ConstantOfShape(n)");
});
