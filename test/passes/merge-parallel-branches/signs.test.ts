import { describe, expect, it } from "vitest";
import { operatorsOf } from "../../support/affine-cases.js";
import { rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ONLY = { passes: ["merge-parallel-branches", "eliminate-dead"] };
const SIZES = {
  "all sizes different": { from: 3, into: 5, kernel: 3, small: 1, image: "6,7" },
  "all sizes equal": { from: 3, into: 3, kernel: 3, small: 3, image: "3,3" },
};

for (const [name, { from, into, kernel, small, image }] of Object.entries(SIZES)) {
  const pad = (small - 1) / 2;
  const text = (nodes: string, output = "y"): string =>
    graphText(
      `float[N,${from},${image}] x, float[N,${into},${image}] u`,
      [
        constant("V", [into, from, kernel, kernel]),
        constant("b", [into]),
        constant("W", [into, from, small, small]),
        constant("c", [into]),
        constant("k", [into, 1, 1]),
      ],
      nodes,
      output,
    );
  const p = "p = Conv <pads = [1, 1, 1, 1]> (x, V, b)";
  const q = `q = Conv <pads = [${pad}, ${pad}, ${pad}, ${pad}]> (x, W, c)`;

  describe(`Sub, ${name}`, () => {
    for (const [nodes, left] of [
      [`${p} ${q} y = Sub (p, q)`, ["Conv"]],
      [`${p} ${q} y = Sub (q, p)`, ["Conv"]],
      [`${p} ${q} d = Sub (u, p) y = Add (d, q)`, ["Conv", "Sub"]],
      [`${p} ${q} d = Sub (u, p) y = Sub (d, q)`, ["Conv", "Sub"]],
      [`${p} ${q} d = Sub (p, u) y = Sub (q, d)`, ["Conv", "Sub", "Neg"]],
      [`${p} ${q} d = Add (q, u) y = Sub (p, d)`, ["Conv", "Add", "Neg"]],
      [`${p} ${q} d = Sub (q, u) y = Sub (d, p)`, ["Conv", "Sub"]],
      [`${p} ${q} d = Sum (u, q, u) y = Sub (d, p)`, ["Conv", "Sum"]],
    ] as const) {
      it(nodes.slice(nodes.indexOf(q) + q.length + 1), async () => {
        const outcome = await rewrite(text(nodes), ONLY);
        expect(operatorsOf(outcome), outcome.refusalText).toEqual(left);
      });
    }
    it("a term that others read stays", async () => {
      const outcome = await rewrite(text(`${p} ${q} y = Sub (p, q) z = Exp (q)`, "y, z"), ONLY);
      expect(operatorsOf(outcome)).toEqual(["Conv", "Conv", "Sub", "Exp"]);
      expect(outcome.refusalText).toMatch("output-has-other-uses");
    });
    it("four branches of one Sum", async () => {
      const outcome = await rewrite(text(`${p} ${q} y = Sum (p, q, p, u)`), ONLY);
      expect(outcome.refusalText).toMatch("output-has-other-uses");
      const apart = `${p} ${q} r = Conv <pads = [1, 1, 1, 1]> (x, V, c) y = Sum (p, u, q, r)`;
      expect(operatorsOf(await rewrite(text(apart), ONLY))).toEqual(["Conv", "Sum"]);
    });
  });
}

describe("Sub of x itself and of products", () => {
  for (const nodes of ["y = Sub (p, x)", "y = Sub (x, p)", "s = Mul (x, k) y = Sub (s, p)"]) {
    it(nodes, async () => {
      const before = graphText(
        "float[N,3,6,7] x",
        [constant("V", [3, 3, 3, 3]), constant("b", [3]), constant("k", [3, 1, 1])],
        `p = Conv <pads = [1, 1, 1, 1]> (x, V, b) ${nodes}`,
      );
      expect(operatorsOf(await rewrite(before, ONLY))).toEqual(["Conv"]);
    });
  }
  it("Gemm with Gemm and MatMul", async () => {
    for (const [q, y] of [
      ["Gemm <alpha = 2.0, beta = 0.5> (x, W, c)", "Sub (p, q)"],
      ["Gemm <alpha = 2.0> (x, W, c)", "Sub (q, p)"],
      ["MatMul (x, W)", "Sub (q, p)"],
    ]) {
      const before = graphText(
        "float[N,3] x",
        [constant("V", [3, 5]), constant("b", [5]), constant("W", [3, 5]), constant("c", [5])],
        `p = Gemm <alpha = 0.5, beta = 3.0> (x, V, b) q = ${q} y = ${y}`,
      );
      expect(operatorsOf(await rewrite(before, ONLY))).toEqual(["Gemm"]);
    }
  });
});

describe("ConvTranspose", () => {
  const pair = (
    first: string,
    second: string,
    { from = 4, per = 3, group = 1, large = [3, 3], small = [1, 1], bias = true } = {},
  ): string =>
    graphText(
      `float[N,${from},5,6] x`,
      [
        constant("V", [from, per, ...large]),
        constant("b", [per * group]),
        constant("W", [from, per, ...small]),
        constant("c", [per * group]),
      ],
      `p = ConvTranspose <group = ${group}, ${first}> (x, V, b)
       q = ConvTranspose <group = ${group}, ${second}> (x, W${bias ? ", c" : ""}) y = Add (p, q)`,
    );
  for (const [name, text] of Object.entries({
    "a small kernel in a large one": pair("pads = [1, 1, 1, 1]", "pads = [0, 0, 0, 0]"),
    "without the second bias": pair("pads = [1, 1, 1, 1]", "pads = [0, 0, 0, 0]", { bias: false }),
    "strides and output_padding": pair(
      "pads = [1, 1, 1, 1], strides = [2, 3], output_padding = [1, 1]",
      "pads = [0, 0, 0, 0], strides = [2, 3], output_padding = [1, 1]",
    ),
    "groups, kernels that differ along one axis": pair(
      "pads = [0, 1, 0, 1], strides = [2, 1]",
      "strides = [2, 1]",
      {
        group: 2,
        large: [2, 3],
        small: [2, 1],
      },
    ),
    "all sizes equal": pair("pads = [1, 1, 1, 1]", "pads = [1, 1, 1, 1]", { from: 3, small: [3, 3] }),
  })) {
    it(name, async () => {
      expect(operatorsOf(await rewrite(text, ONLY))).toEqual(["ConvTranspose"]);
    });
  }
  it("stays where the geometries differ", async () => {
    for (const [text, reason] of [
      [
        pair(
          "pads = [1, 1, 1, 1], strides = [2, 2]",
          "pads = [0, 0, 1, 1], strides = [2, 2], output_padding = [1, 1]",
        ),
        "transposed-convolutions-differ",
      ],
      [pair("output_shape = [5, 6]", "output_shape = [5, 6]"), /output_shape/],
    ] as const) {
      const outcome = await rewrite(text, ONLY);
      expect(outcome.rewrites.map(({ summary }) => summary)).toEqual([]);
      expect(outcome.refusalText).toMatch(reason);
    }
  });
});
