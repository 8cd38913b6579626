import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText, modelText } from "../../support/text.js";

const ALONE = { passes: ["fuse-attention"] };
const BODY = `t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t) d = Mul (s, c) p = Softmax (d)
              y = MatMul (p, v)`;

const attention = (type: string, body = BODY): string =>
  graphText(`${type}[2,4,5,8] q, ${type}[2,4,7,8] k, ${type}[2,4,7,6] v`, [`${type} c = {0.5}`], body);

describe("fuse-attention", () => {
  it("says which opset has Attention", async () => {
    await expectRefused(attention("float"), "opset-lacks-operator", { ...ALONE, opset: 22 });
  });

  it.each([23, 24, 25])("makes one Attention of opset %i", async (opset) => {
    await expectRewrite(attention("float"), ["y = Attention(q, k, v)"], { opset });
  });

  it("leaves double alone, whose scale Attention rounds", async () => {
    await expectRefused(attention("double"), undefined, { ...ALONE, opset: 23 });
  });

  it("leaves the weights to those who read them", async () => {
    const text = modelText(
      `g (float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,6] v) => (y, p) <float c = {0.5}> { ${BODY} }`,
      { opset: 23 },
    );
    await expectRefused(text, "spelled-out-value-is-graph-output", ALONE);
    const read = attention(
      "float",
      `${BODY.replace("y =", "o =")} r = ReduceSum <keepdims = 1> (s) y = Add (o, r)`,
    );
    await expectRefused(read, "spelled-out-value-is-used-elsewhere", { ...ALONE, opset: 23 });
  });

  it("merges what several attentions make of one mask", async () => {
    const layer = (q: string, y: string): string =>
      `s${y} = MatMul (${q}, t) d${y} = Add (s${y}, f) p${y} = Softmax (d${y}) ${y} = MatMul (p${y}, v)`;
    const text = graphText(
      "float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,8] v, bool[2,1,1,7] b",
      ["float zero = {0}, float low = {-3.4028234663852886e38}"],
      `f = Where (b, zero, low) t = Transpose <perm = [0, 1, 3, 2]> (k) ${layer("q", "a")} ${layer("a", "y")}`,
    );
    const { ops } = await rewrite(text, { opset: 23 });
    expect(ops).toHaveLength(4);
  });

  it("works in bodies and functions", async () => {
    const body = `then_branch = g () => (z) { t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t)
                  p = Softmax (s) z = MatMul (p, v) }, else_branch = h () => (w) { w = Identity (e) }`;
    const { ops } = await rewrite(
      graphText(
        "float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,6] v, float[2,4,5,6] e, bool b",
        [],
        `y = If <${body}> (b)`,
      ),
      { opset: 23 },
    );
    expect(ops.join()).toMatch(/z = Attention\(q, k, v\)/);
    const model = `<ir_version: 10, opset_import: ["" : 23, "l" : 1]>
      g (float[2,4,5,8] q, float[2,4,7,8] k, float[2,4,7,6] v) => (float[2,4,5,6] y) { y = l.layer (q, k, v) }
      <domain: "l", opset_import: ["" : 23]> layer (q, k, v) => (y)
      { t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t) p = Softmax (s) y = MatMul (p, v) }`;
    await expectRewrite(model, ["y = Attention(q, k, v)"], { inlineFunctions: true });
  });
});
