import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const AT_23 = { opset: 23 };
const INPUTS = "float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,6] v";
const LISTS = ["float half = {0.5}, float[1] quarter = {0.25}, float two = {2}, float zero = {0}"];
const KEYS = "t = Transpose <perm = [0, 1, 3, 2]> (k)";

const attention = (body: string, inputs = INPUTS, constants: readonly string[] = LISTS): string =>
  graphText(inputs, constants, body);

async function scaleOf(text: string, operands = "q, k, v"): Promise<number | undefined> {
  const { model } = await expectRewrite(text, [`y = Attention(${operands})`], AT_23);
  return model.graph.first?.float("scale");
}

describe("a spelled-out attention", () => {
  it("has its scale at the scores, at queries and keys, or nowhere", async () => {
    const rest = "p = Softmax (d) y = MatMul (p, v)";
    expect(await scaleOf(attention(`${KEYS} d = MatMul (q, t) ${rest}`))).toBe(1);
    expect(await scaleOf(attention(`${KEYS} s = MatMul (q, t) d = Mul (half, s) ${rest}`))).toBe(0.5);
    expect(await scaleOf(attention(`${KEYS} s = MatMul (q, t) d = Div (s, two) ${rest}`))).toBe(0.5);
    const both = `a = Mul (q, half) ${KEYS} b = Mul (t, quarter) d = MatMul (a, b) ${rest}`;
    expect(await scaleOf(attention(both))).toBe(0.125);
    const keysFirst = `a = Mul (k, half) t = Transpose <perm = [0, 1, 3, 2]> (a) d = MatMul (q, t) ${rest}`;
    expect(await scaleOf(attention(keysFirst))).toBe(0.5);
  });

  it("has a mask in either order, and a bias beside it", async () => {
    const inputs = `${INPUTS}, float[2,1,5,7] m, float[4,5,7] bias`;
    const rest = "p = Softmax <axis = 3> (d) y = MatMul (p, v)";
    for (const sum of ["Add (s, m)", "Add (m, s)"]) {
      expect(
        await scaleOf(attention(`${KEYS} s = MatMul (q, t) d = ${sum} ${rest}`, inputs), "q, k, v, m"),
      ).toBe(1);
    }
    await expectRewrite(
      attention(`${KEYS} s = MatMul (q, t) b = Add (s, bias) d = Add (m, b) ${rest}`, inputs),
      ["bias_sum = Add(bias, m)", "y = Attention(q, k, v, bias_sum)"],
      AT_23,
    );
  });

  it("may limit its scores", async () => {
    const { model } = await expectRewrite(
      attention(`${KEYS} s = MatMul (q, t) d = Div (s, two) h = Tanh (d) l = Mul (h, two)
                 p = Softmax (l) y = MatMul (p, v)`),
      ["y = Attention(q, k, v)"],
      AT_23,
    );
    expect(model.graph.first?.float("softcap")).toBe(2);
    expect(model.graph.first?.float("scale")).toBe(1);
  });

  it("of keys that other axes of a value hold keeps one Transpose", async () => {
    await expectRewrite(
      attention(
        "t = Transpose <perm = [0, 2, 3, 1]> (k) s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v)",
        "float[2,4,5,8] q, float[2,7,4,8] k, float[2,4,7,6] v",
      ),
      ["k_keys = Transpose(k)", "y = Attention(q, k_keys, v)"],
      AT_23,
    );
  });

  it("without heads has one", async () => {
    const { model } = await expectRewrite(
      attention(
        "t = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v)",
        "float[3,5,8] q, float[3,7,8] k, float[3,7,6] v",
      ),
      ["y = Attention(q, k, v)"],
      AT_23,
    );
    expect(model.graph.first?.int("q_num_heads")).toBe(1);
  });

  it("of a dynamic batch and sequence", async () => {
    await expectRewrite(
      attention(
        `${KEYS} s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v)`,
        "float[N,4,S,8] q, float[N,4,L,8] k, float[N,4,L,8] v",
      ),
      ["y = Attention(q, k, v)"],
      AT_23,
    );
  });

  it("may give zero for queries that may attend to no key", async () => {
    await expectRewrite(
      attention(
        `f = Where (b, zero, low) ${KEYS} s = MatMul (q, t) d = Add (s, f) p = Softmax (d)
         n = IsNaN (p) w = Where (n, zero, p) y = MatMul (w, v)`,
        `${INPUTS}, bool[5,7] b`,
        [...LISTS, "float low = {-inf}"],
      ),
      ["f = Where(b, zero, low)", "y = Attention(q, k, v, f)"],
      AT_23,
    );
  });

  it("in float16 may take its Softmax in float", async () => {
    const { model } = await expectRewrite(
      attention(
        `${KEYS} s = MatMul (q, t) u = Cast <to = 1> (s) p = Softmax (u) w = Cast <to = 10> (p) y = MatMul (w, v)`,
        "float16[2,4,5,8] q, float16[2,4,7,8] k, float16[2,4,7,6] v",
      ),
      ["y = Attention(q, k, v)"],
      { ...AT_23, runnable: "maybe" },
    );
    expect(model.graph.first?.int("softmax_precision")).toBe(1);
  });

  it.each([
    ["another axis", `${KEYS} s = MatMul (q, t) p = Softmax <axis = 2> (s) y = MatMul (p, v)`, INPUTS],
    ["a scale below zero", `${KEYS} n = Neg (q) s = MatMul (n, t) p = Softmax (s) y = MatMul (p, v)`, INPUTS],
    [
      "keys that all of the batch share",
      `${KEYS} s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v)`,
      "float[2,4,5,8] q, float[1,4,7,8] k, float[2,4,7,6] v",
    ],
    [
      "values that all heads share",
      `${KEYS} s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v)`,
      "float[2,4,5,8] q, float[2,4,7,8] k, float[2,1,7,6] v",
    ],
    [
      "a scale behind the mask",
      `${KEYS} s = MatMul (q, t) a = Add (s, m) d = Mul (a, half) p = Softmax (d) y = MatMul (p, v)`,
      `${INPUTS}, float[2,4,5,7] m`,
    ],
  ])("with %s is none", async (_, body, inputs) => {
    await expectKept(attention(body, inputs), undefined, AT_23);
  });
});
