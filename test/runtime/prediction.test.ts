import { describe, expect, it } from "vitest";
import type { Model } from "../../src/ir/model.js";
import { check } from "../../src/library/check.js";
import { optimize } from "../../src/library/optimize.js";
import { createChecker } from "../../src/runtime/check.js";
import { describeInputs } from "../../src/runtime/inputs.js";
import { objectionTo, objectionToLoading } from "../../src/runtime/prediction.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { loadIn } from "../../src/training/lower-preview.js";

const GIB = 2 ** 30;

function objection(
  text: string,
  dims: Readonly<Record<string, readonly number[]>>,
  memory = GIB,
  weights = 0,
): string | undefined {
  const model = parseGraph(text, { opset: 17 });
  return objectionTo(model, memory, weights)(new Map(Object.entries(dims)))?.id;
}

describe("an objection to a run", () => {
  const tile =
    "g (float[N,M] x) => (y) <int64[2] s = {1000, 1000}> { e = Tile (x, s) y = ReduceSum <keepdims = 0> (e) }";

  it("rises with the sizes of the inputs", () => {
    expect(objection(tile, { x: [8, 8] })).toBeUndefined();
    expect(objection(tile, { x: [32, 32] })).toBe("run-needs-too-much-memory");
  });

  it("counts the weights too", () => {
    expect(objection(tile, { x: [8, 8] }, GIB, GIB)).toBe("run-needs-too-much-memory");
  });

  it("counts values as long as they live", () => {
    const chain = (nodes: string): string => `g (float[N] x) => (y) { ${nodes} }`;
    const elements = { x: [100_000_000] };
    // 400 MB each: two at a time, then three.
    expect(
      objection(chain("a = Neg (x) b = CumSum (a, z) y = Abs (b)").replace("x)", "x, int64 z)"), elements),
    ).toBeUndefined();
    expect(objection(chain("a = Neg (x) b = Abs (x) c = Exp (x) y = Sum (a, b, c)"), elements)).toBe(
      "run-needs-too-much-memory",
    );
  });

  it("knows elementwise operators write over what they read last", () => {
    expect(
      objection("g (float[N] x) => (y) { a = Neg (x) b = Exp (a) c = Abs (b) y = Sin (c) }", {
        x: [200_000_000],
      }),
    ).toBeUndefined();
  });

  it("does not object to what it does not know", () => {
    const unknown = "g (float[N] x) => (y) { z = NonZero (x) a = Cast <to = 1> (z) y = Exp (a) }";
    expect(objection(unknown, { x: [1000] })).toBeUndefined();
    const inserts = Array.from({ length: 40 }, (_, i) => `q${i + 1} = SequenceInsert (q${i}, x)`).join(" ");
    const sequence = `g (float[N] x, int64 i) => (y) { q0 = SequenceConstruct (x) ${inserts} y = SequenceAt (q40, i) }`;
    expect(objection(sequence, { x: [10_000_000], i: [] })).toBeUndefined();
    // A convolution need not lay its windows side by side.
    const conv = "g (float[1,1,N,N] x, float[1,1,31,31] w) => (y) { y = Conv (x, w) }";
    expect(objection(conv, { x: [1, 1, 2000, 2000], w: [1, 1, 31, 31] })).toBeUndefined();
    expect(
      objection("g (float[N] x, int64[2] s) => (y) { y = Expand (x, s) }", { x: [1], s: [2] }),
    ).toBeUndefined();
  });

  it("multiplies the body of a loop, and takes the lesser branch", () => {
    const loop = (count: number): string => `g (float[N,N] x) => (y) <int64 n = {${count}}> {
      y = Loop (n, , x) <body = b (int64 i, bool c, float[N,N] v) => (d, w) { w = MatMul (x, x) d = Identity (c) }> }`;
    expect(objection(loop(1000), { x: [100, 100] })).toBeUndefined();
    expect(objection(loop(10_000_000), { x: [100, 100] })).toBe("run-takes-too-many-operations");
    const branches = (other: string): string => `g (float[N] x, bool c) => (y) <int64[1] s = {1000000000}> {
      y = If (c) <then_branch = t () => (p) { p = Expand (x, s) }, else_branch = e () => (q) { q = ${other} }> }`;
    expect(objection(branches("Neg (x)"), { x: [1], c: [] })).toBeUndefined();
    expect(objection(branches("Expand (x, s)"), { x: [1], c: [] })).toBe("run-needs-too-much-memory");
  });
});

describe("the check", () => {
  /** Fails when it is asked to run more elements than it may. */
  const runtime = (most: number, seen: number[]): Runtime => ({
    name: "counting",
    version: "1",
    open: () =>
      Promise.resolve({
        inputs: [{ name: "x", dtype: "float", shape: ["N", "N"] }],
        outputs: [{ name: "y", dtype: "float", shape: [] }],
        run: (feeds) => {
          const size = feeds.get("x")?.dims[0] ?? 0;
          expect(size).toBeLessThanOrEqual(most);
          seen.push(size);
          return Promise.resolve(new Map([["y", { dtype: "float", dims: [], data: new Uint8Array(4) }]]));
        },
        close: () => Promise.resolve(),
      }),
  });

  it("tries smaller sizes where large ones need too much, and says why where none is small enough", async () => {
    const model = parseGraph(
      "g (float[N,N] x) => (y) <int64[2] s = {1000, 1000}> { e = Tile (x, s) y = ReduceSum <keepdims = 0> (e) }",
      { opset: 17 },
    );
    const run = async (memory: number): Promise<{ seen: number[]; unchecked: string | undefined }> => {
      const seen: number[] = [];
      const checker = await createChecker(
        { kind: "bytes", bytes: new Uint8Array() },
        {
          runtime: runtime(Math.sqrt(memory / 4e6), seen),
          seed: 0,
          inputs: describeInputs(model),
          objection: objectionTo(model, memory, 0),
        },
      );
      await checker.close();
      return { seen, unchecked: checker.unchecked };
    };
    expect((await run(4e6 * 4)).seen[0]).toBeLessThanOrEqual(2);
    expect(await run(1e6)).toEqual({
      seen: [],
      unchecked: expect.stringMatching(/^a run needs at least [\d.]+ [KM]iB of memory, .*--memory-limit/),
    });
  });
});

describe("an objection to loading", () => {
  /** Functions of which each calls the next twice. */
  const doubling = (levels: number): Model => {
    const bodies = Array.from({ length: levels }, (_, i) =>
      i === levels - 1 ? "y = Neg (x)" : `z = f.F${i + 1} (x) y = f.F${i + 1} (z)`,
    );
    return parseModel(`<ir_version: 8, opset_import: ["" : 17, "f" : 1]> g (float[2] x) => (float[2] y) { y = f.F0 (x) }
      ${bodies.map((body, i) => `<domain: "f", opset_import: ["" : 17, "f" : 1]> F${i} (x) => (y) { ${body} }`).join(" ")}`);
  };

  it("is raised to calls that multiply", () => {
    expect(objectionToLoading(doubling(16))).toBeUndefined();
    expect(objectionToLoading(doubling(17))).toBeUndefined();
    expect(objectionToLoading(doubling(18))?.id).toBe("calls-make-too-many-nodes");
    expect(objectionToLoading(doubling(41))?.message).toContain("3298534883327 nodes");
    expect(objectionToLoading(doubling(60))?.message).toContain("e+18 nodes");
  });

  it("keeps such a model from being opened", async () => {
    const opened: unknown[] = [];
    const runtime: Runtime = {
      name: "none",
      version: "0",
      open: (model) => Promise.reject(opened.push(model)),
    };
    const model = doubling(41);
    // Something is rewritten, else nothing would be compared.
    const { report } = await optimize(model, { runtime, opset: 18 });
    expect(report.check).toMatchObject({
      status: "unchecked",
      reason: expect.stringContaining("puts functions"),
    });
    await expect(check(model, doubling(2), { runtime })).resolves.toMatchObject({ status: "unchecked" });
    await expect(check(doubling(2), model, { runtime })).rejects.toMatchObject({
      id: "calls-make-too-many-nodes",
    });
    await expect(loadIn(runtime, model)).rejects.toMatchObject({ id: "calls-make-too-many-nodes" });
    expect(opened).toEqual([]);
  });
});
