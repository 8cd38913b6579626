import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

describe("bounds by Min and Max", () => {
  const low = "float[1] low = {-0.5}";
  const high = "float high = {0.75}";

  it("Clip, with bounds of rank 0; Relu", async () => {
    for (const nodes of ["a = Max (x, low) y = Min (a, high)", "a = Min (high, x) y = Max (low, a)"]) {
      const { model } = await expectRewrite(graphText("float[N,3] x", [low, high], nodes), [
        "y = Clip(x, min, max)",
      ]);
      expect([...model.graph.initializers].map((value) => value.tensor?.dims)).toEqual([[], []]);
      const old = await expectRewrite(graphText("float[N,3] x", [low, high], nodes), ["y = Clip(x)"], {
        opset: 10,
      });
      expect(old.model.graph.first?.float("min")).toBe(-0.5);
    }
    await expectRewrite(graphText("float[N,3] x", ["float zero = {0}"], "y = Max (zero, x)"), [
      "y = Relu(x)",
    ]);
    await expectRewrite(graphText("float[N,3] x", [high], "a = Relu (x) y = Min (a, high)"), [
      "y = Clip(x, y_min, y_max)",
    ]);
  });

  it("bounds that cross, that run along an axis, or that make the result larger", async () => {
    const crossed = "float high = {-0.75}";
    await expectKept(graphText("float[N,3] x", [low, crossed], "a = Max (x, low) y = Min (a, high)"));
    await expectKept(
      graphText("float[N,3] x", [constant("low", [3]), high], "a = Max (x, low) y = Min (a, high)"),
    );
    await expectKept(graphText("float[3] x", ["float[1,1] zero = {0}"], "y = Max (zero, x)"));
  });

  it("a scale goes through Min and Max into the Conv first, which Relu and Clip would not let through", async () => {
    const constants = [constant("W", [4, 3, 1, 1]), low, high, "float k = {2}", "float t = {1}"];
    const nodes = "c = Conv (x, W) a = Max (c, low) b = Min (a, high) d = Mul (b, k) y = Add (d, t)";
    const { ops } = await rewrite(graphText("float[N,3,6,7] x", constants, nodes));
    expect(ops.map((line) => line.replace(/.*= (\w+).*/, "$1"))).toEqual(["Conv", "Clip"]);
  });
});
