import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const ZERO = "int64[1] zero = {0}";
const ONE = "int64[1] one = {1}";

describe("simplify-reshape", () => {
  it("one dynamic size becomes -1", async () => {
    await expectRewrite(
      graphText(
        "float[N,6,4] x",
        [ZERO, "int64[2] rest = {4, 6}"],
        "s = Shape (x) n = Gather (s, zero) t = Concat <axis = 0> (n, rest) y = Reshape (x, t)",
      ),
      ["y = Reshape(x, t_1)"],
    );
  });

  it("a product of a dynamic size becomes -1", async () => {
    const outcome = await rewrite(
      graphText(
        "float[N,6,4] x",
        [ZERO, ONE, "int64[1] four = {4}"],
        "s = Shape (x) n = Gather (s, zero) c = Gather (s, one) m = Mul (n, c) t = Concat <axis = 0> (m, four) " +
          "y = Reshape (x, t)",
      ),
    );
    expect(outcome.ops).toEqual(["y = Reshape(x, t_1)"]);
    const [target] = [...outcome.model.graph.initializers];
    expect(target?.tensor?.toIntegers()).toEqual([-1, 4]);
  });

  it("a -1 beside a dynamic size changes places with it where its number is known", async () => {
    const outcome = await rewrite(
      graphText(
        "float[N,6,4] x",
        [ZERO, "int64[1] two = {2}", "int64[2] rest = {3, -1}"],
        "s = Shape (x) n = Gather (s, zero) m = Mul (n, two) t = Concat <axis = 0> (m, rest) y = Reshape (x, t)",
      ),
    );
    expect(outcome.ops).toEqual(["y = Reshape(x, t_1)"]);
    const [target] = [...outcome.model.graph.initializers];
    expect(target?.tensor?.toIntegers()).toEqual([-1, 3, 4]);
  });

  it("several dynamic sizes are copied where they repeat the input's", async () => {
    const outcome = await rewrite(
      graphText(
        "float[N,T,6] x",
        ["int64[2] rest = {2, 3}", "int64[2] both = {0, 1}"],
        "s = Shape (x) nt = Gather (s, both) t = Concat <axis = 0> (nt, rest) y = Reshape (x, t)",
      ),
    );
    expect(outcome.ops).toEqual(["y = Reshape(x, t_1)"]);
    const [target] = [...outcome.model.graph.initializers];
    expect(target?.tensor?.toIntegers()).toEqual([0, 0, 2, 3]);
  });

  it("several dynamic sizes in other places stay computed", async () => {
    await expectRefused(
      graphText(
        "float[N,T,6] x",
        ["int64[2] swapped = {1, 0}", "int64[1] six = {6}"],
        "s = Shape (x) tn = Gather (s, swapped) t = Concat <axis = 0> (tn, six) y = Reshape (x, t)",
      ),
      "several-sizes-are-dynamic",
      { passes: ["simplify-reshape"] },
    );
  });

  it("sizes that are taken at their word stay computed", async () => {
    await expectRefused(
      graphText(
        "float[N,6] x",
        [ZERO, "int64[2] rest = {2, 3}"],
        "s = Shape (x) n = Gather (s, zero) t = Concat <axis = 0> (n, rest) y = Reshape <allowzero = 1> (x, t)",
      ),
      "zeros-are-sizes",
      { passes: ["simplify-reshape"] },
    );
  });

  it("a target that only the caller knows stays", async () => {
    await expectRefused(graphText("float[N,6] x, int64[2] t", [], "y = Reshape (x, t)"), undefined, {
      shapes: { x: [4, 6] },
      runnable: "maybe",
    });
  });
});
