import { describe, expect, it } from "vitest";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { parseModel } from "../../src/text/parse.js";
import { buildEnsemble } from "../../src/training/ensemble.js";
import { proveMean } from "../../src/training/ensemble-proof.js";

const net = (weights: string, end = "y = Gemm(x, w)", opset = 17): Model =>
  parseModel(`<ir_version: 8, opset_import: ["" : ${opset}]>
    net (float[N,2] x) => (float[N,3] y) <float[2,3] w = {${weights}}> { ${end} }`);

async function outputs(model: Model): Promise<readonly number[]> {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(model) });
  const results = await session.run(
    new Map([["x", { dtype: "float", dims: [1, 2], data: encodeNumbers("float", [1, 2]) }]]),
  );
  await session.close();
  const [y] = results.values();
  return y?.data instanceof Uint8Array ? [...decodeNumbers("float", y.data, 3)] : [];
}

const softmax = (logits: readonly number[]): readonly number[] => {
  const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
  return logits.map((z) => Math.exp(z) / total);
};

describe("buildEnsemble", () => {
  const a = net("1,0,0, 0,1,0");
  const b = net("0,1,0, 0,0,1", "z = Gemm(x, w)  y = Softmax <axis = -1> (z)");
  const c = net("0,0,1, 1,0,0", "z = Gemm(x, w)  y = LogSoftmax <axis = 1> (z)", 11);

  it("gives the mean of the probabilities, from logits, probabilities and their logarithms", async () => {
    const whole = buildEnsemble([a, b, c]);
    expect(verify(whole)).toEqual([]);
    expect(whole.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(whole.graph.outputs.map(({ name }) => name)).toEqual(["y"]);
    const each = [softmax([1, 2, 0]), softmax([0, 1, 2]), softmax([2, 0, 1])];
    const expected = [0, 1, 2].map((i) => each.reduce((sum, p) => sum + (p[i] ?? 0), 0) / 3);
    (await outputs(whole)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 6);
    });
  });

  it("takes the batch that one of its models fixes", async () => {
    const fixed = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      net (float[1,2] x) => (float[1,3] y) <float[2,3] w = {1,0,0, 0,1,0}> { y = Gemm(x, w) }`);
    for (const members of [
      [b, fixed],
      [fixed, b],
    ]) {
      const whole = buildEnsemble(members);
      expect(whole.graph.inputs[0]?.type).toMatchObject({ dtype: "float", shape: [1, 2] });
      const { difference } = await proveMean(members, whole, {}, await defaultRuntime());
      expect(difference).toBeLessThan(1e-6);
    }
  });

  it("generates no inputs that are too large", async () => {
    const wide = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      net (float[100000,100000] x) => (float[100000,3] y) 
        <int64[1] s = {0}, int64[1] e = {3}, int64[1] a = {1}> { y = Slice(x, s, e, a) }`);
    const whole = buildEnsemble([wide, wide]);
    await expect(proveMean([wide, wide], whole, {}, await defaultRuntime())).rejects.toMatchObject({
      id: "ensemble-inputs-are-too-large",
      where: { element: "x" },
    });
  });

  it("names the member that does not run", async () => {
    const none = net("1,0,0, 0,1,0", "z = Gemm(x, w)  q = Squeeze(z)  y = Unknown(q)");
    const whole = buildEnsemble([a, a]);
    await expect(proveMean([a, none], whole, {}, await defaultRuntime())).rejects.toMatchObject({
      where: { element: "model 2" },
    });
  });

  it("weighs the models, and keeps their bodies' names apart", async () => {
    const branchy = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      net (float[N,2] x) => (float[N,3] y) <float[2,3] w = {1,0,0, 0,1,0}, bool c = {1}> {
        z = Gemm(x, w)
        y = If (c) <then_branch = t () => (float[N,3] p) { p = Identity(z) }, else_branch = e () => (float[N,3] q) { q = Neg(z) }>
      }`);
    const whole = buildEnsemble([branchy, branchy, b], { weights: [1, 2, 0] });
    expect(verify(whole)).toEqual([]);
    (await outputs(whole)).forEach((value, i) => {
      expect(value).toBeCloseTo(softmax([1, 2, 0])[i] ?? 0, 6);
    });
  });

  it.each<[readonly Model[], object, id: string, RegExp]>([
    [[a], {}, "ensemble-needs-two-models", /two models/],
    [[a, b], { weights: [1] }, "ensemble-weights-do-not-match", /2 numbers/],
    [[a, b], { output: "q" }, "no-such-output", /model 1 has no output "q"; it has y/],
    [
      [
        a,
        parseModel(
          `<ir_version: 8, opset_import: ["" : 17]> n (float[N,4] x) => (float[N,4] y) { y = Relu(x) }`,
        ),
      ],
      {},
      "member-inputs-differ",
      /input "x" of model 2/,
    ],
    [
      [
        a,
        parseModel(
          `<ir_version: 8, opset_import: ["" : 17]> n (float[N,2] x) => (float[N,2] y) { y = Relu(x) }`,
        ),
      ],
      {},
      "member-classes-differ",
      /^model 2 /,
    ],
  ])("%#: says in one line what does not fit", (models, options, id, message) => {
    expect(() => buildEnsemble(models, options)).toThrow(
      expect.objectContaining({ id, message: expect.stringMatching(message) }),
    );
  });
});
