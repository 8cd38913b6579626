import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import { pointwiseAround } from "../../src/batchnorm/pointwise.js";
import type { StandardOperator } from "../../src/ir/operator-name.js";
import { OPERATORS, operatorsWith } from "../../src/ops/catalogue.js";
import { compare, modelOf } from "../support/rewrite.js";
import { constant, sketch } from "../support/text.js";
import { dataOf, samples } from "./support.js";

const DATA = dataOf({ x: samples("x", [8, 3]) });

/** c - f(c) behind a layer, as the oldest exporters spell a shrinkage. */
function minus(operator: StandardOperator, slope = "S"): ReturnType<typeof modelOf> {
  const opset = Math.max(17, ...OPERATORS[operator].since.slice(0, 1));
  const operands = operator === "PRelu" ? `(c, ${slope})` : "(c)";
  return modelOf(
    `g (float[N,3] x) => (float[N,2] y) <${constant("w", [3, 5])}, ${constant("v", [5, 2])}, ${constant("S", [])}, ${constant("P", [5])}>
     { c = MatMul (x, w)  t = ${operator} ${operands}  s = Sub (c, t)  y = MatMul (s, v) }`,
    opset,
  );
}

/** The operators that read the layer's result itself. */
function readersOfLayer(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /[( ]c[,)]/.test(line)).map((line) => line.replace(/.*= (\w+).*/, "$1"));
}

describe("a nonlinearity that is part of a larger function", () => {
  it.each(operatorsWith("nonlinearity"))(
    "c - %s(c): the whole function's input is normalized",
    async (operator) => {
      const fresh = await insertBatchNorm(minus(operator), { init: "fresh" });
      expect(fresh.report.sites).toMatchObject([{ readers: "all" }]);
      expect(readersOfLayer(sketch(fresh.model))).toEqual(["BatchNormalization"]);

      const original = minus(operator);
      const identity = await insertBatchNorm(original, { data: DATA });
      expect(identity.report.sites).toMatchObject([{ readers: "all" }]);
      expect(readersOfLayer(sketch(identity.model))).toEqual(["BatchNormalization"]);
      expect((await compare(original, identity.model, "rounding")).status).not.toBe("differs");
    },
  );

  it("is held for all sixteen of the first nonlinearities, and for those that came after", () => {
    const first = ["Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Sigmoid"];
    const others = ["HardSigmoid", "Tanh", "Softplus", "Softsign", "Gelu", "HardSwish", "Mish", "Swish"];
    expect(operatorsWith("nonlinearity")).toEqual(expect.arrayContaining([...first, ...others]));
  });

  it("holds for a slope for each channel", async () => {
    const { report } = await insertBatchNorm(minus("PRelu", "P"), { init: "fresh" });
    expect(report.sites).toMatchObject([{ readers: "all" }]);
  });

  it("leaves another function of the same layer as it was", async () => {
    const model = modelOf(
      `g (float[N,3] x, float[N,5] z) => (float[N,2] y) <${constant("w", [3, 5])}, ${constant("v", [5, 2])}>
       { c = MatMul (x, w)  t = Gelu (c)  m = Mul (c, z)  s = Sub (m, t)  y = MatMul (s, v) }`,
      20,
    );
    const { report } = await insertBatchNorm(model, { init: "fresh" });
    expect(report.sites).toMatchObject([{ readers: "activations" }]);
  });

  it.each([
    ["another nonlinearity", "r = Relu (c)  p = MatMul (r, v)", ["BatchNormalization"]],
    [
      "a sum with another nonlinearity",
      "r = Relu (c)  q = Add (s, r)  p = MatMul (q, v)",
      ["BatchNormalization"],
    ],
    ["a product with something else", "r = Mul (c, z)  p = MatMul (r, v)", ["BatchNormalization", "Mul"]],
    ["another reader of its part", "p = MatMul (t, v)", ["BatchNormalization"]],
  ])("is normalized as a whole beside %s", async (_, nodes, readers) => {
    const model = modelOf(
      `g (float[N,3] x, float[N,5] z) => (float[N,2] y) <${constant("w", [3, 5])}, ${constant("v", [5, 2])}>
       { c = MatMul (x, w)  t = Gelu (c)  s = Sub (c, t)  ${nodes}  o = MatMul (s, v)  y = Add (o, p) }`,
      20,
    );
    const { model: fresh } = await insertBatchNorm(model, { init: "fresh" });
    expect(readersOfLayer(sketch(fresh))).toEqual(readers);
  });

  it("is normalized as a whole where two nonlinearities are its branches", async () => {
    const model = modelOf(
      `g (float[N,3] x) => (float[N,2] y) <${constant("w", [3, 5])}, ${constant("v", [5, 2])}, float one = {1}>
       { c = MatMul (x, w)  b = Greater (c, one)  t = Tanh (c)  r = Softplus (c)  s = Where (b, t, r)  y = MatMul (s, v) }`,
    );
    const { model: fresh } = await insertBatchNorm(model, { init: "fresh" });
    expect(readersOfLayer(sketch(fresh))).toEqual(["BatchNormalization"]);
  });

  it("ends where an operand is computed by a longer chain than it may have, of any length", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `v${i + 1} = Neg (v${i})`).join(" ");
    const model = modelOf(
      `g (float[N,5] x) => (float[N,5] y) <float v0 = {1}> { ${chain} t = Tanh (x) y = Sub (t, v20000) }`,
    );
    const tanh = present(
      [...model.graph.nodes()].find((node) => node.is("Tanh")),
      "a Tanh",
    );
    const [input, output] = [present(tanh.input(0), "x"), present(tanh.output(0), "t")];
    const part = { input, output, nodes: new Set([tanh]) };
    expect(pointwiseAround(part, createFacts(model), () => true)).toBe(part);
  });

  it("is found as the shortest function of all readers", () => {
    const model = minus("Gelu");
    const [layer, gelu] = model.graph.nodes();
    const [input, output] = [present(layer?.output(0), "a layer"), present(gelu?.output(0), "a Gelu")];
    const part = { input, output, nodes: new Set([present(gelu, "a Gelu")]) };
    const found = pointwiseAround(part, createFacts(model), (node) => node !== gelu);
    expect([...found.nodes].map(({ opType }) => opType)).toEqual(["Gelu", "Sub"]);
    expect(found.output.name).toBe("s");
  });
});
