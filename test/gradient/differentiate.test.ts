import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { type ReferenceTensor, referenceTensor } from "../../src/float64/tensor.js";
import { differentiate } from "../../src/gradient/differentiate.js";
import { Builder } from "../../src/ir/builder.js";
import type { Value } from "../../src/ir/graph.js";
import { createModel, type Model } from "../../src/ir/model.js";
import { tensorType } from "../../src/ir/type.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { valueNamed } from "../support/facts.js";
import {
  addedOperators,
  adjointPair,
  checkGradient,
  modelOf,
  referenceRun,
  runInOrt,
} from "../support/gradient.js";

function vector(...data: readonly number[]): ReferenceTensor {
  return referenceTensor("float", [data.length], data);
}

/** Gradients by name, of float64, at x. */
function gradientsAt(model: Model, x: ReferenceTensor): Record<string, readonly number[]> {
  const results = referenceRun(model, new Map([["x", x]]));
  return Object.fromEntries([...results].map(([name, { data }]) => [name, [...data]] as const));
}

describe("differentiate", () => {
  it("sums over broadcast axes", async () => {
    await checkGradient("g (float[2,3] a, float[3] b) => (float[2,3] y) { y = Add(a, b) }");
    await checkGradient("g (float[2,1] a, float[4,1,3] b) => (float[4,2,3] y) { y = Add(a, b) }");
    await checkGradient("g (float[1] a, float b) => (float[1] y) { y = Add(a, b) }");
  });

  it("adds up the gradients of several readers", async () => {
    await checkGradient(
      "g (float[3] x) => (float[3] y) { a = Mul(x, x) b = Sin(x) c = Add(a, b) d = Mul(c, x) y = Add(d, a) }",
    );
  });

  it("takes inputs, initializers and inner values, and gives the outputs in their order", () => {
    const model = modelOf(
      "g (float[2] x) => (float[2] y) <float[2] w = {3.0, 5.0}> { h = Mul(x, w) y = Mul(h, h) }",
    );
    const result = differentiate(model, { of: "y", wrt: ["h", "w", "x", "y"] });
    expect(result.graph.outputs.map(({ name }) => name)).toEqual([
      "y",
      "h_grad",
      "w_grad",
      "x_grad",
      "y_grad",
    ]);
    expect(gradientsAt(result, vector(2, 1))).toEqual({
      y: [36, 25],
      h_grad: [12, 10],
      w_grad: [24, 10],
      x_grad: [36, 50],
      y_grad: [1, 1],
    });
  });

  it("leaves the model as it was", () => {
    const model = modelOf("g (float[2,3] x) => (float[2,3] y) { y = Sin(x) }");
    const bytes = encodeToBytes(model);
    differentiate(model, { of: "y", wrt: ["x"] });
    expect(Buffer.compare(encodeToBytes(model), bytes)).toBe(0);
  });

  it("gives zeros for values that the output does not depend on", () => {
    const model = modelOf(
      "g (float[2] x, float[2] z) => (float[2] y) { i = Cast <to = 7> (z) f = Cast <to = 1> (i) y = Add(x, f) }",
    );
    const result = differentiate(model, { of: "y", wrt: ["z", "x"] });
    const results = referenceRun(
      result,
      new Map([
        ["x", vector(1, 2)],
        ["z", vector(1, 2)],
      ]),
    );
    expect([...(results.get("z_grad")?.data ?? [])]).toEqual([0, 0]);
    expect([...(results.get("x_grad")?.data ?? [])]).toEqual([1, 1]);
  });

  it("touches only the way from the values to the output", () => {
    // StringNormalizer and Det have no rule; neither is on the way.
    const model = modelOf(
      `g (float[2,2] x, float[2,2] w) => (float[2,2] y, float z) {
        d = Det(w) p = Mul(x, d) q = Sin(w) r = Mul(p, q) y = Identity(p) z = Det(r)
      }`,
    );
    const result = differentiate(model, { of: "y", wrt: ["x"] });
    expect(addedOperators(model, result)).toBe("ConstantOfShape 1, Mul 1");
    expect(verify(result)).toEqual([]);
  });

  it("gives gradients names that are free", () => {
    const model = modelOf("g (float[1] x, float[1] x_grad) => (float[1] y) { y = Mul(x, x_grad) }");
    const result = differentiate(model, { of: "y", wrt: ["x", "x_grad"] });
    expect(result.graph.outputs.map(({ name }) => name)).toEqual(["y", "x_grad_1", "x_grad_grad"]);
  });

  it("seeds with ones, with a new input or with an existing one", () => {
    const model = modelOf("g (float[2] x, float[2] s) => (float[2] y) { y = Mul(x, x) }");
    const seeded = (seed?: string): readonly number[] => {
      const result = differentiate(model, { of: "y", wrt: ["x"], ...(seed === undefined ? {} : { seed }) });
      const feeds = ["x", "s", "own"].map((name) => [name, vector(3, 4)] as const);
      return [...(referenceRun(result, new Map(feeds)).get("x_grad")?.data ?? [])];
    };
    expect(seeded()).toEqual([6, 8]);
    expect(seeded("own")).toEqual([18, 32]);
    expect(seeded("s")).toEqual([18, 32]);
  });

  it("raises an older model first", async () => {
    await checkGradient("g (float[2,3] x) => (float[2,1] y) { y = ReduceMean <axes = [1]> (x) }", {
      opset: 11,
    });
    await checkGradient(
      "g (float[2,4] x) => (float[2,1] y) { a, b = Split <axis = 1> (x) y = ReduceMax <axes = [1]> (b) }",
      {
        opset: 11,
      },
    );
  });

  it("keeps names and uses of a node that gets one more output", async () => {
    const text = `g (float[4] x) => (float[2] y, float[2] z) <int64[1] k = {2}> { y = TopK(x, k) z = Sin(y) }`;
    const result = differentiate(modelOf(text), { of: "z", wrt: ["x", "y"] });
    expect(result.graph.outputs.map(({ name }) => name)).toEqual(["y", "z", "x_grad", "y_grad"]);
    expect(verify(result)).toEqual([]);
    const outputs = gradientsAt(result, vector(1, 4, 3, 2));
    expect(outputs).toMatchObject({
      y: [4, 3],
      y_grad: [Math.cos(4), Math.cos(3)],
      x_grad: [0, Math.cos(4), Math.cos(3), 0],
    });
  });

  it("is the same for any batch, the empty one included", async () => {
    const model = modelOf(
      `g (float[N,3] x, float[M,3] b, float[3] w) => (float[N,1] y) {
        s = Add(x, b) p = Mul(s, w) t = Tanh(p) a = ReduceMean(t, axis) y = Sqrt(a)
      }`.replace("=> (float[N,1] y)", "=> (float[N,1] y) <int64[1] axis = {1}>"),
    );
    const result = differentiate(model, { of: "y", wrt: ["x", "b", "w"] });
    const random = createRandom(5);
    for (const [n, m] of [
      [1, 1],
      [7, 1],
      [7, 7],
      [60, 1],
      [0, 1],
    ] as const) {
      const draw = (...dims: readonly number[]): ReferenceTensor => {
        const size = dims.reduce((product, dim) => product * dim, 1);
        return referenceTensor(
          "float",
          dims,
          Float64Array.from({ length: size }, () => Math.fround(random.uniform() + 0.1)),
        );
      };
      const feeds = new Map([
        ["x", draw(n, 3)],
        ["b", draw(m, 3)],
        ["w", draw(3)],
      ]);
      const expected = referenceRun(result, feeds);
      const actual = await runInOrt(result, feeds, true);
      for (const name of ["x", "b", "w"]) {
        const [got, wanted] = [actual.get(`${name}_grad`), expected.get(`${name}_grad`)];
        expect(got?.dims).toEqual([...(feeds.get(name)?.dims ?? [])]);
        wanted?.data.forEach((value, index) => {
          expect(got?.data[index]).toBeCloseTo(value, 4);
        });
      }
      if (n === 0) continue;
      const { forward, backward, scale } = adjointPair(model, feeds, random, "y", ["x", "b", "w"]);
      expect(Math.abs(forward - backward)).toBeLessThan(1e-6 * scale);
    }
  });

  it("walks a long chain", () => {
    const model = createModel(21);
    const { graph } = model;
    const build = new Builder(graph);
    let value: Value = graph.addInput({ name: "x", type: tensorType("float", [2]) });
    for (let i = 0; i < 5000; i++) value = build.op("Neg", [value], {}, `v${i}`);
    graph.addOutput(value);
    expect(addedOperators(model, differentiate(model, { of: value.name, wrt: ["x"] }))).toBe(
      "ConstantOfShape 1, Neg 5000",
    );
  });
});

describe("refusals", () => {
  const thrown = (text: string, of: string, wrt: readonly string[]): unknown => {
    try {
      differentiate(modelOf(text), { of, wrt });
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it("name operator and node without a rule", () => {
    const error = thrown(
      "g (float[2,2] x) => (float y) <int64[2] k = {1, 1}> { y = CenterCropPad(x, k) }",
      "y",
      ["x"],
    );
    expect(error).toMatchObject({
      code: "unsupported",
      id: "operator-has-no-gradient",
      message: expect.stringMatching(/^CenterCropPad /),
      where: { element: 'CenterCropPad "y"' },
    });
  });

  it("ask for functions to be inlined", () => {
    const text = `<ir_version: 10, opset_import: ["" : 21, "local" : 1]>
      g (float[2] x) => (float[2] y) { y = local.twice(x) }
      <domain: "local", opset_import: ["" : 21]> twice (a) => (b) { b = Add(a, a) }`;
    expect(thrown(text, "y", ["x"])).toMatchObject({
      code: "unsupported",
      id: "call-has-no-gradient",
      message: expect.stringMatching(/inline functions first/),
      where: { element: 'twice "y"' },
    });
  });

  it("stop at sequences and narrow floats, where a zero would be wrong", () => {
    const sequence = `g (float[2] x) => (float[2] y) <int64 at = {0}> {
      s = SequenceConstruct(x, x) y = SequenceAt(s, at)
    }`;
    expect(thrown(sequence, "y", ["x"])).toMatchObject({
      code: "unsupported",
      id: "operator-has-no-gradient",
      message: expect.stringMatching(/^SequenceAt /),
    });
    const narrow = "g (float[2] x) => (float[2] y) { n = Cast <to = 17> (x) y = Cast <to = 1> (n) }";
    expect(thrown(narrow, "y", ["x"])).toMatchObject({
      code: "unsupported",
      id: "gradient-rule-refuses",
      message: expect.stringMatching(/^Cast cannot be differentiated: float8e4m3fn is too coarse/),
    });
  });

  it("give the reason of a rule", () => {
    const text = `g (float[3] x, float[1] u, int64[1] i) => (float[3] y) {
      y = ScatterND <reduction = "mul"> (x, i, u)
    }`;
    expect(thrown(text, "y", ["x"])).toMatchObject({
      code: "unsupported",
      id: "gradient-rule-refuses",
      cause: expect.objectContaining({ kind: "refusal" }),
      message: 'ScatterND cannot be differentiated: its reduction is "mul"',
    });
  });

  it.each([
    ["y", ["i"], "value-has-no-gradient", /"i" is of type int64/],
    ["j", ["x"], "value-has-no-gradient", /"j" is of type int64/],
    ["nothing", ["x"], "value-is-not-in-model", /"nothing"/],
    ["y", ["nobody"], "value-is-not-in-model", /"nobody"/],
    ["y", [], "no-values-to-differentiate-by", /name inputs/],
  ])("of %s by %s: %s", (of, wrt, id, message) => {
    const text = "g (float[2] x, int64[1] i) => (float[1] y, int64[1] j) { y = Gather(x, i) j = Add(i, i) }";
    expect(thrown(text, of, wrt)).toMatchObject({
      code: "usage",
      id,
      message: expect.stringMatching(message),
    });
  });

  it("of a node whose outputs an annotation holds", () => {
    const model = modelOf("g (float[4] x) => (float[2] y) <int64[1] k = {2}> { y = TopK(x, k) }");
    valueNamed(model, "y").addUse({ kind: "pin", reason: "a test" });
    expect(() => differentiate(model, { of: "y", wrt: ["x"] })).toThrow(
      expect.objectContaining({
        id: "further-output-is-pinned",
        message: expect.stringContaining('"y"'),
      }),
    );
  });
});
