import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

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
    await expectRefused(graphText(X, [], "y = Identity (x)"), /"y" is a graph output/);
  });

  it("from a constant to a graph output it stays", async () => {
    await expectRefused(
      graphText(X, [constant("k", [3])], "y = Relu (x) z = Identity (k)", "y, z"),
      /graph output/,
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

describe("eliminate-dropout", () => {
  const reads = (nodes: string, outputs?: string): string =>
    graphText(X, ["float r = {0.5}", "bool no = {0}", "bool yes = {1}", "bool[1] no1 = {0}"], nodes, outputs);

  it("training_mode false, not given, or skipped", async () => {
    for (const inputs of ["x", "x, r", "x, r, no", 'x, "", no', 'x, r, ""']) {
      await expectRewrite(reads(`d = Dropout (${inputs}) y = Neg (d)`), ["y = Neg(x)"], {
        passes: ["eliminate-dropout", "eliminate-dead"],
      });
    }
  });

  it("training_mode true stays, at random", async () => {
    await expectRefused(reads("d = Dropout <seed = 3> (x, r, yes) y = Neg (d)"), /training form/, {
      passes: ["eliminate-dropout"],
    });
  });

  it("a training_mode that is fed stays", async () => {
    await expectRefused(
      graphText(`${X}, bool t`, ["float r = {0}"], "d = Dropout (x, r, t) y = Neg (d)"),
      /training_mode "t" is not constant/,
    );
  });

  it("a mask that is read stays; one that is not goes", async () => {
    await expectRefused(graphText(X, [], "d, m = Dropout (x) y = Neg (d)", "y, m"), /mask/);
    await expectRefused(graphText(X, [], "d, m = Dropout (x) y = Neg (d) n = Not (m)", "y, n"), /mask/);
    await expectRewrite(graphText(X, [], "d, m = Dropout (x) y = Neg (d)"), ["y = Neg(x)"]);
  });

  it("before opset 7 only with is_test", async () => {
    const text = (attributes: string): string =>
      graphText(X, [], `d = Dropout ${attributes} (x) y = Neg (d)`);
    await expectRefused(text(""), /is_test = 0/, { opset: 6, runnable: false });
    await expectRewrite(text("<is_test = 1>"), ["y = Neg(x)"], { opset: 6, runnable: false });
  });
});

describe("eliminate-neutral-affine", () => {
  it("one and zero in every form", async () => {
    await expectRewrite(
      graphText(
        X,
        ["float one = {1}", "float[5,1] zeros = {0, 0, 0, 0, 0}", "float[1,5,1] ones = {1, 1, 1, 1, 1}"],
        "a = Mul (one, x) b = Add (a, zeros) c = Div (b, ones) d = Sub (c, zeros) y = Neg (d)",
      ),
      ["y = Neg(x)"],
    );
  });

  it("a BatchNormalization that computes its input", async () => {
    await expectRewrite(
      graphText(
        "float[N,2,3] x",
        ["float[2] g = {1, -2}", "float[2] t = {3, 4}", "float[2] m = {3, -2}", "float[2] v = {1, 4}"],
        "r = Relu (x) n = Neg (r) y = BatchNormalization <epsilon: float = 0> (n, g, t, m, v)",
      ),
      ["r = Relu(x)", "n = Neg(r)", "y = BatchNormalization(n, g, t, m, v)"],
    );
    await expectRewrite(
      graphText(
        "float[N,2,3] x",
        ["float[2] g = {1, 2}", "float[2] t = {3, -2}", "float[2] m = {3, -2}", "float[2] v = {1, 4}"],
        "n = Neg (x) y = BatchNormalization <epsilon: float = 0> (n, g, t, m, v)",
      ),
      ["y = Neg(x)"],
    );
  });

  it("0 - x and 1 / x are not neutral", async () => {
    const { ops } = await rewrite(
      graphText(X, ["float one = {1}", "float zero = {0}"], "a = Sub (zero, x) y = Div (one, a)"),
    );
    expect(ops).toHaveLength(2);
  });

  it("a one that stretches x stays", async () => {
    await expectRefused(
      graphText("float[N,1,6] x", [`float[5,1] k = {1, 1, 1, 1, 1}`], "a = Mul (x, k) y = Neg (a)"),
    );
    await expectRefused(graphText("float[N,6] x", ["float[1,1,1] k = {1}"], "a = Mul (x, k) y = Neg (a)"));
    await expectRefused(
      graphText("float[N,M] x", ["float[1,3] k = {1,1,1}"], "a = Mul (x, k) y = Neg (a)"),
      undefined,
      {
        shapes: { x: [2, 1] },
      },
    );
  });

  it("integers are another pass's business: no map of fractions is made of them", async () => {
    await expectRefused(
      graphText(
        "int64[N,5] x",
        ["int64 one = {1}", "int64[5] k = {1, 2, 3, 4, 5}"],
        "a = Mul (x, one) b = Mul (a, k) y = Mul (b, k)",
      ),
      undefined,
      { passes: ["eliminate-neutral-affine", "compose-affine"] },
    );
    await expectRefused(graphText("int32[N,5] x", ["int32 k = {3}"], "a = Div (x, k) y = Div (a, k)"));
  });
});

describe("lift-constants", () => {
  it("every form, with its type and shape", async () => {
    const { model } = await expectRewrite(
      graphText(
        X,
        [],
        `a = Constant <value_float = 2.5> () b = Mul (x, a) c = Constant <value_floats = [1.5]> () d = Mul (c, b)
         e = Constant <value_ints = [0, 1, 2]> () f = Transpose <perm = [0, 1, 2]> (d) g = Constant <value_int = 1> ()
         h = Gather <axis = 1> (f, e) y = Gather <axis = 2> (h, g)`,
      ),
      ["b = Mul(x, a)", "d = Mul(c, b)", "f = Transpose(d)", "h = Gather(f, e)", "y = Gather(h, g)"],
      { passes: ["lift-constants"] },
    );
    const types = [...model.graph.initializers].map(({ tensor }) => `${tensor?.dtype}[${tensor?.dims}]`);
    expect(types).toEqual(["float[]", "float[1]", "int64[3]", "int64[]"]);
  });

  it("64-bit integers keep every bit", async () => {
    const { model } = await rewrite(
      graphText(
        "int64[N] x",
        [],
        `a = Constant <value_int = 9223372036854775807> () b = Constant <value_ints = [-9223372036854775807]> ()
         c = Add (x, a) y = Add (c, b)`,
      ),
      { passes: ["lift-constants"] },
    );
    const values = [...model.graph.initializers].map(
      ({ tensor }) => new BigInt64Array(tensor?.bytes().slice().buffer ?? new ArrayBuffer(0))[0],
    );
    expect(values).toEqual([9223372036854775807n, -9223372036854775807n]);
  });

  it("a graph output stays", async () => {
    await expectRefused(
      graphText(X, [], "y = Relu (x) z = Constant <value_float = 1.0> ()", "y, z"),
      /graph output/,
    );
  });
});

describe("fold-constants", () => {
  it("chains of constants, views and filled tensors", async () => {
    const { ops } = await rewrite(
      graphText(
        X,
        [constant("k", [5]), "int64[1] axes = {1}", "int64[2] dims = {5, 1}"],
        `u = Unsqueeze (k, axes) c = ConstantOfShape <value = float[1] {2.5}> (dims) e = Exp (u) f = Mul (e, c)
         y = Max (x, f)`,
      ),
    );
    expect(ops).toEqual(["y = Max(x, f)"]);
  });

  it("what inference knows of shapes", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[4,5,6] x",
        ["int64 one = {1}", "int64[1] zero = {0}", "int64[1] minus = {-1}"],
        `s = Shape (x) d = Gather (s, one) u = Unsqueeze (d, zero) t = Concat <axis = 0> (u, minus) y = Reshape (x, t)`,
      ),
    );
    expect(ops).toEqual(["y = Reshape(x, t)"]);
  });

  it("large integers keep every bit", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[4,5] x",
        [
          "int64[1] zero = {0}",
          "int64 axis0 = {0}",
          "int64[1] axes = {1}",
          "int64 end = {9223372036854775807}",
        ],
        "e = Unsqueeze (end, zero) f = Concat <axis = 0> (e, zero) g = Gather (f, zero) y = Slice (x, zero, g, axes)",
      ),
    );
    expect(ops).toEqual(["y = Slice(x, zero, g, axes)"]);
  });

  const RANDOM: Readonly<Record<string, string>> = {
    RandomNormal: "r = RandomNormal <shape = [5, 6]> ()",
    RandomUniform: "r = RandomUniform <shape = [5, 6], seed: float = 3.0> ()",
    RandomNormalLike: "r = RandomNormalLike (k)",
    RandomUniformLike: "r = RandomUniformLike (k)",
    "Bernoulli and Cast": "b = Bernoulli (p) r = Cast <to = 1> (b)",
    "Multinomial and Cast": "b = Multinomial <sample_size = 6> (k) r = Cast <to = 1> (b)",
    "Dropout that drops": "r = Dropout (k, half, yes)",
  };
  for (const [name, node] of Object.entries(RANDOM)) {
    it(`never computes ${name} beforehand`, async () => {
      const { rewrites } = await rewrite(
        graphText(
          X,
          [
            constant("k", [5, 6]),
            constant("p", [5, 6], { low: 0, high: 1 }),
            "float half = {0.5}",
            "bool yes = {1}",
          ],
          `${node} y = Add (x, r)`,
        ),
        { runnable: "maybe", passes: ["fold-constants"] },
      );
      expect(rewrites).toEqual([]);
    });
  }

  it("stops at the growth limit, and says so", async () => {
    const before = graphText(
      X,
      ["int64[3] dims = {40, 5, 6}"],
      "c = ConstantOfShape <value = float[1] {2.5}> (dims) y = Add (x, c)",
    );
    await expectRefused(before, /growth limit/, {
      growthLimit: 4775,
      passes: ["fold-constants"],
      shapes: { x: [1, 5, 6] },
    });
    await expectRewrite(before, ["y = Add(x, c)"], { growthLimit: 4776, shapes: { x: [1, 5, 6] } });
  });

  it("removes what only it had read, but not what may have effects", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17, "my.ops" : 1]>
        g (float[2,3] x) => (y) <float[2,3] m> {
          r = Relu (x) m = my.ops.Log (r) s = Shape (m) c = ConstantOfShape (s) y = Add (x, c)
        }`),
      { runnable: false },
    );
    expect(ops).toEqual(["r = Relu(x)", "m = Log(r)", "y = Add(x, c)"]);
  });

  it("quantized weights stay quantized", async () => {
    await expectRefused(
      graphText(
        "float[N,4] x",
        ["int8[4,2] q = {1,2,3,4,5,6,7,8}", "float s = {0.5}"],
        "w = DequantizeLinear (q, s) y = MatMul (x, w)",
      ),
    );
  });
});

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

describe("sequences without inputs", () => {
  it("are not tried as constants, which they cannot be", async () => {
    const { refusalText } = await rewrite(
      graphText(
        "float[N,3] x",
        [],
        "e = SequenceEmpty <dtype = 1> () s = SequenceInsert (e, x) y = ConcatFromSequence <axis = 0> (s)",
      ),
    );
    expect(refusalText).toBe("");
  });
});
