import { describe, expect, it } from "vitest";
import { expectKept, rewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const SIZES: Readonly<Record<string, string>> = { b: "2", h: "3", i: "4", j: "5", k: "6" };

/** A graph of one Einsum, whose operands have a size for each letter; letters without one are symbols. */
function einsum(equation: string, dtype = "float"): string {
  const [terms = ""] = equation.split("->");
  const inputs = terms
    .split(",")
    .map(
      (term, at) =>
        `${dtype}[${[...term.trim()].map((letter) => SIZES[letter] ?? letter.toUpperCase()).join(",")}] x${at}`,
    );
  const names = inputs.map((_, at) => `x${at}`).join(", ");
  return graphText(inputs.join(", "), [], `y = Einsum <equation = "${equation}"> (${names})`);
}

describe("an Einsum that is one operator", () => {
  it.each([
    ["ik,kj->ij", "y = MatMul(x0, x1)"],
    ["bhij,bhjk->bhik", "y = MatMul(x0, x1)"],
    ["kj, ik -> ij", "y = MatMul(x1, x0)"],
    ["bij,jk->bik", "y = MatMul(x0, x1)"],
    ["ij,bjk->bik", "y = MatMul(x0, x1)"],
    ["bij,j->bi", "y = MatMul(x0, x1)"],
    ["j,bjk->bk", "y = MatMul(x0, x1)"],
    ["nik,nkj->nij", "y = MatMul(x0, x1)"],
    ["bij->jib", "y = Transpose(x0)"],
    ["bij,bij->bij", "y = Mul(x0, x1)"],
    ["j,bij->bij", "y = Mul(x0, x1)"],
    ["bij->bj", "y = ReduceSum(x0, axes)"],
    ["ij->", "y = ReduceSum(x0, axes)"],
  ])("%s", async (equation, expected) => {
    const { ops } = await rewrite(einsum(equation));
    expect(ops).toEqual([expected]);
  });

  it("of double, and before opset 13", async () => {
    expect((await rewrite(einsum("ik,kj->ij", "double"))).ops).toEqual(["y = MatMul(x0, x1)"]);
    expect((await rewrite(einsum("bij->bj"), { opset: 12 })).ops).toEqual(["y = ReduceSum(x0)"]);
  });
});

describe("an Einsum that stays", () => {
  it.each([
    ["with an order of axes of its own", "bhik,bhjk->bhij"],
    ["whose result is transposed", "ik,kj->ji"],
    ["of a diagonal", "ii->i"],
    ["without a result", "ik,kj"],
    ["with an ellipsis", "...ik,kj->...ij"],
    ["of three operands", "ik,kj,jb->ib"],
    ["an outer product", "i,j->ij"],
    ["a sum in another order", "bij->ji"],
    ["whose batches differ", "bik,hkj->bhij"],
    ["a product along the first axis", "bij,b->bij"],
    ["that sums both", "ij,ij->i"],
  ])("%s", async (_, equation) => {
    const text = equation.includes("...")
      ? graphText("float[2,4,6] x, float[6,5] z", [], `y = Einsum <equation = "${equation}"> (x, z)`)
      : einsum(equation).replace("[4,4]", "[4,4]");
    await expectKept(text);
  });

  it("of a size of 1, which it broadcasts, or of sizes that are not known to be equal", async () => {
    for (const inputs of ["float[4,1] x, float[6,5] z", "float[4,K] x, float[L,5] z"])
      await expectKept(graphText(inputs, [], 'y = Einsum <equation = "ik,kj->ij"> (x, z)'), undefined, {
        shapes: { x: [4, inputs.includes("K") ? 6 : 1], z: [6, 5] },
      });
  });
});
