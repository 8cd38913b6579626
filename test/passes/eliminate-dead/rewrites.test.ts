import { describe, expect, it } from "vitest";
import { modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("eliminate-dead", () => {
  it("dead chains and the constants they read", async () => {
    const { model, ops } = await rewrite(
      graphText(
        X,
        [constant("k", [6]), constant("l", [6])],
        "y = Relu (x) a = Mul (x, k) b = Exp (a) c = Add (b, k)",
      ),
    );
    expect(ops).toEqual(["y = Relu(x)"]);
    expect(model.graph.initializers.size).toBe(0);
  });

  it("a node is not dead while one of its outputs is read", async () => {
    const { ops } = await rewrite(graphText("float[N,5] x", ["int64[1] two = {2}"], "v, y = TopK (x, two)"));
    expect(ops).toEqual(["v, y = TopK(x, two)"]);
  });

  it("random nodes that nothing reads go", async () => {
    const { ops } = await rewrite(graphText(X, [], "y = Relu (x) r = RandomNormalLike (x)"));
    expect(ops).toEqual(["y = Relu(x)"]);
  });

  it("operators of custom domains stay, also inside of bodies", async () => {
    const custom = `<ir_version: 8, opset_import: ["" : 17, "my.ops" : 1]>
      g (float[2] x, bool c) => (y) {
        y = Relu (x)
        u = my.ops.Log (x)
        v = If (c) <
          then_branch = t () => (a) { a = my.ops.Log (x) },
          else_branch = e () => (b) { b = Neg (x) }
        >
      }`;
    const { ops } = await rewrite(modelOf(custom), { runnable: false });
    expect(ops).toHaveLength(5);
  });
});
