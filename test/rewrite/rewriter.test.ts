import { describe, expect, it } from "vitest";
import { modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("values that annotations and training bindings name", () => {
  const pinned = (name: string, text: string): ReturnType<typeof modelOf> => {
    const model = modelOf(text);
    const { graph } = model;
    const values = [
      ...graph.initializers,
      ...graph.inputs,
      ...[...graph.nodes()].flatMap((node) => node.outputs.flatMap((value) => value ?? [])),
    ];
    const found = values.find((value) => value.name === name);
    if (found === undefined) throw new Error(`no value ${name}`);
    found.addUse({ kind: "pin", reason: "training" });
    return model;
  };

  for (const name of ["W", "b", "bn_gamma", "bn_var", "c", "y"]) {
    it(`"${name}" of Conv and BatchNormalization`, async () => {
      const model = pinned(name, graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`));
      const { ops, refusalText } = await rewrite(model);
      expect(ops).toHaveLength(2);
      expect(refusalText).toMatch(/training/);
    });
  }

  it("an Identity, a Dropout, a neutral Mul, a Constant and a computed constant", async () => {
    for (const nodes of [
      "v = Identity (x)",
      "v = Dropout (x)",
      "v = Mul (x, one)",
      "v = Constant <value_float = 2.0> ()",
      "v = Exp (one)",
    ]) {
      const model = pinned("v", graphText("float[N,3] x", ["float one = {1}"], `${nodes} y = Add (x, v)`));
      const { ops } = await rewrite(model);
      expect(ops).toHaveLength(2);
    }
  });

  it("a dead node and a dead initializer", async () => {
    const node = await rewrite(pinned("v", graphText("float[N,3] x", [], "v = Exp (x) y = Relu (x)")));
    expect(node.ops).toHaveLength(2);
    const initializer = await rewrite(
      pinned("k", graphText("float[N,3] x", ["float k = {1}"], "y = Relu (x)")),
    );
    expect(initializer.model.graph.initializers.size).toBe(1);
  });

  it("two Mul in a row, the value between", async () => {
    const model = pinned("m", graphText("float[N,3] x", ["float k = {2}"], "m = Mul (x, k) y = Mul (m, k)"));
    expect((await rewrite(model)).ops).toHaveLength(2);
  });
});

describe("names of graph inputs", () => {
  it("stay when the nodes behind them are removed", async () => {
    for (const passes of [["fold-affine-up"], ["compose-affine"], ["eliminate-neutral-affine"], undefined]) {
      const { model } = await rewrite(
        graphText("float[N,4] x", ["float[4] k = {1, 1, 1, 1}"], "a = Mul (x, k) y = Relu (a)"),
        passes === undefined ? {} : { passes },
      );
      expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    }
  });
});

describe("names that callers know", () => {
  it("a name is not moved past a body that has a value of this name", async () => {
    const { ops } = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b)
         e = If (p) <then_branch = t () => (u) { y = Neg (x) u = Exp (y) }, else_branch = f () => (v) { v = Neg (x) }>
         ${normalize("y", "c", "bn")} k = Constant <value_float = 2.0> () z = Mul (k, e)`,
        "y, z",
      ),
      { target: "any" },
    );
    expect(ops.join("\n")).toMatch(/^y = Add\(c, /m);
    const inner = await rewrite(
      graphText(
        `${X}, bool p`,
        [W, b, bn],
        `c = Conv (x, W, b)
         e = If (p) <then_branch = t () => (u) { n = Neg (x) k = Sin (n) u = Exp (k) }, else_branch = f () => (v) { v = Neg (x) }>
         ${normalize("n", "c", "bn")} k = Constant <value_float = 2.0> () y = Mul (k, e) z = Relu (n)`,
        "y, z",
      ),
      // onnxruntime takes the constant for an initializer, and then its name for one that is there twice.
      { runnable: false },
    );
    expect(inner.ops.join("\n")).not.toContain("BatchNormalization");
  });

  it("inputs, outputs and their declarations stay", async () => {
    const { model } = await rewrite(
      `g (${X}) => (float[N,5,5,5] "out/put:0", u) <${W}, ${bn}> {
        ["first"] c = Conv (x, W) ["second"] "out/put:0" = BatchNormalization (c, bn_gamma, bn_beta, bn_mean, bn_var)
        d = Identity (x) u = Relu (d)
      }`,
    );
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["out/put:0", "u"]);
    expect(model.graph.outputs[0]?.type).toMatchObject({ dtype: "float", shape: ["N", 5, 5, 5] });
    expect([...model.nodes()].map(({ name }) => name)).toEqual(["first", undefined]);
  });
});
