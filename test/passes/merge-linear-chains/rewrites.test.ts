import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal, modelText, normalization, normalize } from "../../support/text.js";

/** The other passes would clean up what a refused case has left over. */
const ONLY = { passes: ["merge-linear-chains"] };

interface Layer {
  /** W, [M, C/group, k...]. */
  readonly weight: readonly number[];
  readonly attributes?: string;
  readonly bias?: boolean | "zero";
}

/** y = second(first(x)) */
function chain(input: readonly (number | string)[], first: Layer, second: Layer): string {
  const constants = (name: string, { weight, bias = true }: Layer): string[] => {
    const [channels = 0] = weight;
    if (bias === false) return [constant(`W${name}`, weight)];
    const zero = literal(`b${name}`, [channels], new Array<number>(channels).fill(0));
    return [constant(`W${name}`, weight), bias === "zero" ? zero : constant(`b${name}`, [channels])];
  };
  const node = (name: string, from: string, { attributes = "", bias = true }: Layer): string =>
    `${name} = Conv <${attributes}> (${from}, W${name}${bias === false ? "" : `, b${name}`})`.replace(
      "<>",
      "",
    );
  return graphText(
    `float[${input.join(",")}] x`,
    [...constants("a", first), ...constants("y", second)],
    `${node("a", "x", first)} ${node("y", "a", second)}`,
  );
}

describe("Conv after a 1x1 Conv", () => {
  const cases: Readonly<Record<string, readonly [input: (number | string)[], first: Layer, second: Layer]>> =
    {
      "1-D": [["N", 2, 11], { weight: [7, 2, 1] }, { weight: [5, 7, 3], attributes: "strides = [2]" }],
      "2-D": [["N", 2, 6, 7], { weight: [7, 2, 1, 1] }, { weight: [5, 7, 3, 2] }],
      "2-D, dilations and strides, symbolic sizes": [
        ["N", 3, "H", "V"],
        { weight: [6, 3, 1, 1] },
        { weight: [5, 6, 2, 3], attributes: "dilations = [2, 1], strides = [1, 2]" },
      ],
      "3-D": [["N", 2, 4, 5, 6], { weight: [7, 2, 1, 1, 1] }, { weight: [3, 7, 2, 1, 3] }],
      "two groups behind": [
        ["N", 1, 6, 7],
        { weight: [6, 1, 1, 1] },
        { weight: [4, 3, 3, 2], attributes: "group = 2" },
      ],
      "depthwise behind, of one channel": [
        ["N", 1, 6, 7],
        { weight: [6, 1, 1, 1] },
        { weight: [6, 1, 3, 2], attributes: "group = 6" },
      ],
      "grouped alike": [
        ["N", 4, 6, 7],
        { weight: [8, 2, 1, 1], attributes: "group = 2" },
        { weight: [6, 4, 3, 2], attributes: "group = 2" },
      ],
      "padded, without a bias before": [
        ["N", 2, 6, 7],
        { weight: [7, 2, 1, 1], bias: false },
        { weight: [5, 7, 3, 2], attributes: "pads = [2, 0, 1, 1]" },
      ],
      "padded by auto_pad, with a bias of zeros before": [
        ["N", 2, 6, 7],
        { weight: [7, 2, 1, 1], bias: "zero" },
        { weight: [5, 7, 3, 2], attributes: 'auto_pad = "SAME_UPPER", strides = [2, 2]' },
      ],
      "all sizes equal": [[2, 2, 2, 2], { weight: [2, 2, 1, 1] }, { weight: [2, 2, 1, 1] }],
    };
  for (const [name, [input, first, second]] of Object.entries(cases)) {
    it(name, async () => {
      const spatial = input.length - 2;
      const shapes = { x: [2, Number(input[1]), ...[8, 9, 5].slice(0, spatial)] };
      const options = input.includes("H") ? { shapes } : {};
      await expectRewrite(chain(input, first, second), ["y = Conv(x, Wy, by)"], options);
    });
  }

  it("a bias only before", async () => {
    const before = chain([2, 2, 6, 7], { weight: [7, 2, 1, 1] }, { weight: [5, 7, 3, 2], bias: false });
    await expectRewrite(before, ["y = Conv(x, Wy, Wy_bias)"]);
  });

  it("no bias at all", async () => {
    const first = { weight: [7, 2, 1, 1], bias: false };
    await expectRewrite(chain([2, 2, 6, 7], first, { weight: [5, 7, 3, 2], bias: false }), [
      "y = Conv(x, Wy)",
    ]);
  });

  it("a BatchNormalization between", async () => {
    const before = graphText(
      "float[N,2,6,7] x",
      [
        constant("V", [7, 2, 1, 1]),
        normalization("bn", 7),
        constant("W", [5, 7, 3, 2]),
        normalization("c", 5),
      ],
      `a = Conv (x, V) ${normalize("n", "a", "bn")} d = Conv <strides = [2, 1]> (n, W) ${normalize("y", "d", "c")}`,
    );
    await expectRewrite(before, ["y = Conv(x, W, W_bias)"]);
  });

  it("three in a row", async () => {
    const before = graphText(
      "float[N,2,6,7] x",
      [
        constant("U", [9, 2, 1, 1]),
        constant("b", [9]),
        constant("V", [8, 9, 3, 2]),
        constant("W", [5, 8, 1, 1]),
      ],
      "a = Conv (x, U, b) c = Conv (a, V) y = Conv (c, W)",
    );
    const { ops } = await rewrite(before);
    expect(ops).toHaveLength(1);
  });
});

describe("a 1x1 Conv after a Conv", () => {
  const cases: Readonly<Record<string, readonly [input: (number | string)[], first: Layer, second: Layer]>> =
    {
      "padded, dilated, strided": [
        ["N", 3, 9, 8],
        {
          weight: [7, 3, 3, 2],
          attributes: "kernel_shape = [3, 2], pads = [2, 0, 1, 1], dilations = [2, 1], strides = [1, 2]",
        },
        { weight: [4, 7, 1, 1], attributes: "kernel_shape = [1, 1], pads = [0, 0, 0, 0]" },
      ],
      "grouped alike": [
        ["N", 4, 6, 7],
        { weight: [8, 2, 3, 2], attributes: "group = 2, pads = [1, 0, 0, 2]" },
        { weight: [6, 4, 1, 1], attributes: "group = 2" },
      ],
      auto_pad: [
        ["N", 3, 6, 7],
        { weight: [7, 3, 3, 2], attributes: 'auto_pad = "SAME_LOWER", strides = [2, 2]' },
        { weight: [4, 7, 1, 1], attributes: 'auto_pad = "VALID"' },
      ],
      "1x1 with a stride before": [
        ["N", 3, 6, 7],
        { weight: [9, 3, 1, 1], attributes: "strides = [2, 3]" },
        { weight: [4, 9, 1, 1] },
      ],
      "all sizes equal": [
        [3, 3, 3, 3],
        { weight: [3, 3, 3, 3], attributes: "pads = [1, 1, 1, 1]" },
        { weight: [3, 3, 1, 1] },
      ],
    };
  for (const [name, [input, first, second]] of Object.entries(cases)) {
    for (const bias of [true, false, "zero"] as const) {
      it(`${name}, bias before: ${bias}`, async () => {
        await expectRewrite(chain(input, { ...first, bias }, second), ["y = Conv(x, Wy, by)"]);
      });
    }
  }
});

describe("Gemm and MatMul in a row", () => {
  const text = (nodes: string, input = "N,4", more: readonly string[] = []): string =>
    graphText(
      `float[${input}] x`,
      [
        constant("V", [4, 6]),
        constant("b", [6]),
        constant("T", [6, 4]),
        constant("W", [6, 3]),
        constant("c", [1, 3]),
        constant("U", [3, 6]),
        ...more,
      ],
      nodes,
    );

  it("Gemm, Gemm", async () => {
    for (const nodes of [
      "a = Gemm (x, V, b) y = Gemm (a, W, c)",
      "a = Gemm <alpha = 0.5, beta = 3.0> (x, V, b) y = Gemm <alpha = -2.0, beta = 0.25> (a, W, c)",
      "a = Gemm <transB = 1, alpha = 2.0> (x, T, b) y = Gemm (a, W, c)",
      "a = Gemm (x, V) y = Gemm (a, W, c)",
      "a = Gemm (x, V, s) y = Gemm (a, W, s)",
    ]) {
      const { ops } = await rewrite(text(nodes, "N,4", ["float s = {0.75}"]));
      expect(ops).toHaveLength(1);
      expect(ops[0]).toMatch(/^y = Gemm\(x, W, \w+\)$/);
    }
    await expectRewrite(text("a = Gemm <transB = 1> (x, T, b) y = Gemm <transB = 1, alpha = 3.0> (a, U)"), [
      "y = Gemm(x, U, U_bias)",
    ]);
    await expectRewrite(text("a = Gemm <transA = 1> (x, V, b) y = Gemm (a, W, c)", "4,N"), [
      "y = Gemm(x, W, c)",
    ]);
  });

  it("MatMul, MatMul, with any number of axes", async () => {
    for (const input of ["N,4", "N,2,4", "N,2,5,4", "4"]) {
      await expectRewrite(text("a = MatMul (x, V) y = MatMul (a, W)", input), ["y = MatMul(x, W)"]);
    }
  });

  it("Gemm and MatMul", async () => {
    await expectRewrite(text("a = MatMul (x, V) y = Gemm <alpha = 2.0> (a, W, c)"), ["y = Gemm(x, W, c)"]);
    await expectRewrite(text("a = Gemm <alpha = 2.0> (x, V, b) y = MatMul (a, W)"), [
      "y = Gemm(x, W, W_bias)",
    ]);
  });

  it("all sizes equal", async () => {
    const before = graphText(
      "float[3,3] x",
      [constant("V", [3, 3]), constant("b", [3]), constant("W", [3, 3]), constant("c", [3])],
      "a = Gemm <transB = 1> (x, V, b) y = Gemm <transB = 1> (a, W, c)",
    );
    await expectRewrite(before, ["y = Gemm(x, W, c)"]);
  });

  it("a perceptron without activations, with normalization", async () => {
    const before = text(
      `a = Gemm (x, V, b) ${normalize("n", "a", "bn")} d = Gemm (n, W, c) y = Softmax <axis = 1> (d)`,
      "N,4",
      [normalization("bn", 6)],
    );
    await expectRewrite(before, ["d = Gemm(x, W, c)", "y = Softmax(d)"]);
  });

  it("operators that are not merged", async () => {
    const refused = async (
      nodes: string,
      reason: string | RegExp | undefined,
      input = "N,4",
    ): Promise<void> => {
      const square = [constant("Q", [3, 3]), constant("r", [3, 1])];
      await expectRefused(text(nodes, input, square), reason, ONLY);
    };
    await refused("a = Gemm (x, Q) y = Gemm <transA = 1> (a, Q)", "input-is-transposed", "3,3");
    await refused("a = Gemm (x, Q, r) y = Gemm (a, Q)", "bias-has-other-shape", "3,3");
    await refused("a = MatMul (x, Q) y = MatMul (Q, a)", undefined, "3,3");
    await refused("a = MatMul (Q, x) y = MatMul (a, Q)", /weight B "x" is a graph input/, "3,3");
    await refused("a = MatMul (x, Q) y = MatMul (a, a)", "output-has-other-uses", "3,3");
    await refused("a = MatMul (x, Q) b2 = Relu (Q) y = MatMul (a, b2)", /computed by Relu/, "3,3");
  });

  it("a bottleneck stays", async () => {
    const before = graphText(
      "float[N,9] x",
      [constant("V", [9, 2]), constant("W", [2, 8])],
      "a = MatMul (x, V) y = MatMul (a, W)",
    );
    await expectRefused(before, /one would take 72 multiplications for each position, the two take 34/, ONLY);
  });
});

describe("refused", () => {
  const first: Layer = { weight: [7, 2, 1, 1] };
  const second: Layer = { weight: [5, 7, 3, 2] };
  const image = ["N", 2, 6, 7];
  const text = chain(image, first, second);

  it("padding behind a bias", async () => {
    const padded = { ...second, attributes: "pads = [0, 0, 1, 0]" };
    await expectRefused(chain(image, first, padded), "padding-follows-bias", ONLY);
    const automatic = { ...second, attributes: 'auto_pad = "SAME_UPPER"' };
    await expectRefused(chain(image, first, automatic), "padding-follows-bias", ONLY);
  });

  it("more multiplications", async () => {
    const bottleneck = chain(["N", 8, 6, 7], { weight: [2, 8, 1, 1] }, { weight: [8, 2, 3, 3] });
    await expectRefused(bottleneck, /one would take 576 multiplications/, ONLY);
    const separable = chain(
      image,
      { weight: [2, 1, 3, 3], attributes: "group = 2" },
      { weight: [9, 2, 1, 1] },
    );
    await expectRefused(separable, /one would take 162 multiplications/, ONLY);
  });

  it("fewer multiplications, but a larger weight", async () => {
    const before = chain(
      ["N", 9, 16, 16],
      { weight: [2, 9, 1, 1] },
      { weight: [4, 2, 2, 2], attributes: "strides = [4, 4]" },
    );
    await expectRefused(before, /would have 144 elements, the two have 50/, ONLY);
  });

  it("two kernels of several taps, and a pad or stride at the 1x1", async () => {
    await expectRefused(chain(image, { weight: [7, 2, 2, 1] }, { weight: [5, 7, 1, 2] }), undefined, ONLY);
    const strided = { ...first, attributes: "strides = [2, 2]" };
    await expectRefused(chain(image, strided, second), undefined, ONLY);
    const padded = { ...first, attributes: "pads = [1, 1, 1, 1]" };
    await expectRefused(chain(image, padded, second), undefined, ONLY);
  });

  it("other readers and graph outputs", async () => {
    await expectRefused(text.replace("=> (y)", "=> (y, a)"), "value-is-graph-output", ONLY);
    await expectRefused(
      text.replace("y = Conv", "z = Relu (a) y = Conv").replace("=> (y)", "=> (y, z)"),
      "output-has-other-uses",
      ONLY,
    );
  });

  it("weights that are not constant", async () => {
    const given = text.replace(" x)", " x, float[5,7,3,2] V)").replace("Wy, by)", "V, by)");
    await expectRefused(given, /weight W "V" is a graph input/, ONLY);
    const overridable = given.replace("<float[7", `<${constant("V", [5, 7, 3, 2])}, float[7`);
    await expectRefused(modelText(overridable), /whose default a caller can override/, ONLY);
    const bias = text.replace("a = Conv", "v = Relu (ba) a = Conv").replace("Wa, ba)", "Wa, v)");
    await expectRefused(bias, /bias B "v" is computed by Relu/, ONLY);
  });

  it("products that overflow", async () => {
    const half = (top: number): string =>
      graphText(
        "float16[2,1,3,3] x",
        [literal("V", [1, 1, 1, 1], [300], "float16"), literal("W", [1, 1, 1, 1], [top], "float16")],
        "a = Conv (x, V) y = Conv (a, W)",
      );
    await expectRefused(half(300), "constant-would-overflow", { ...ONLY, runnable: "maybe" });
    await expectRewrite(half(0.01), ["y = Conv(x, W)"], { runnable: "maybe" });
    const wide = graphText(
      "float[2,1] x",
      [literal("V", [1, 1], [1e30]), literal("W", [1, 1], [1e30])],
      "a = MatMul (x, V) y = MatMul (a, W)",
    );
    await expectRefused(wide, "constant-would-overflow", ONLY);
  });
});

describe("element types", () => {
  for (const dtype of ["float16", "double", "bfloat16"] as const) {
    it(dtype, async () => {
      const before = graphText(
        `${dtype}[2,2,5,4] x`,
        [
          constant("V", [7, 2, 1, 1], { dtype }),
          constant("b", [7], { dtype }),
          constant("W", [3, 7, 3, 2], { dtype }),
        ],
        "a = Conv (x, V, b) y = Conv (a, W)",
      );
      await expectRewrite(before, ["y = Conv(x, W, W_bias)"], {
        runnable: dtype === "bfloat16" ? false : "maybe",
      });
    });
  }
});

describe("any two Convs in a row", () => {
  it("compute the same, merged or not", async () => {
    const size = fc.integer({ min: 1, max: 3 });
    const count = fc.integer({ min: 1, max: 5 });
    const axis = fc.record({
      taps: size,
      begin: fc.integer({ min: 0, max: 2 }),
      end: fc.integer({ min: 0, max: 2 }),
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: 2 }),
    });
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 2 }),
        fc.tuple(count, count, count),
        fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
        fc.record({ bias: fc.boolean(), padded: fc.boolean(), kernelFirst: fc.boolean() }),
        async (axes, [c, k, m], [group1, group2], { bias, padded, kernelFirst }) => {
          const lists = `strides = [${axes.map(({ stride }) => stride)}], dilations = [${axes.map(({ dilation }) => dilation)}]`;
          const pads = [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)];
          const attributes = padded ? `${lists}, pads = [${pads}]` : lists;
          const taps = axes.map(({ taps }) => taps);
          const one = axes.map(() => 1);
          const between = k * group1 * group2;
          const first: Layer = {
            weight: [between, c, ...(kernelFirst ? taps : one)],
            attributes: `group = ${group1}${kernelFirst ? `, ${attributes}` : ""}`,
            bias,
          };
          const second: Layer = {
            weight: [m * group2, between / group2, ...(kernelFirst ? one : taps)],
            attributes: `group = ${group2}${kernelFirst ? "" : `, ${attributes}`}`,
          };
          const input = [2, c * group1, ...axes.map((_, i) => 7 + i)];
          const { ops } = await rewrite(chain(input, first, second), ONLY);
          if (ops.length === 1) merged++;
        },
      ),
      { numRuns: 60, seed: 5 },
    );
    expect(merged).toBeGreaterThan(15);
    expect(merged).toBeLessThan(60);
  }, 120_000);
});
