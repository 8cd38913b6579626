import { describe, expect, it } from "vitest";
import { evaluateConstants } from "../../src/runtime/evaluate.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { modelOf } from "../support/runtime.js";

const runtime = await defaultRuntime();

describe("evaluateConstants", () => {
  it("gives the outputs it is asked for as tensors", async () => {
    const model = modelOf(`g () => (float[2] y, int64[1] z) <float[2] a = {1, 2}> {
      b = Mul(a, a) y = Add(b, a) z = Shape(a)
    }`);
    const values = await evaluateConstants(runtime, model, ["y", "z"]);
    expect([...values.keys()]).toEqual(["y", "z"]);
    expect([...(values.get("y")?.toFloat64() ?? [])]).toEqual([2, 6]);
    expect(values.get("z")).toMatchObject({ dtype: "int64", dims: [1] });
    expect((await evaluateConstants(runtime, model, ["z"])).size).toBe(1);
  });

  it("gives strings", async () => {
    const model = modelOf(`g () => (string[1] y) <string[1] a = {"x"}> { y = Identity(a) }`);
    const value = (await evaluateConstants(runtime, model, ["y"])).get("y");
    expect(value?.data).toEqual({ kind: "strings", values: [new TextEncoder().encode("x")] });
  });

  it("says why it cannot", async () => {
    const model = modelOf(`g () => (float[1] y) <float[1] a = {1}> { y = NoSuchOperator(a) }`);
    await expect(evaluateConstants(runtime, model, ["y"])).rejects.toMatchObject({ code: "unsupported" });
    const open = modelOf("g (float[1] x) => (float[1] y) { y = Neg(x) }");
    await expect(evaluateConstants(runtime, open, ["y"])).rejects.toMatchObject({ code: "internal" });
  });
});
