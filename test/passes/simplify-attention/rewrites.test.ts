import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText, modelText } from "../../support/text.js";

const AT_23 = { opset: 23 };
const ALONE = { passes: ["simplify-attention"], ...AT_23 };
const INPUTS = "float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,8] v";

describe("past keys and values", () => {
  const PAST = `${INPUTS}, float[2,4,3,8] pk, float[2,4,3,8] pv`;
  const CONCATS = "K = Concat <axis = 2> (pk, k) V = Concat <axis = -2> (pv, v)";

  it("stand in front of the new ones", async () => {
    await expectRewrite(
      graphText(PAST, [], `${CONCATS} y = Attention (q, K, V)`),
      ['y, K, V = Attention(q, k, v, "", pk, pv)'],
      AT_23,
    );
  });

  it("are given back as present ones", async () => {
    const text = modelText(
      `g (${PAST}, float[2,1,5,10] m) => (y, K, V) { ${CONCATS} y = Attention <scale = 0.5> (q, K, V, m) }`,
      AT_23,
    );
    const { model } = await expectRewrite(text, ["y, K, V = Attention(q, k, v, m, pk, pv)"]);
    expect(model.graph.first?.float("scale")).toBe(0.5);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["y", "K", "V"]);
  });

  it("stand behind the heads that are repeated", async () => {
    const one = (x: string): string =>
      `C${x} = Concat <axis = -2> (p${x}, ${x}) U${x} = Unsqueeze (C${x}, two) E${x} = Expand (U${x}, wide)
       R${x} = Reshape (E${x}, whole)`;
    await expectRewrite(
      graphText(
        "float[2,8,4,6] q, float[2,4,4,6] k, float[2,4,4,6] v, float[2,4,8,6] pk, float[2,4,8,6] pv",
        ["int64[1] two = {2}, int64[5] wide = {2, 4, 2, 12, 6}, int64[4] whole = {2, 8, 12, 6}"],
        `${one("k")} ${one("v")} y = Attention (q, Rk, Rv)`,
      ),
      ['y, Ck, Cv = Attention(q, k, v, "", pk, pv)'],
      AT_23,
    );
  });

  it.each([
    [
      "with other readers",
      `${CONCATS} z = Attention (q, K, V) r = ReduceSum <keepdims = 1> (K) y = Add (z, r)`,
    ],
    [
      "of another length",
      "K = Concat <axis = 2> (pk, k) V = Concat <axis = 2> (v, pv) y = Attention (q, K, V)",
    ],
    ["with a causal mask", `${CONCATS} y = Attention <is_causal = 1> (q, K, V)`],
    [
      "of three parts",
      "K = Concat <axis = 2> (pk, k, k) V = Concat <axis = 2> (pv, v, v) y = Attention (q, K, V)",
    ],
    [
      "along another axis",
      "K = Concat <axis = 0> (k, k) V = Concat <axis = 0> (v, v) Q = Concat <axis = 0> (q, q) y = Attention (Q, K, V)",
    ],
  ])("%s stay Concats", async (_, body) => {
    await expectRefused(graphText(PAST, [], body), undefined, ALONE);
  });
});

describe("the splitting of heads", () => {
  const LISTS = [
    "int64[4] part = {2, -1, 4, 8}, int64[3] whole = {2, -1, 32}, int64[4] other = {2, -1, 2, 16}",
  ];
  const split = (x: string, target = "part"): string =>
    `r${x} = Reshape (${x}, ${target}) h${x} = Transpose <perm = [0, 2, 1, 3]> (r${x})`;
  const JOIN = "t = Transpose <perm = [0, 2, 1, 3]> (a) y = Reshape (t, whole)";
  const flat = (type: string): string => `${type}[2,5,32] q, ${type}[2,7,32] k, ${type}[2,7,32] v`;
  const BODY = `${split("q")} ${split("k")} ${split("v")} a = Attention (hq, hk, hv) ${JOIN}`;

  it("is done by Attention", async () => {
    const { model } = await expectRewrite(
      graphText(flat("float"), LISTS, BODY),
      ["y = Attention(q, k, v)"],
      AT_23,
    );
    expect(model.graph.first?.int("q_num_heads")).toBe(4);
    expect(model.graph.first?.int("kv_num_heads")).toBe(4);
  });

  it("is done of rotated queries and keys too", async () => {
    const rotated = BODY.replace("(hq, hk, hv)", "(oq, ok, hv)").replace(
      "a =",
      "oq = RotaryEmbedding (hq, c, s, i) ok = RotaryEmbedding (hk, c, s, j) a =",
    );
    await expectRewrite(
      graphText(`${flat("float")}, float[9,4] c, float[9,4] s, int64[2,5] i, int64[2,7] j`, LISTS, rotated),
      [
        "oq_1 = RotaryEmbedding(q, c, s, i)",
        "ok_1 = RotaryEmbedding(k, c, s, j)",
        "y = Attention(oq_1, ok_1, v)",
      ],
      AT_23,
    );
  });

  it("stays in front of float16 for onnxruntime, whose kernel is slower on joined heads", async () => {
    const text = graphText(flat("float16"), LISTS, BODY);
    expect((await rewrite(text, { ...AT_23, runnable: "maybe" })).ops).toHaveLength(9);
    await expectRewrite(text, ["y = Attention(q, k, v)"], { ...AT_23, runnable: "maybe", target: "any" });
  });

  it.each([
    ["of queries that others read", `${BODY} z = Neg (hq)`, ") => (y, z)"],
    ["of a result that others read", `${BODY} z = Neg (a)`, ") => (y, z)"],
  ])("stays %s", async (_, body, outputs) => {
    const text = modelText(`g (${flat("float")}${outputs} <${LISTS.join()}> { ${body} }`, AT_23);
    await expectRefused(text, undefined, { passes: ALONE.passes });
  });
});

describe("a scale and a mask in front of Attention", () => {
  it("go in", async () => {
    const { model } = await expectRewrite(
      graphText(
        INPUTS,
        ["float c = {0.5}, float two = {2}"],
        "a = Mul (c, q) b = Div (k, two) y = Attention (a, b, v)",
      ),
      ["y = Attention(q, k, v)"],
      AT_23,
    );
    expect(model.graph.first?.float("scale")).toBe(Math.fround(0.25 / Math.sqrt(8)));
    await expectRewrite(
      graphText(
        `${INPUTS}, float[2,1,5,7] m`,
        ["int64[4] all = {2, 4, 5, 7}"],
        "e = Expand (m, all) y = Attention (q, k, v, e)",
      ),
      ["y = Attention(q, k, v, m)"],
      AT_23,
    );
  });

  it.each([
    ["a negative scale", "float c = {-0.5}", "a = Mul (c, q) y = Attention (a, k, v)"],
    ["a shift", "float c = {0.5}", "a = Add (c, q) y = Attention (a, k, v)"],
  ])("but not %s", async (_, constant, body) => {
    await expectRefused(graphText(INPUTS, [constant], body), undefined, ALONE);
  });
});
