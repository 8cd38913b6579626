import { describe, expect, it } from "vitest";
import { check } from "../../src/library/check.js";
import { mayRunEmpty } from "../../src/runtime/empty-batch.js";
import type { Runtime, RuntimeTensor, TensorMap } from "../../src/runtime/runtime.js";
import { bytesOf, checkModels, modelOf, tensor } from "../support/runtime.js";

const NET =
  "g (float[N,3] x) => (float[N,2] y) <float[3,2] W = {1,2,3,4,5,6}> { t = MatMul(x, W) y = Relu(t) }";

/** Gives the sum of x twice; of no samples, what `unwritten` finds in the memory of a session, counted from 0. */
function summing(unwritten: (session: number) => number): Runtime {
  const port = (name: string) => ({ name, dtype: "float" as const, shape: ["N"] });
  let sessions = 0;
  const run = (feeds: TensorMap, session: number): Map<string, RuntimeTensor> => {
    const length = feeds.get("x")?.dims[0] ?? 0;
    const value = length === 0 ? unwritten(session) : length;
    return new Map([["y", tensor("float", [2], [value, value])]]);
  };
  return {
    name: "summing",
    version: "1",
    open: () => {
      const session = sessions++;
      return Promise.resolve({
        inputs: [port("x")],
        outputs: [port("y")],
        run: (feeds) => Promise.resolve(run(feeds, session)),
        close: () => Promise.resolve(),
      });
    },
  };
}

describe("an empty batch", () => {
  it("is tried where all operators take one", () => {
    expect(mayRunEmpty(modelOf(NET))).toBe(true);
    expect(
      mayRunEmpty(
        modelOf(
          "g (float[5,N,3] x, float[1,4,3] w, float[1,4,4] r) => (float y) { y = RNN<hidden_size = 4>(x, w, r) }",
        ),
      ),
    ).toBe(false);
    const branch = "then_branch = t () => (a) { a = Neg(x) }, else_branch = e () => (b) { b = Abs(x) }";
    expect(mayRunEmpty(modelOf(`g (bool p, float[N] x) => (float y) { y = If<${branch}>(p) }`))).toBe(false);
  });

  it("is a set of its own, on which sizes may differ", async () => {
    const report = await check(modelOf(NET), modelOf(NET));
    expect(report.sets.map(({ name, inputs }) => [name, inputs[0]?.dims])).toEqual([
      ["normal", [1, 3]],
      ["large with zeros", [3, 3]],
      ["empty batch", [0, 3]],
    ]);
    // A size of -1 has no meaning where another is 0: right for every batch but the empty one.
    const view = (sizes: string): string =>
      `g (float[N,2] x) => (float[M,2] y) <int64[2] s = {${sizes}}> { y = Reshape(x, s) }`;
    expect((await check(modelOf(view("0, 2")), modelOf(view("0, -1")))).reason).toMatch(/-1|Reshape/);
  });

  it("is not tried with fixed sizes", async () => {
    const fixed = "g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }";
    expect((await check(modelOf(fixed), modelOf(fixed))).sets).toHaveLength(2);
  });

  it("is not judged where the original finds other memory in a second session, as onnxruntime leaves some unwritten", async () => {
    const [model, options] = [bytesOf(NET), { seed: 0, emptyBatch: true, numerics: "rounding" } as const];
    const report = await checkModels(model, model, { ...options, runtime: summing((session) => session) });
    expect(report.sets.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["normal", "equal"],
      ["large with zeros", "equal"],
      ["empty batch", "unjudged"],
    ]);
    expect(report).toMatchObject({ status: "equal", reason: undefined });
    // What only the result gives is the result's own.
    const wrong = summing((session) => (session === 1 ? 1 : 0));
    expect(await checkModels(model, model, { ...options, runtime: wrong })).toMatchObject({
      status: "differs",
      reason: expect.stringContaining('"y" on empty batch') as string,
    });
  });
});
