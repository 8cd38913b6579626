import { describe, expect, it } from "vitest";
import { profile } from "../../src/library/profile.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { modelOf, tensor } from "../support/runtime.js";

const SHORT = { duration: 0 } as const;

describe("a profile", () => {
  it("counts functions where they are called", async () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
      g (float[2,3] x) => (float[2,3] y) { a = f.twice (x)  y = f.twice (a) }
      <domain: "f", opset_import: ["" : 17]> twice (p) => (q) { r = Relu (p)  q = Add (r, r) }`);
    const { models } = await profile(model, { latency: false });
    expect(models[0]?.count).toMatchObject({ others: 24, uncounted: [] });
    expect(models[0]).toMatchObject({ latency: undefined, executed: undefined });
  });

  it("fixes open sizes by the data that it is given, and runs on it", async () => {
    const model = modelOf("g (float[N,3] x) => (float[N,3] y) { a = Exp (x)  y = Neg (a) }");
    const feeds = new Map([["x", tensor("float", [5, 3], new Array<number>(15).fill(1))]]);
    const report = await profile(model, { ...SHORT, data: [{ name: "own", feeds, expected: undefined }] });
    expect(report.inputs).toEqual([{ name: "x", dtype: "float", dims: [5, 3] }]);
    expect(report.models[0]).toMatchObject({
      count: { others: 30 },
      latency: { rounds: 1 },
      executed: { nodes: 2, operators: { Exp: 1, Neg: 1 } },
    });
  });

  it("takes a batch of the data where the model fixes it", async () => {
    const model = modelOf("g (float[2,3] x) => (float[2,3] y) { y = Exp (x) }");
    const feeds = new Map([["x", tensor("float", [6, 3], new Array<number>(18).fill(1))]]);
    const { inputs } = await profile(model, {
      ...SHORT,
      data: [{ name: "own", feeds, expected: undefined }],
    });
    expect(inputs[0]?.dims).toEqual([2, 3]);
  });

  it("says what onnxruntime fuses when it loads", async () => {
    const model = modelOf(
      "g (float[2,3] x) => (float[2,4] y) <float[3,4] w = {1,2,3,4,5,6,7,8,9,1,2,3}, float[4] b = {1,2,3,4}> { a = MatMul (x, w)  y = Add (a, b) }",
    );
    const { models, run } = await profile(model, SHORT);
    expect(models[0]?.executed).toEqual({ nodes: 1, operators: { Gemm: 1 } });
    expect(run).toMatchObject({ provider: "cpu", threads: 1, level: "all" });
    const off = await profile(model, { ...SHORT, level: "disabled", threads: Number.POSITIVE_INFINITY });
    expect(off.models[0]?.executed?.nodes).toBe(2);
    expect(off.run?.threads).toBeUndefined();
  });

  it("takes another model with the same inputs, and no other", async () => {
    const model = modelOf("g (float[2] x) => (float[2] y) { a = Neg (x)  y = Neg (a) }");
    const beside = modelOf("g (float[2] x) => (float[2] y) { y = Identity (x) }");
    const { models, ratio } = await profile(model, { ...SHORT, beside });
    expect(models.map((each) => each.nodes)).toEqual([2, 1]);
    expect(ratio?.median).toBeGreaterThan(0);
    const stranger = modelOf("g (float[2] z) => (float[2] y) { y = Identity (z) }");
    await expect(profile(model, { ...SHORT, beside: stranger })).rejects.toMatchObject({ code: "usage" });
    await expect(profile(model, { threads: 0 })).rejects.toMatchObject({ id: "wrong-option-value" });
  });

  it("runs in a runtime that measures nothing itself and writes no graph", async () => {
    const { open } = await defaultRuntime();
    const plain: Runtime = {
      name: "plain",
      version: "1",
      open: async (model) => {
        const { inputs, outputs, run, close } = await open(model);
        return { inputs, outputs, run, close };
      },
    };
    const model = modelOf("g (float[2] x) => (float[2] y) { y = Neg (x) }");
    const { models, run } = await profile(model, { ...SHORT, runtime: plain });
    expect(models[0]?.latency?.load.median).toBeGreaterThan(0);
    expect(models[0]?.executed).toBeUndefined();
    expect(run?.runtime).toBe("plain 1");
  });
});
