import { describe, expect, it } from "vitest";
import { referenceTensor } from "../../../src/float64/tensor.js";
import {
  addedOperators,
  checkGradient,
  emit,
  expectRuleRefuses,
  modelOf,
  runInOrt,
} from "../../support/gradient.js";

function matMul(a: readonly number[], b: readonly number[], y: readonly number[]): string {
  return `g (float[${a.join()}] a, float[${b.join()}] b) => (float[${y.join()}] y) { y = MatMul (a, b) }`.replaceAll(
    "[]",
    "",
  );
}

describe("MatMul", () => {
  it.each([
    ["matrices", matMul([2, 3], [3, 4], [2, 4])],
    ["batches", matMul([5, 2, 3], [5, 3, 4], [5, 2, 4])],
    ["a matrix on the right of a batch", matMul([5, 6, 2, 3], [3, 4], [5, 6, 2, 4])],
    ["a matrix on the left of a batch", matMul([2, 3], [5, 3, 4], [5, 2, 4])],
    ["batches that broadcast", matMul([5, 1, 2, 3], [6, 3, 4], [5, 6, 2, 4])],
    ["batches that broadcast both ways", matMul([1, 6, 2, 3], [5, 1, 3, 4], [5, 6, 2, 4])],
    ["sizes of one", matMul([1, 1], [1, 1], [1, 1])],
    ["vectors", matMul([3], [3], [])],
    ["a row", matMul([3], [3, 4], [4])],
    ["a column", matMul([2, 3], [3], [2])],
    ["a row and a batch", matMul([3], [5, 3, 4], [5, 4])],
    ["a batch and a column", matMul([5, 2, 3], [3], [5, 2])],
  ])("of %s", async (_, text) => {
    await checkGradient(text, { rankless: false });
  });

  it("takes one product for a matrix that all of a batch is multiplied by", () => {
    const model = modelOf(matMul([5, 2, 3], [3, 4], [5, 2, 4]));
    expect(addedOperators(model, emit(model, "y", ["b"]))).toBe("Flatten 2, Gemm 1");
  });
});

describe("Gemm", () => {
  const forms = [0, 1].flatMap((transA) => [0, 1].map((transB) => [transA, transB] as const));
  it.each(forms)("transA = %d, transB = %d", async (transA, transB) => {
    const [a, b] = [transA === 1 ? "3,2" : "2,3", transB === 1 ? "4,3" : "3,4"];
    const gemm = (c: string, rest: string): string =>
      `g (float[${a}] a, float[${b}] b, float${c} c) => (float[2,4] y)
       { y = Gemm <transA = ${transA}, transB = ${transB}${rest}> (a, b, c) }`;
    await checkGradient(gemm("[4]", ""), { rankless: false });
    await checkGradient(gemm("[2,1]", ", alpha = 0.5, beta = -1.5"), { rankless: false });
  });

  it.each(["[2,4]", "[1,4]", "[1]", ""])("reduces to C of shape %s", async (shape) => {
    await checkGradient(
      `g (float[2,3] a, float[3,4] b, float${shape} c) => (float[2,4] y) { y = Gemm <alpha = 2.0> (a, b, c) }`,
    );
  });

  it("does without C", async () => {
    await checkGradient("g (float[2,3] a, float[3,4] b) => (float[2,4] y) { y = Gemm (a, b) }");
  });
});

describe("Einsum", () => {
  const einsum = (equation: string, shapes: readonly string[], y: string): string =>
    `g (${shapes.map((shape, i) => `float[${shape}] x${i}`).join(", ")}) => (float${y} y)
     { y = Einsum <equation = "${equation}"> (${shapes.map((_, i) => `x${i}`).join(", ")}) }`;

  it.each([
    ["a product", einsum("ij,jk->ik", ["2,3", "3,4"], "[2,4]")],
    ["heads of attention", einsum("bqhd,bkhd->bhqk", ["2,3,2,4", "2,5,2,4"], "[2,2,3,5]")],
    ["a transposition", einsum("ijk->kij", ["2,3,4"], "[4,2,3]")],
    ["a sum", einsum("ij->i", ["2,3"], "[2]")],
    ["a sum of everything", einsum("ij->", ["2,3"], "")],
    ["labels of one operand alone", einsum("ijk,jl->l", ["2,3,4", "3,5"], "[5]")],
    ["an outer product", einsum("i,j->ij", ["2", "3"], "[2,3]")],
    ["three operands", einsum("ij,jk,kl->il", ["2,3", "3,4", "4,5"], "[2,5]")],
    ["a trace for each sample", einsum("bii->b", ["2,3,3"], "[2]")],
    ["a diagonal", einsum("ii->i", ["3,3"], "[3]")],
    ["a diagonal of three axes, summed", einsum("iij,i->j", ["3,3,2", "3"], "[2]")],
    ["a label three times", einsum("iii,j->ij", ["3,3,3", "2"], "[3,2]")],
    ["the sum of a diagonal beside another axis", einsum("iji->j", ["3,2,3"], "[2]")],
    ["an implicit output", einsum("ij,jk", ["2,3", "3,4"], "[2,4]")],
    ["an ellipsis", einsum("...ij,...jk->...ik", ["5,2,3", "5,3,4"], "[5,2,4]")],
    ["an ellipsis of one operand", einsum("...ij,jk->...ik", ["5,6,2,3", "3,4"], "[5,6,2,4]")],
  ])("of %s", async (_, text) => {
    await checkGradient(text, { rankless: !text.includes("...") });
  });

  it("refuses a diagonal", () => {
    expectRuleRefuses(modelOf(einsum("i->ii", ["3"], "[3,3]")), "y", "x0", "label-is-repeated");
  });
});

describe("Det", () => {
  const det = (shape: string, result: string): string =>
    `g (float[${shape}] x) => (float${result} y) { y = Det(x) }`;

  it.each([
    ["one number", det("2,1,1", "[2]")],
    ["two rows", det("2,2", "")],
    ["three rows, for each sample", det("4,3,3", "[4]")],
    ["five rows", det("5,5", "")],
  ])("of %s", async (_, text) => {
    await checkGradient(text, { symbolic: false });
  });

  it("of a singular matrix is the cofactors", async () => {
    const model = emit(modelOf(det("2,2", "")), "y", ["x"]);
    const feeds = new Map([
      ["x", referenceTensor("float", [2, 2], [1, 2, 2, 4])],
      ["gradient_in", referenceTensor("float", [], [3])],
    ]);
    expect([...((await runInOrt(model, feeds, false)).get("x_grad")?.data ?? [])]).toEqual([12, -6, -6, 3]);
  });

  it("is refused for matrices of unknown size", () => {
    expectRuleRefuses(modelOf(det("n,n", "")), "y", "x", "matrix-size-is-unknown");
  });
});
