import { describe, expect, it } from "vitest";
import { modelOf, rewrite } from "../../support/rewrite.js";
import { constant } from "../../support/text.js";

describe("functions", () => {
  const header = `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>`;
  const parameters = ["gamma", "beta", "mean", "var"]
    .map((role, i) => `${role} = Constant <value = float[2] {${i + 0.5}, ${i + 1.25}}> ()`)
    .join(" ");

  it("folds in the body of a function, whose constants are nodes", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = Gemm (x, W)
          t = Constant <value_floats = [0.5, -2.0]> ()
          a = Add (t, c)
          ${parameters}
          z = BatchNormalization (a, gamma, beta, mean, var)
        }`),
    );
    const body = ops.filter((line) => line.startsWith("Layer") && !line.includes("Constant"));
    expect(body).toEqual(["Layer: z = Gemm(x, W_1, W_bias)"]);
    expect(ops).toHaveLength(4);
  });

  it("a map that depends on the rank of a function's input stays, because the input has no type", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = MatMul (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
        }`),
    );
    expect(ops).toHaveLength(8);
  });

  it("constants of a function that several nodes read are left to the others", async () => {
    const { ops } = await rewrite(
      modelOf(`${header} g (float[N,1,6,6] x) => (y, u) { y, u = f.Layer (x) }
        <domain: "f", opset_import: ["" : 17]> Layer (x) => (z, r) {
          W = Constant <value = ${constant("w", [2, 1, 2, 3])}> ()
          c = Conv (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
          r = Conv (x, W)
        }`),
    );
    expect(ops.filter((line) => line.includes("= Conv"))).toHaveLength(2);
    expect(ops.join("\n")).not.toContain("BatchNormalization");
  });

  it("an epsilon or a kernel that the caller gives is not known", async () => {
    const { ops, refusalText } = await rewrite(
      modelOf(`${header} g (float[N,1,6,6] x) => (y) { y = f.Layer <eps = 0.5> (x) }
        <domain: "f", opset_import: ["" : 17]> Layer <eps> (x) => (z) {
          W = Constant <value = ${constant("w", [2, 1, 2, 3])}> ()
          c = Conv (x, W)
          ${parameters}
          z = BatchNormalization <epsilon: float = @eps> (c, gamma, beta, mean, var)
        }`),
    );
    expect(ops.join("\n")).toContain("BatchNormalization");
    expect(refusalText).toMatch(/function's caller/);
  });

  it.each([
    ["p = [0, 2, 1]", "Transpose <perm: ints = @p> (c)"],
    ["p = 2", "Concat <axis: int = @p> (c)"],
    ["p = 2", "Gather <axis: int = @p> (c, order)"],
    ["p = 2", "Softmax <axis: int = @p> (c)"],
  ])("no map crosses %s that the caller gives", async (attribute, operator) => {
    const four = (role: string, at: number): string =>
      `${role} = Constant <value = float[4] {${at}, ${at + 1}, ${at + 2}, ${at + 3}}> ()`;
    const { ops } = await rewrite(
      modelOf(`${header} g (float[1,4,4] x) => (float[1,4,4] y) { y = f.Layer <${attribute}> (x) }
        <domain: "f", opset_import: ["" : 17]> Layer <p> (x) => (z) {
          W = Constant <value = ${constant("w", [4, 4, 1])}> ()
          order = Constant <value = int64[4] {2, 0, 1, 3}> ()
          ${["gamma", "beta", "mean", "var"].map(four).join(" ")}
          c = Conv (x, W)
          t = ${operator}
          z = BatchNormalization (t, gamma, beta, mean, var)
        }`),
      { passes: ["fold-affine-up", "fold-affine-down"] },
    );
    expect(ops.join("\n")).toContain("BatchNormalization");
  });

  it("a function of an older operator set is read by its rules", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]> g (float[N,3] x) => (y) { y = f.Layer (x) }
        <domain: "f", opset_import: ["" : 6]> Layer (x) => (z) {
          W = Constant <value = ${constant("w", [3, 2])}> ()
          c = MatMul (x, W)
          ${parameters}
          z = BatchNormalization (c, gamma, beta, mean, var)
        }`),
      { runnable: "maybe" },
    );
    expect(ops.join("\n")).toContain("BatchNormalization");
  });
});
