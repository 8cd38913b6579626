import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const V = constant("V", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

function either(then: string, otherwise: string): string {
  return `y = If (p) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("bodies", () => {
  it("weights inside of the branch", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        either(
          `t () => (u) <${W}, ${bn}> { c = Conv (x, W) ${normalize("u", "c", "bn")} }`,
          `e () => (v) <${V}> { d = Conv (x, V) v = Exp (d) }`,
        ),
      ),
    );
    expect(ops).toEqual(["y = If(p)", "  u = Conv(x, W, W_bias)", "  d = Conv(x, V)", "  v = Exp(d)"]);
  });

  it("weights around, read in one branch", async () => {
    const { ops, model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn, V],
        either(
          `t () => (u) { c = Conv (x, W, b) ${normalize("u", "c", "bn")} }`,
          "e () => (v) { d = Conv (x, V, b) v = Exp (d) }",
        ),
      ),
    );
    expect(ops[1]).toBe("  u = Conv(x, W, b_1)");
    expect(ops[2]).toBe("  d = Conv(x, V, b)");
    expect(model.graph.initializers.size).toBe(4);
  });

  it("weights around, shared by both branches, and both normalize", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn, normalization("o", 5)],
        either(
          `t () => (u) { c = Conv (x, W, b) ${normalize("u", "c", "bn")} }`,
          `e () => (v) { d = Conv (x, W, b) ${normalize("v", "d", "o")} }`,
        ),
      ),
    );
    expect(ops).toHaveLength(3);
  });

  it("the Conv around, the BatchNormalization in one branch, whose names the other branch has too", async () => {
    const { model } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b) ${either(
          `t () => (u) { s = BatchNormalization (c, bn_gamma, bn_beta, bn_mean, bn_var) u = Relu (s) }`,
          `e () => (u) { s = Neg (x) t = ReduceMax <keepdims = 0> (s) u = Neg (t) }`,
        )}`,
      ),
    );
    expect([...model.nodes()].filter((node) => node.opType === "Conv")).toHaveLength(1);
  });

  it("a Loop whose body normalizes with weights of its own and from around", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[2,4] x",
        [
          constant("W", [4, 4], { low: -0.4, high: 0.4 }),
          normalization("bn", 4),
          "int64 trips = {3}",
          "bool go = {1}",
        ],
        `y = Loop (trips, go, x) <body = body (int64 i, bool cond, float[2,4] state) => (next, result)
           <${constant("k", [4])}> {
             next = Identity (cond)
             c = MatMul (state, W)
             a = Add (c, k)
             ${normalize("result", "a", "bn")}
           }>`,
      ),
    );
    expect(ops).toHaveLength(3);
    expect(ops[2]).toContain("Gemm(state, W, ");
  });
});
