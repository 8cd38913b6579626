import { describe, expect, it } from "vitest";
import { expectKept, modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText, literal, modelText, normalization, normalize } from "../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("a map along another axis than the channels", () => {
  it("a square MatMul, then a Transpose that moves the rows to axis 1", async () => {
    await expectKept(
      graphText(
        "float[4,4] x",
        [constant("W", [4, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) t = Transpose <perm = [1, 0]> (c) ${normalize("y", "t", "bn")}`,
      ),
      undefined,
      { passes: ["lift-constants", "compose-affine", "fold-affine-up", "fold-affine-down"] },
    );
    await expectKept(
      graphText(
        "float[4,4,3] x",
        [constant("W", [3, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) t = Transpose <perm = [2, 0, 1]> (c) ${normalize("y", "t", "bn")}`,
      ),
      undefined,
      { passes: ["lift-constants", "compose-affine", "fold-affine-up", "fold-affine-down"] },
    );
  });

  it("what is folded through Transpose and Reshape meets the right axis", async () => {
    for (const n of [3, 4]) {
      await rewrite(
        graphText(
          "float[N,4,5] x",
          [constant("W", [5, n]), normalization("bn", n)],
          `c = MatMul (x, W) t = Transpose <perm = [0, 2, 1]> (c) ${normalize("y", "t", "bn")}`,
        ),
      );
    }
    const reshapes = { "6, 2, 2": 2, "3, 4, 2": 4, "2, 3, 4": 3, "4, 6": 6, "-1, 4, 1": 4 };
    for (const [dims, channels] of Object.entries(reshapes)) {
      const rank = dims.split(",").length;
      await rewrite(
        graphText(
          "float[6,4] x",
          [constant("W", [4, 4]), `int64[${rank}] dims = {${dims}}`, normalization("bn", channels)],
          `c = MatMul (x, W) t = Reshape (c, dims) ${normalize("y", "t", "bn")}`,
        ),
      );
    }
  });

  it("MatMul [N,T,K]·[K,C] with T = C: BatchNormalization runs along T", async () => {
    await expectKept(
      graphText(
        "float[N,4,3] x",
        [constant("W", [3, 4]), normalization("bn", 4)],
        `c = MatMul (x, W) ${normalize("y", "c", "bn")}`,
      ),
      /axis 1, the constant's channels along axis 2/,
    );
  });

  const along: Readonly<Record<string, readonly number[]>> = {
    W: [4],
    H: [4, 1],
    N: [4, 1, 1, 1],
    "H, with N": [1, 1, 4, 1],
  };
  for (const [axis, dims] of Object.entries(along)) {
    for (const op of ["Mul", "Add", "Sub", "Div"]) {
      it(`Conv, then ${op} by a constant along ${axis}, all sizes equal`, async () => {
        await expectKept(
          graphText(
            "float[4,4,4,4] x",
            [constant("W", [4, 4, 1, 1]), constant("b", [4]), constant("k", dims, { low: 0.5, high: 2 })],
            `c = Conv (x, W, b) y = ${op} (c, k)`,
          ),
          /axis/,
        );
      });
    }
  }

  it("Gemm, then a constant along its rows, all sizes equal", async () => {
    await expectKept(
      graphText(
        "float[4,4] x",
        [constant("W", [4, 4]), constant("k", [4, 1])],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /axis 0/,
    );
  });

  it("a constant along two axes", async () => {
    await expectKept(
      graphText(
        "float[4,4,4,4] x",
        [constant("W", [4, 4, 1, 1]), constant("k", [4, 1, 4])],
        "c = Conv (x, W) y = Mul (c, k)",
      ),
      /more than one axis/,
    );
  });
});

describe("a constant that stretches x", () => {
  it("[C,1,1] on one channel", async () => {
    await expectKept(
      graphText(
        "float[N,3,6,7] x",
        [constant("W", [1, 3, 2, 2]), constant("k", [5, 1, 1])],
        "c = Conv (x, W) y = Mul (c, k)",
      ),
      /not known to have 5 elements/,
    );
  });

  it("a constant of a higher rank", async () => {
    await expectKept(
      graphText("float[N,3,6,7] x", [W, constant("k", [1, 1, 5, 1, 1])], "c = Conv (x, W) y = Mul (c, k)"),
      /higher rank/,
    );
    await expectKept(
      graphText(
        "float[N,3] x",
        [constant("W", [3, 5]), constant("k", [1, 1, 5])],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /higher rank/,
    );
  });

  it("one element, higher rank", async () => {
    await expectKept(
      graphText(
        "float[N,3] x",
        [constant("W", [3, 5]), constant("k", [1, 1, 1])],
        "c = MatMul (x, W) y = Add (c, k)",
      ),
    );
  });
});

describe("values that others see", () => {
  it("the Conv output has a second use", async () => {
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("d", "c", "bn")} y = Add (d, c)`),
      /1 other use/,
    );
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")} z = Relu (c)`, "y, z"),
      /1 other use/,
    );
  });

  it("the Conv output is a graph output", async () => {
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`, "y, c"),
      /also a graph output/,
    );
  });

  it("the Conv output is read in a body", async () => {
    await expectKept(
      graphText(
        `${X}, bool p`,
        [W, bn],
        `c = Conv (x, W) ${normalize("d", "c", "bn")}
         e = If (p) <then_branch = t () => (u) { u = Relu (c) }, else_branch = f () => (v) { v = Neg (d) }>`,
        "d, e",
      ),
      /1 other use/,
    );
  });

  it("a shared weight: the other Conv keeps it", async () => {
    const { ops, model } = await rewrite(
      graphText(
        X,
        [W, b, bn],
        `c = Conv (x, W, b) ${normalize("y", "c", "bn")} n = Neg (x) z = Conv (n, W, b)`,
        "y, z",
      ),
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(4);
  });

  it("a shared weight and two BatchNormalizations", async () => {
    const { ops, model } = await rewrite(
      graphText(
        X,
        [W, b, bn, normalization("o", 5)],
        `c = Conv (x, W, b) ${normalize("y", "c", "bn")} n = Neg (x) d = Conv (n, W, b) ${normalize("z", "d", "o")}`,
        "y, z",
      ),
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(4);
  });

  it("a weight that is its own input elsewhere, and a graph output", async () => {
    const { ops } = await rewrite(
      graphText(X, [W, bn], `c = Conv (x, W) ${normalize("y", "c", "bn")} z = Exp (W)`, "y, z"),
      { passes: ["fold-affine-up", "eliminate-dead"] },
    );
    expect(ops).toHaveLength(2);
  });
});

describe("parameters that are not constant", () => {
  for (const role of ["gamma", "beta", "mean", "var"]) {
    it(`${role} is fed`, async () => {
      const constants = ["gamma", "beta", "mean", "var"].filter((other) => other !== role);
      await expectKept(
        graphText(
          `${X}, float[5] bn_${role}`,
          [W, ...constants.map((other) => constant(`bn_${other}`, [5], { low: 0.5, high: 2 }))],
          `c = Conv (x, W) ${normalize("y", "c", "bn")}`,
        ),
        /is a graph input/,
      );
    });
  }

  it("the Conv's bias or weight is fed", async () => {
    await expectKept(
      graphText(`${X}, float[5] b`, [W, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`),
      /bias B "b" is a graph input/,
    );
    await expectKept(
      graphText(`${X}, float[5,3,2,3] W`, [b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`),
      /weight W "W" is a graph input/,
    );
  });

  it("a weight that callers may override, from IR version 4 on", async () => {
    const graph = `g (${X}, float[5,3,2,3] W) => (y) <${W}, ${b}, ${bn}> { c = Conv (x, W, b) ${normalize("y", "c", "bn")} }`;
    await expectKept(modelText(graph, { ir: 4, opset: 9 }), /default a caller can override/);
    const { ops } = await rewrite(modelText(graph, { ir: 3, opset: 8 }));
    expect(ops).toHaveLength(1);
    const frozen = await rewrite(modelText(graph, { ir: 4, opset: 9 }), { freezeInitializers: true }).catch(
      () => undefined,
    );
    // A second run with the option has nothing left to freeze.
    expect(frozen?.ops).toHaveLength(1);
  });
});

describe("training forms", () => {
  const training = (outputs: string, attributes: string): string =>
    graphText(X, [W, bn], `c = Conv (x, W) ${normalize(outputs, "c", "bn", attributes)}`);

  it("opset 15, training_mode = 1, three outputs", async () => {
    await expectKept(training("y, m, v", "<training_mode = 1>"), /training_mode = 1/, {
      opset: 15,
      runnable: "maybe",
    });
  });

  it("opset 15, training_mode = 1, one output", async () => {
    await expectKept(training("y", "<training_mode = 1>"), /training_mode = 1/, {
      opset: 15,
      runnable: "maybe",
    });
  });

  it("opset 9 with five outputs", async () => {
    await expectKept(training("y, m, v, sm, sv", ""), /statistics outputs/, { opset: 9, runnable: "maybe" });
  });

  it("opset 7 with spatial = 0", async () => {
    await expectKept(
      graphText(
        X,
        [
          W,
          ...["gamma", "beta", "mean", "var"].map((role) =>
            constant(`p_${role}`, [5, 5, 5], { low: 0.5, high: 2 }),
          ),
        ],
        `c = Conv (x, W) ${normalize("y", "c", "p", "<spatial = 0>")}`,
      ),
      /spatial = 0|four vectors/,
      { opset: 7, runnable: "maybe" },
    );
  });

  it("opset 7 with spatial = 0 and vectors", async () => {
    await expectKept(
      graphText(
        "float[N,3,1,1] x",
        [constant("W", [5, 3, 1, 1]), bn],
        `c = Conv (x, W) ${normalize("y", "c", "bn", "<spatial = 0>")}`,
      ),
      /spatial = 0/,
      { opset: 7, runnable: "maybe" },
    );
  });
});

describe("numbers that have no fold", () => {
  const withVariance = (variance: string, attributes = ""): string =>
    graphText(
      "float[N,3,6,7] x",
      [
        constant("W", [2, 3, 2, 3]),
        "float[2] g = {1, 2}",
        "float[2] s = {1, 2}",
        "float[2] m = {1, 2}",
        `float[2] v = {${variance}}`,
      ],
      `c = Conv (x, W) y = BatchNormalization ${attributes} (c, g, s, m, v)`,
    );

  it("variance + epsilon is zero or negative", async () => {
    await expectKept(withVariance("1, -0.5"), /no root/, { runnable: "maybe" });
    await expectKept(withVariance("1, 0", "<epsilon: float = 0>"), /no root/, { runnable: "maybe" });
    await expectKept(withVariance("1, nan"), /no root/, { runnable: "maybe" });
  });

  it("an infinite variance, gamma or mean", async () => {
    for (const bad of ["inf", "-inf", "nan"]) {
      await expectKept(
        graphText(
          X,
          [
            constant("W", [2, 3, 2, 3]),
            `float[2] g = {1, ${bad}}`,
            "float[2] s = {1, 2}",
            "float[2] v = {1, 2}",
          ],
          "c = Conv (x, W) y = BatchNormalization (c, g, s, s, v)",
        ),
        /NaN or infinite/,
        { runnable: "maybe" },
      );
    }
  });

  it("an infinite variance makes a scale of zero, which is a number", async () => {
    const { ops } = await rewrite(withVariance("1, inf"), { runnable: "maybe" });
    expect(ops.length).toBeLessThanOrEqual(2);
  });

  it("constants that are NaN, infinite, or divisors of zero", async () => {
    for (const [op, value] of [
      ["Mul", "nan"],
      ["Add", "inf"],
      ["Div", "0"],
    ] as const) {
      await expectKept(
        graphText(X, [W, `float k = {${value}}`], `c = Conv (x, W) y = ${op} (c, k)`),
        /NaN, infinite, or a divisor of zero/,
        { runnable: "maybe" },
      );
    }
  });

  it("a float16 weight that would overflow", async () => {
    await expectKept(
      graphText(
        "float16[N,3] x",
        [literal("W", [3, 2], [1, 2, 3, 4, 40000, 6], "float16"), literal("k", [2], [2, 1], "float16")],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float16 weight would overflow/,
      { runnable: "maybe" },
    );
  });

  it("a float16 weight that would sink below the type's precision", async () => {
    await expectKept(
      graphText(
        "float16[N,3] x",
        [
          literal("W", [3, 2], [0.001, 0.002, 0.003, 0.004, 0.005, 0.006], "float16"),
          literal("k", [], [0.0001], "float16"),
        ],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float16/,
      { runnable: "maybe" },
    );
  });

  it("a float32 weight that would overflow", async () => {
    await expectKept(
      graphText(
        "float[N,2] x",
        ["float[2,2] W = {1e20, 1, 2, 3}", "float[2] k = {1e25, 1}"],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float weight would overflow/,
      { runnable: "maybe" },
    );
  });

  it("integers: Mul and Add of MatMulInteger's output", async () => {
    await expectKept(
      graphText(
        "uint8[N,4] x",
        ["uint8[4,3] W = {1,2,3,4,5,6,7,8,9,10,11,12}", "int32[3] k = {2, 3, 4}"],
        "c = MatMulInteger (x, W) m = Mul (c, k) y = Add (m, k)",
      ),
    );
    await expectKept(
      graphText(
        "int32[N,4] x",
        ["int32[4,3] W = {1,2,3,4,5,6,7,8,9,10,11,12}", "int32[3] k = {2, 3, 4}"],
        "c = MatMul (x, W) m = Mul (c, k) y = Add (m, k)",
      ),
    );
  });
});

describe("operators of other domains", () => {
  it("a Conv or BatchNormalization of a custom domain is another operator", async () => {
    const { ops } = await rewrite(
      modelOf(
        `<ir_version: 8, opset_import: ["" : 17, "my" : 1]> ${graphText(X, [W, b, bn], `c = my.Conv (x, W, b) ${normalize("y", "c", "bn")}`)}`,
      ),
      { runnable: false },
    );
    expect(ops).toHaveLength(2);
  });

  it("a function of the model that takes an operator's name", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17]>
        ${graphText(X, [W, constant("k", [5, 1, 1])], "c = Conv (x, W) y = Mul (c, k)")}
        <opset_import: ["" : 17]> Mul (a, b) => (c) { c = Sub (a, b) }`),
      { runnable: "maybe" },
    );
    expect(ops).toHaveLength(3);
  });

  it("a function of the model that takes the name of what absorbs", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17]>
        ${graphText("float[N,5,6,7] x", [constant("W", [5, 5, 1, 1]), b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`)}
        <opset_import: ["" : 17]> Conv (a, w, b) => (c) { d = Neg (a) c = Exp (d) }`),
      { runnable: "maybe" },
    );
    expect(ops).toHaveLength(4);
  });
});

describe("before opset 7", () => {
  it("a shift that a MatMul cannot take stays where it is: Add has other rules there", async () => {
    await expectKept(
      graphText(
        "float[N,4,3] x",
        [constant("W", [4, 4]), normalization("bn", 4)],
        `c = MatMul (W, x) ${normalize("y", "c", "bn", "<is_test = 1>")}`,
      ),
      /opset 7/,
      { opset: 6, runnable: false },
    );
  });

  it("Mul, Add and Gemm are left alone", async () => {
    await expectKept(
      graphText(X, [W, constant("k", [5])], "c = Conv (x, W) y = Mul <broadcast = 1, axis = 1> (c, k)"),
      undefined,
      { opset: 6, runnable: false },
    );
    await expectKept(
      graphText(
        "float[N,4] x",
        [constant("W", [4, 5]), b, bn],
        `c = Gemm <broadcast = 1> (x, W, b) ${normalize("y", "c", "bn", "<is_test = 1>")}`,
      ),
      /before opset 7/,
      { opset: 6, runnable: false },
    );
  });
});
