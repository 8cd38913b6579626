import { describe, expect, it } from "vitest";
import { cloneModel } from "../../src/ir/clone.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { extractSubmodel } from "../../src/library/submodel.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { printModel } from "../../src/text/print.js";
import { modelOf } from "../support/rewrite.js";
import { sketch } from "../support/text.js";

const BRANCHED = `g (float[N,3] x, float[N,3] z) => (float[N,3] y, float[N,3] w)
  <float[3] k = {1, 2, 3}, float[3] l = {4, 5, 6}> {
    a = Mul(x, k)  b = Relu(a)  c = Add(b, z)  d = Mul(c, l)  y = Tanh(d)  w = Exp(b)
  }`;

async function run(model: Model, feeds: Readonly<Record<string, readonly number[]>>): Promise<number[][]> {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(model) });
  const tensors = new Map(
    Object.entries(feeds).map(([name, values]) => [
      name,
      {
        dtype: "float" as const,
        dims: [values.length / 3, 3],
        data: new Uint8Array(Float32Array.from(values).buffer),
      },
    ]),
  );
  const results = await session.run(tensors);
  await session.close();
  return [...results.values()].map(({ data }) =>
    data instanceof Uint8Array ? [...new Float32Array(data.slice().buffer)] : [],
  );
}

describe("extractSubmodel", () => {
  it("keeps only the nodes between the borders", async () => {
    const part = extractSubmodel(modelOf(BRANCHED), { inputs: ["c"], outputs: ["d", "y"] });
    expect(verify(part)).toEqual([]);
    expect(sketch(part)).toEqual(["d = Mul(c, l)", "y = Tanh(d)"]);
    expect(part.graph.inputs.map(({ name }) => name)).toEqual(["c"]);
    expect(part.graph.outputs.map(({ name }) => name)).toEqual(["d", "y"]);
    expect([...part.graph.initializers].map(({ name }) => name)).toEqual(["l"]);
    expect(await run(part, { c: [1, 0, -1] })).toEqual([
      [4, 0, -6],
      [Math.fround(Math.tanh(4)), 0, Math.fround(Math.tanh(-6))].map((value) => expect.closeTo(value, 6)),
    ]);
  });

  it("drops inputs that the outputs do not need, and leaves the original alone", () => {
    const model = modelOf(BRANCHED);
    const before = printModel(model);
    const part = extractSubmodel(model, { outputs: ["w"] });
    expect(part.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(sketch(part)).toEqual(["a = Mul(x, k)", "b = Relu(a)", "w = Exp(b)"]);
    expect(printModel(model)).toBe(before);
  });

  it("gives inputs and outputs in the order asked for, with their types", () => {
    const part = extractSubmodel(modelOf(BRANCHED), { inputs: ["z", "b"], outputs: ["w", "y"] });
    expect(part.graph.inputs.map(({ name, type }) => [name, type])).toEqual([
      ["z", { kind: "tensor", dtype: "float", shape: ["N", 3] }],
      ["b", { kind: "tensor", dtype: "float", shape: ["N", 3] }],
    ]);
    expect(part.graph.outputs.map(({ name }) => name)).toEqual(["w", "y"]);
    expect(verify(part)).toEqual([]);
  });

  it("cuts a node with two outputs, of which one is still read", () => {
    const split = `g (float[2,4] x) => (float[2,2] y) { a, b = Split <axis = 1, num_outputs = 2> (x)  y = Add(a, b) }`;
    const part = extractSubmodel(modelOf(split, 18), { inputs: ["x", "a"] });
    expect(verify(part)).toEqual([]);
    expect(part.graph.inputs.map(({ name }) => name)).toEqual(["x", "a"]);
    expect(sketch(part).at(-1)).toBe("y = Add(a, b)");
  });

  it("cuts values that a body captures", () => {
    const model = modelOf(`g (bool c, float[3] x) => (float[3] y) {
      a = Relu(x)
      y = If (c) <then_branch = t () => (float[3] p) { p = Exp(a) }, else_branch = e () => (float[3] q) { q = Neg(a) }>
    }`);
    const part = extractSubmodel(model, { inputs: ["c", "a"] });
    expect(verify(part)).toEqual([]);
    expect([...part.graph.nodes()].map(({ opType }) => opType)).toEqual(["If"]);
  });

  it.each([
    [{ outputs: ["nowhere"] }, "unknown-value", /no value "nowhere"/],
    [{ inputs: ["c"], outputs: ["w"] }, "outputs-need-another-input", /also need input "x"/],
    [{ outputs: ["y", "y"] }, "border-is-named-twice", /"y" is named twice/],
    [{ inputs: [] }, "borders-are-empty", /no input is named/],
  ])("names the fault of %j in one line", (borders, id, message) => {
    expect(() => extractSubmodel(modelOf(BRANCHED), borders)).toThrow(
      expect.objectContaining({ code: "usage", id, message: expect.stringMatching(message) }),
    );
  });
});

describe("keep", () => {
  const text = `g (float[N,3] x) => (float[N,3] y) <float[3] k = {1, 2, 3}> {
    a = Identity(x)  b = Mul(a, k)  c = Mul(b, k)  y = Relu(c)
  }`;

  it("leaves named values and nodes where they are", async () => {
    const model = modelOf(text);
    const free = await rewriteModel(model);
    expect([...free.model.nodes()]).toHaveLength(2);
    const kept = await rewriteModel(model, { keep: ["a", "b"] });
    expect(sketch(kept.model).slice(0, 2)).toEqual(["a = Identity(x)", "b = Mul(a, k)"]);
    expect(kept.refusals.some(({ reason }) => reason.includes("it is to be kept"))).toBe(true);
  });

  it("binds nothing after the run", async () => {
    const { model } = await rewriteModel(modelOf(text), { keep: ["b"] });
    const again = await rewriteModel(cloneModel(model));
    expect([...again.model.nodes()]).toHaveLength(2);
  });

  it("refuses an unknown name", async () => {
    await expect(rewriteModel(modelOf(text), { keep: ["zz"] })).rejects.toMatchObject({
      id: "nothing-to-keep",
    });
  });
});
