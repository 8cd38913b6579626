import { describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.js";
import type { ByteSource } from "../../../src/base/bytes.js";
import { NormfoldError } from "../../../src/base/errors.js";
import type { Model } from "../../../src/ir/model.js";
import { Tensor } from "../../../src/ir/tensor.js";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText, modelText } from "../../support/text.js";

const X = "float[N,3,4] x";
const W = constant("w", [4, 5]);
const twin = (text: string, name: string): string => text.replace("] w =", `] ${name} =`);

/** A model of MatMuls with the given weights, which say how often they were read. */
function counted(weights: readonly Uint8Array[]): { readonly model: Model; readonly reads: () => number } {
  const model = modelOf(graphText("float[4096] x", [], "y = Neg (x)"));
  let reads = 0;
  const x = present(model.graph.inputs[0], "the model has an input");
  weights.forEach((bytes, i) => {
    const read = (offset: number, length: number): Uint8Array => {
      reads += length;
      return bytes.subarray(offset, offset + length);
    };
    const source: ByteSource = { size: bytes.length, read };
    const range = { source, offset: 0, length: bytes.length };
    const tensor = new Tensor("float", [bytes.length / 4], { kind: "range", range });
    const weight = model.graph.addInitializer(`w${i}`, tensor);
    const node = model.graph.addNode({
      opType: i % 2 ? "Add" : "Mul",
      inputs: [x, weight],
      outputs: [`o${i}`],
    });
    model.graph.addOutput(present(node.output(0), "an output"));
  });
  return { model, reads: () => reads };
}

const PASS = { passes: ["merge-duplicate-initializers"] };

describe("merge-duplicate-initializers", () => {
  it("two weights of the same elements are one", async () => {
    const { model } = await expectRewrite(
      graphText(X, [W, twin(W, "v")], "a = MatMul (x, w) b = Neg (x) c = MatMul (b, v) y = Mul (a, c)"),
      ["a = MatMul(x, w)", "b = Neg(x)", "c = MatMul(b, w)", "y = Mul(a, c)"],
      PASS,
    );
    expect([...model.graph.initializers].map(({ name }) => name)).toEqual(["w"]);
  });

  it("a body takes the weight around it, and bodies side by side keep theirs", async () => {
    const { model } = await expectRewrite(
      graphText(
        `${X}, bool p`,
        [W],
        `z = MatMul (x, w)
         y = If (p) <then_branch = t () => (u) <${twin(W, "v")}, ${constant("k", [5])}> { a = MatMul (x, v) u = Add (a, k) },
                     else_branch = e () => (o) <${constant("k", [5]).replace("] k =", "] l =")}> { b = MatMul (x, w) o = Mul (b, l) }>`,
        "y, z",
      ),
      [
        "z = MatMul(x, w)",
        "y = If(p)",
        "  a = MatMul(x, w)",
        "  u = Add(a, k)",
        "  b = MatMul(x, w)",
        "  o = Mul(b, l)",
      ],
      PASS,
    );
    expect(model.graph.initializers.size).toBe(1);
  });

  it.each([
    ["strings", 'string[2] k = {"a", "bc"}, string[2] l = {"a", "bc"}', "string[2] x", 1],
    [
      "other strings of the same length",
      'string[2] k = {"a", "bc"}, string[2] l = {"ab", "c"}',
      "string[2] x",
      2,
    ],
    ["no elements", "float[0] k = {}, float[0] l = {}", "float[0] x", 1],
    ["scalars", "float k = {2}, float l = {2}", "float[3] x", 1],
    ["0 and -0", "float k = {0}, float l = {-0}", "float[3] x", 2],
    ["a scalar and a vector", "float k = {2}, float[1] l = {2}", "float[3] x", 2],
  ])("%s", async (_, constants, input, left) => {
    const nodes = input.startsWith("string")
      ? "a = Concat <axis = 0> (x, k) y = Concat <axis = 0> (l, a)"
      : "a = Mul (x, k) b = Neg (a) y = Mul (b, l)";
    const model = modelOf(graphText(input, [constants], nodes));
    const result = await rewriteModel(model, PASS);
    expect(result.model.graph.initializers.size).toBe(left);
  });

  it("a weight that a caller may override, that an output hands out or that differs in one element stays", async () => {
    const other = twin(W, "v").replace(/, [-\d.]+\}/, ", 0.125}");
    const nodes = "a = MatMul (x, w) b = Neg (x) c = MatMul (b, v) y = Mul (a, c)";
    await expectRefused(graphText(X, [W, other], nodes), undefined, PASS);
    await expectRefused(graphText(`${X}, float[4,5] v`, [W, twin(W, "v")], nodes), undefined, PASS);
    await expectRefused(graphText(X, [W, twin(W, "v")], nodes, "y, v"), undefined, PASS);
    await expectRefused(
      modelText(graphText(`${X}, float[4,5] v`, [W, twin(W, "v")], nodes), { ir: 3, opset: 9 }),
      undefined,
      PASS,
    );
  });

  it("reads nothing of a weight that is alone in its size, and little of weights that differ", async () => {
    const filled = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);
    const alone = counted([filled(1 << 20, 1), filled(1 << 19, 1)]);
    await rewriteModel(alone.model, PASS);
    expect(alone.reads()).toBe(0);
    const different = counted([filled(1 << 20, 1), filled(1 << 20, 2), filled(1 << 20, 3)]);
    await rewriteModel(different.model, PASS);
    expect(different.reads()).toBeLessThan(16 << 10);
    const same = counted([filled(1 << 20, 1), filled(1 << 20, 1)]);
    const { model } = await rewriteModel(same.model, PASS);
    expect(model.graph.initializers.size).toBe(1);
  });

  it("large constants that the run has computed", async () => {
    const weight = constant("k", [60, 300]);
    const { ops, model } = await rewrite(
      graphText(
        "float[300,60] x",
        [weight, weight.replace("] k =", "] l =")],
        "a = Transpose (k) b = Transpose (l) p = Add (x, a) q = Relu (p) y = Mul (q, b)",
      ),
      { passes: ["fold-constants", "merge-duplicate-initializers", "eliminate-dead"] },
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(1);
  });

  it("constants in missing files are not compared", async () => {
    const model = modelOf(graphText(X, [W, twin(W, "v")], "y = MatMul (x, w) z = MatMul (x, v)", "y, z"));
    const external = { location: "gone.bin", offset: 0, length: undefined };
    const error = new NormfoldError("io", "gone.bin is missing");
    for (const value of model.graph.initializers)
      value.tensor = new Tensor("float", [4, 5], { kind: "missing", external, error });
    const { rewrites } = await rewriteModel(model, PASS);
    expect(rewrites).toEqual([]);
  });
});
