import { describe, expect, it } from "vitest";
import { affineCase, image, UP } from "../../support/affine-cases.js";
import { expectRewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

interface Shape {
  readonly kernel: readonly number[];
  readonly image: readonly number[];
  readonly attributes: string;
}

/** Every size differs from every other, pads are asymmetric. */
const SPATIAL: Readonly<Record<string, Shape>> = {
  "1-D": { kernel: [3], image: [11], attributes: "pads = [2, 1], strides = [2]" },
  "2-D": {
    kernel: [3, 2],
    image: [9, 7],
    attributes: "pads = [1, 0, 2, 1], dilations = [2, 1], strides = [1, 2]",
  },
  "3-D": { kernel: [2, 3, 1], image: [4, 5, 6], attributes: "pads = [1, 0, 0, 0, 1, 1]" },
};

const GROUPS: Readonly<
  Record<string, { readonly group: number; readonly into: number; readonly from: number }>
> = {
  "one group": { group: 1, from: 3, into: 5 },
  "two groups": { group: 2, from: 4, into: 6 },
  depthwise: { group: 3, from: 3, into: 3 },
  "depthwise with a multiplier": { group: 3, from: 3, into: 6 },
};

describe("BatchNormalization into Conv", () => {
  for (const [space, { kernel, image, attributes }] of Object.entries(SPATIAL)) {
    for (const [groups, { group, from, into }] of Object.entries(GROUPS)) {
      for (const bias of [true, false]) {
        it(`${space}, ${groups}, ${bias ? "with" : "without"} bias`, async () => {
          const { ops, model } = await expectRewrite(
            graphText(
              `float[N,${from},${image.join(",")}] x`,
              [
                constant("W", [into, from / group, ...kernel]),
                ...(bias ? [constant("b", [into])] : []),
                normalization("bn", into),
              ],
              `c = Conv <group = ${group}, ${attributes}> (x, W${bias ? ", b" : ""}) ${normalize("y", "c", "bn")}`,
            ),
            [bias ? "y = Conv(x, W, b)" : "y = Conv(x, W, W_bias)"],
          );
          expect(ops).toHaveLength(1);
          expect(model.graph.initializers.size).toBe(2);
        });
      }
    }
  }

  it("all sizes equal", async () => {
    await expectRewrite(
      graphText(
        "float[2,2,2,2] x",
        [constant("W", [2, 2, 2, 2]), constant("b", [2]), normalization("bn", 2)],
        `c = Conv <pads = [1, 0, 0, 1]> (x, W, b) ${normalize("y", "c", "bn")}`,
      ),
      ["y = Conv(x, W, b)"],
    );
  });

  it("auto_pad and an epsilon that is given and large", async () => {
    await expectRewrite(
      graphText(
        "float[N,3,6,9] x",
        [constant("W", [4, 3, 3, 2]), normalization("bn", 4)],
        `c = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, W) ${normalize("y", "c", "bn", "<epsilon = 0.25>")}`,
      ),
      ["y = Conv(x, W, W_bias)"],
    );
  });

  it("a negative, a zero and a huge gamma", async () => {
    await expectRewrite(
      graphText(
        "float[N,2,6,5] x",
        [
          constant("W", [4, 2, 3, 2]),
          constant("b", [4]),
          "float[4] g = {-1.5, 0, 1, -20000}",
          "float[4] s = {0.5, -1, 2, 7}",
          "float[4] m = {0.5, -1, 2, 0.25}",
          "float[4] v = {0.5, 1, 2, 0.01}",
        ],
        "c = Conv (x, W, b) y = BatchNormalization (c, g, s, m, v)",
      ),
      ["y = Conv(x, W, b)"],
    );
  });
});

describe("BatchNormalization into ConvTranspose", () => {
  const cases: Readonly<
    Record<
      string,
      { group: number; from: number; perGroup: number; kernel: number[]; image: number[]; more: string }
    >
  > = {
    "1-D": { group: 1, from: 3, perGroup: 5, kernel: [3], image: [7], more: "strides = [2], pads = [1, 0]" },
    "2-D": { group: 1, from: 3, perGroup: 5, kernel: [3, 2], image: [6, 4], more: "strides = [2, 1]" },
    "2-D grouped": {
      group: 2,
      from: 6,
      perGroup: 5,
      kernel: [3, 2],
      image: [6, 4],
      more: "pads = [1, 0, 0, 1]",
    },
    "2-D grouped, one output each": {
      group: 2,
      from: 4,
      perGroup: 1,
      kernel: [2, 3],
      image: [5, 4],
      more: "",
    },
    "2-D depthwise": {
      group: 4,
      from: 4,
      perGroup: 1,
      kernel: [3, 2],
      image: [6, 5],
      more: "dilations = [2, 1]",
    },
    "2-D depthwise with a multiplier": {
      group: 4,
      from: 4,
      perGroup: 3,
      kernel: [3, 2],
      image: [6, 5],
      more: "",
    },
    "2-D output_padding": {
      group: 2,
      from: 4,
      perGroup: 3,
      kernel: [3, 3],
      image: [5, 4],
      more: "strides = [3, 2], output_padding = [2, 1]",
    },
    "2-D all sizes equal": { group: 2, from: 2, perGroup: 2, kernel: [2, 2], image: [2, 2], more: "" },
  };
  for (const [name, { group, from, perGroup, kernel, image, more }] of Object.entries(cases)) {
    for (const bias of [true, false]) {
      it(`${name}, ${bias ? "with" : "without"} bias`, async () => {
        const into = perGroup * group;
        await expectRewrite(
          graphText(
            `float[N,${from},${image.join(",")}] x`,
            [
              constant("W", [from, perGroup, ...kernel]),
              ...(bias ? [constant("b", [into])] : []),
              normalization("bn", into),
            ],
            `c = ConvTranspose <group = ${group}${more === "" ? "" : `, ${more}`}> (x, W${bias ? ", b" : ""})
             ${normalize("y", "c", "bn")}`,
          ),
          [bias ? "y = ConvTranspose(x, W, b)" : "y = ConvTranspose(x, W, W_bias)"],
        );
      });
    }
  }
});

describe("arithmetic with a constant into Conv", () => {
  const [channels, from] = [5, 3];
  const shapes = { "rank 0": [], "[1,1,1,1]": [1, 1, 1, 1], "[C,1,1]": [5, 1, 1], "[1,C,1,1]": [1, 5, 1, 1] };
  for (const [shape, dims] of Object.entries(shapes)) {
    for (const op of ["Mul", "Add", "Sub", "Div"]) {
      for (const constantFirst of [false, true]) {
        // k / x is not affine.
        if (op === "Div" && constantFirst) continue;
        for (const bias of [true, false]) {
          it(`${constantFirst ? `${op}(k, Conv)` : `${op}(Conv, k)`}, k ${shape}, ${bias ? "with" : "without"} bias`, async () => {
            const addsBias = bias || op === "Add" || op === "Sub";
            await expectRewrite(
              graphText(
                `float[N,${from},6,7] x`,
                [
                  constant("W", [channels, from, 3, 2]),
                  ...(bias ? [constant("b", [channels])] : []),
                  constant("k", dims, { low: 0.5, high: 2 }),
                ],
                `c = Conv (x, W${bias ? ", b" : ""}) y = ${op} (${constantFirst ? "k, c" : "c, k"})`,
              ),
              [addsBias ? `y = Conv(x, W, ${bias ? "b" : "W_bias"})` : "y = Conv(x, W)"],
            );
          });
        }
      }
    }
  }

  it("k / Conv is no map of its channels", async () => {
    await expectRewrite(
      graphText(
        "float[N,3,6,7] x",
        [constant("W", [5, 3, 3, 2]), constant("k", [5, 1, 1])],
        "c = Conv (x, W) y = Div (k, c)",
      ),
      ["c = Conv(x, W)", "y = Div(k, c)"],
    );
  });
});

describe("chains behind a Conv", () => {
  const cases: Readonly<Record<string, readonly [constants: readonly string[], nodes: string]>> = {
    "Add, BatchNormalization": [
      [constant("k", [5, 1, 1]), normalization("bn", 5)],
      `a = Add (c, k) ${normalize("y", "a", "bn")}`,
    ],
    "two BatchNormalizations": [
      [normalization("bn", 5), normalization("bn2", 5)],
      `${normalize("a", "c", "bn")} ${normalize("y", "a", "bn2", "<epsilon = 0.125>")}`,
    ],
    "BatchNormalization, Mul, Add, the parameters through Unsqueeze, as Caffe's Scale": [
      [normalization("bn", 5), constant("s", [5]), constant("t", [5]), "int64[2] axes = {1, 2}"],
      `${normalize("a", "c", "bn")} s3 = Unsqueeze (s, axes) m = Mul (a, s3) t3 = Unsqueeze (t, axes) y = Add (t3, m)`,
    ],
    "Mul, Add, the parameters through Reshape, Identity and Constant": [
      [constant("s", [5]), "int64[3] dims = {-1, 1, 1}"],
      `s3 = Reshape (s, dims) s4 = Identity (s3) m = Mul (s4, c) t = Constant <value = ${constant("v", [5, 1, 1])}> () y = Add (m, t)`,
    ],
    "parameters by ConstantOfShape": [
      [
        "int64[1] dims = {5}",
        constant("beta", [5]),
        constant("mean", [5]),
        constant("one", [5], { low: 1, high: 2 }),
      ],
      `gamma = ConstantOfShape <value = float[1] {1.5}> (dims) y = BatchNormalization (c, gamma, beta, mean, one)`,
    ],
    "decomposed normalization": [
      [
        constant("mean", [1, 5, 1, 1]),
        constant("var", [1, 5, 1, 1], { low: 0.5, high: 2 }),
        "float eps = {0.001}",
        constant("gamma", [5, 1, 1]),
        constant("beta", [5, 1, 1]),
      ],
      `d = Sub (c, mean) v = Add (var, eps) r = Sqrt (v) n = Div (d, r) m = Mul (gamma, n) y = Add (m, beta)`,
    ],
    "an Identity between": [[normalization("bn", 5)], `i = Identity (c) ${normalize("y", "i", "bn")}`],
    "a Dropout between": [[normalization("bn", 5)], `i = Dropout (c) ${normalize("y", "i", "bn")}`],
    "Div, Sub from a constant, Mul by a scalar": [
      [constant("k", [5, 1, 1], { low: 0.5, high: 2 }), constant("l", [1, 5, 1, 1]), "float s = {-3.5}"],
      "d = Div (c, k) e = Sub (l, d) y = Mul (s, e)",
    ],
  };
  for (const [name, [constants, nodes]] of Object.entries(cases)) {
    for (const bias of [true, false]) {
      it(`${name}, ${bias ? "with" : "without"} bias`, async () => {
        await expectRewrite(
          graphText(
            "float[N,3,6,7] x",
            [constant("W", [5, 3, 3, 2]), ...(bias ? [constant("b", [5])] : []), ...constants],
            `c = Conv <pads = [0, 1, 2, 0]> (x, W${bias ? ", b" : ""}) ${nodes}`,
          ),
          [bias ? "y = Conv(x, W, b)" : "y = Conv(x, W, W_bias)"],
        );
      });
    }
  }

  for (const opset of [7, 9, 10, 12, 13, 17, 22]) {
    it(`a Dropout between, opset ${opset}`, async () => {
      await expectRewrite(
        graphText(
          "float[N,3,6,7] x",
          [
            constant("W", [5, 3, 3, 2]),
            constant("b", [5]),
            normalization("bn", 5),
            "float r = {0.5}",
            "bool t = {0}",
          ],
          `c = Conv (x, W, b) i = Dropout (c${opset >= 12 ? ", r, t" : ""}) ${normalize("y", "i", "bn")}`,
        ),
        ["y = Conv(x, W, b)"],
        { opset },
      );
    });
  }
});

describe("from a distance", () => {
  affineCase(
    "rows 4 to 6 from a distance: ConvTranspose in groups behind a Relu",
    (z) => ({
      input: image(z),
      constants: [
        constant("W", [z.C, 3, 2, 2]),
        constant("b", [6]),
        constant("k", [6, 1, 1], { low: 0.5, high: 2 }),
      ],
      nodes: "c = ConvTranspose <group = 2, strides = [2, 1]> (x, W, b) t = Relu (c) y = Mul (t, k)",
    }),
    { ...UP, left: ["ConvTranspose", "Relu"] },
  );
});
