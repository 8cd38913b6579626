import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("eliminate-identity", () => {
  it("between nodes, at a graph output, and in a row", async () => {
    await expectRewrite(graphText(X, [], "a = Relu (x) b = Identity (a) c = Identity (b) y = Identity (c)"), [
      "y = Relu(x)",
    ]);
  });

  it("variadic operators of one input", async () => {
    await expectRewrite(
      graphText(
        X,
        [],
        "a = Concat <axis = 1> (x) b = Sum (a) c = Max (b) d = Min (c) e = Mean (d) y = Neg (e)",
      ),
      ["y = Neg(x)"],
    );
  });

  it("from a graph input to a graph output it stays", async () => {
    await expectRefused(graphText(X, [], "y = Identity (x)"), "output-name-cannot-move");
  });

  it("from a constant to a graph output it stays", async () => {
    await expectRefused(
      graphText(X, [constant("k", [3])], "y = Relu (x) z = Identity (k)", "y, z"),
      "value-is-graph-output",
    );
  });

  it("two names for one value, both outputs: one Identity stays", async () => {
    await expectRewrite(graphText(X, [], "a = Relu (x) y = Identity (a) z = Identity (a)", "y, z"), [
      "y = Relu(x)",
      "z = Identity(y)",
    ]);
  });

  it("Concat of two equal inputs is none", async () => {
    await expectRefused(graphText(X, [], "y = Concat <axis = 1> (x, x)"));
  });
});
