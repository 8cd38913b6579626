import { describe, expect, it } from "vitest";
import { CASES, unary } from "../../support/activation-spellings.js";
import { expectKept, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { graphText, modelText } from "../../support/text.js";

describe("activations that are spelled out", () => {
  it("a model that has the values inside bodies and functions", async () => {
    const branch = "b = Sigmoid (x) z = Mul (x, b)";
    const model = modelOf(
      modelText(
        graphText(
          "float[N,3] x, bool c",
          [],
          `y = If (c) <then_branch = t () => (float[N,3] z) { ${branch} }, else_branch = e () => (float[N,3] w) { w = Relu (x) }>`,
        ),
        { opset: 24, ir: 10 },
      ),
    );
    const { ops } = await rewrite(model, { target: "any" });
    expect(ops.map((line) => line.trim())).toContain("z = Swish(x)");
  });
});

describe("expressions that only look like an activation", () => {
  it("the opset does not have it", async () => {
    for (const [opType, opset] of [
      ["Gelu", 19],
      ["Mish", 17],
      ["Swish", 23],
    ] as const) {
      const nodes = CASES[opType]?.spellings[0] ?? "";
      const reason = new RegExp(
        `it spells out ${opType}, which opset ${opset} does not have \\(${opset + 1} has; --opset`,
      );
      await expectKept(unary(nodes), reason, { opset });
    }
    await expectRewrite(
      unary(CASES["HardSwish"]?.spellings[2] ?? ""),
      ["c = HardSigmoid(x)", "y = Mul(x, c)"],
      {
        opset: 13,
      },
    );
  });

  it("onnxruntime has no kernel for it", async () => {
    const swish = unary(CASES["Swish"]?.spellings[0] ?? "");
    for (const [opset, how] of [
      [24, "it runs 4 operators for it"],
      [25, "it refuses it"],
    ] as const) {
      await expectKept(
        swish,
        new RegExp(`it spells out Swish, for which onnxruntime has no kernel: ${how}`),
        {
          opset,
        },
      );
    }
  });

  it("a value inside is used elsewhere, or is an output", async () => {
    await expectKept(
      graphText("float[N,3] x", [], "a = Sigmoid (x) y = Mul (x, a) z = Exp (a)", "y, z"),
      /it spells out Swish, but "a" inside is used elsewhere too/,
      { opset: 24 },
    );
    await expectKept(
      graphText("float[N,3] x", [], "a = Sigmoid (x) y = Mul (x, a)", "y, a"),
      /it spells out Swish, but "a" inside is a graph output/,
      { opset: 24 },
    );
  });
});
