import { describe, expect, it } from "vitest";
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

  it("from a constant to a graph output, which the constant becomes", async () => {
    const { model } = await expectRewrite(
      graphText(X, [constant("k", [6])], "y = Add (x, k) z = Identity (k)", "y, z"),
      ["y = Add(x, z)"],
    );
    expect([...model.graph.initializers].map(({ name }) => name)).toEqual(["z"]);
  });

  it("a constant under two names stays one constant", async () => {
    await expectRewrite(graphText(X, [constant("k", [6])], "y = Identity (k) z = Identity (k)", "y, z"), [
      "z = Identity(y)",
    ]);
  });

  it("other identities between a graph input and a graph output", async () => {
    await expectRewrite(graphText(X, [], "y = Concat <axis = 1> (x) z = Sum (x)", "y, z"), [
      "y = Identity(x)",
      "z = Identity(x)",
    ]);
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
