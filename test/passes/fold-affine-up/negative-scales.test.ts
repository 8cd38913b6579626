import { describe, it } from "vitest";
import { expectKept } from "../../support/rewrite.js";
import { constant, graphText, normalization } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const X = "float[N,3,6,7] x";

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
