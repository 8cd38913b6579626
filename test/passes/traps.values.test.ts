import { describe, expect, it } from "vitest";
import { expectKept, modelOf, rewrite } from "../support/rewrite.js";
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
  it("stay when what follows them changes nothing", async () => {
    for (const passes of [["fold-affine-up"], ["compose-affine"], ["eliminate-neutral-affine"], undefined]) {
      const { model } = await rewrite(
        graphText("float[N,4] x", ["float[4] k = {1, 1, 1, 1}"], "a = Mul (x, k) y = Relu (a)"),
        passes === undefined ? {} : { passes },
      );
      expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    }
  });
});

describe("negative scales do not pass what is not linear", () => {
  const nonlinear: Readonly<Record<string, string>> = {
    Relu: "Relu (c)",
    LeakyRelu: "LeakyRelu <alpha = 0.25> (c)",
    MaxPool: "MaxPool <kernel_shape = [2, 2]> (c)",
    GlobalMaxPool: "GlobalMaxPool (c)",
    ReduceMax: "ReduceMax <axes = [2]> (c)",
    ReduceMin: "ReduceMin <axes = [3]> (c)",
  };
  const negative = "float[5,1,1] k = {0.5, 2, -1.5, 1, 3}";
  for (const [name, node] of Object.entries(nonlinear)) {
    it(`${name}, up into a Conv`, async () => {
      const gamma = "float[5] gamma = {0.5, 2, -1.5, 1, 3}";
      await expectKept(
        graphText(
          X,
          [
            W,
            b,
            gamma,
            constant("beta", [5]),
            constant("mean", [5]),
            constant("var", [5], { low: 0.5, high: 2 }),
          ],
          `c = Conv (x, W, b) r = ${node} y = BatchNormalization (r, gamma, beta, mean, var)`,
        ),
        /negative|shift/,
        { passes: ["fold-affine-up"] },
      );
      await expectKept(graphText(X, [W, b, negative], `c = Conv (x, W, b) r = ${node} y = Mul (r, k)`));
    });
    it(`${name}, down into a Conv`, async () => {
      await expectKept(
        graphText(
          "float[N,5,6,7] x",
          [normalization("bn", 5), negative, constant("V", [2, 5, 1, 1])],
          `n = Abs (x) c = Mul (n, k) r = ${node} y = Conv (r, V)`,
        ),
      );
    });
  }
});
