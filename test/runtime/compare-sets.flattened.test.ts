import { describe, expect, it } from "vitest";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { flattenedOutputs, probesOf, withProbes } from "../../src/runtime/probes.js";
import { parseGraph } from "../../src/text/parse.js";
import { checkModels } from "../support/runtime.js";

/** Two large logits near each other, of whole numbers that no noise moves; the second off by `error`. */
const classifier = (error: number, last = "Softmax <axis = 1>"): string =>
  `g (int64[N,2] x) => (float[N,2] y) <float[2] e = {0, ${error}}>
   { f = Cast <to = 1> (x)  z = Add (f, e)  s = ${last} (z)  y = Identity (s) }`;

async function compared(a: string, b: string, isTold = true): Promise<CheckReport> {
  const [original, result] = [parseGraph(a), parseGraph(b)];
  const probes = probesOf(original);
  const bytes = (model: typeof original) => ({
    kind: "bytes" as const,
    bytes: encodeToBytes(withProbes(model, probes)),
  });
  const feeds = new Map([
    ["x", { dtype: "int64" as const, dims: [1, 2], data: encodeNumbers("int64", [64, 64]) }],
  ]);
  return checkModels(bytes(original), bytes(result), {
    runtime: await defaultRuntime(),
    seed: 0,
    numerics: "rounding",
    optional: probes,
    feeds: [{ name: "given", feeds, expected: undefined }],
    ...(isTold ? { flattened: flattenedOutputs(original) } : {}),
  });
}

describe("an output behind a Softmax", () => {
  it("may move as far as the rounding of its logits makes it, and no further", async () => {
    // 64 in float32 is known to 4e-6: ten of them are rounding, and move a probability by 2e-5 * 1/4 each way.
    const near = classifier(6.1e-5);
    const report = await compared(classifier(0), near);
    expect(report.status).toBe("equal");
    const [set] = report.sets;
    expect(set?.outputs.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["y", "equal"],
      ["z", "equal"],
    ]);
    expect(set?.outputs[0]?.tolerance.why).toMatch(/^"z", which it is made of, is equal and 6\.1e-5 off$/);
    expect((await compared(classifier(0), near, false)).reason).toMatch(/output "y"/);
    // Farther than its logits may be.
    const far = await compared(classifier(0), classifier(1e-3));
    expect(far.status).toBe("differs");
    expect(far.sets[0]?.outputs.map(({ verdict }) => verdict)).toEqual(["differs", "differs"]);
  });

  it("is judged by itself where its logits are equal and it is another function of them", async () => {
    const report = await compared(classifier(0.001), classifier(0.001, "Softmax <axis = 0>"));
    expect(report.reason).toMatch(/output "y"/);
    expect(report.sets[0]?.outputs.map(({ verdict }) => verdict)).toEqual(["differs", "equal"]);
  });

  it("is judged by itself as far as its logits have not moved it", async () => {
    // The logits may be 1.3e-4 off and are 6.1e-5 off. That does not explain 4.6e-5, so a node behind them is wrong.
    const tripled = `g (int64[N,2] x) => (float[N,2] y) <float[2] e = {0, 6.1e-5}, float k = {3}>
      { f = Cast <to = 1> (x)  z = Add (f, e)  w = Mul (z, k)  s = Softmax <axis = 1> (w)  y = Identity (s) }`;
    const report = await compared(classifier(0), tripled);
    expect(report.sets[0]?.outputs.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["y", "differs"],
      ["z", "equal"],
    ]);
  });

  it("says which outputs are smooth functions of which values, and their largest slope", () => {
    const of = (last: string): unknown => [...flattenedOutputs(parseGraph(classifier(0, last)))];
    expect(of("Softmax <axis = 1>")).toEqual([["y", { probe: "z", slope: 0.5 }]]);
    expect(of("Sigmoid")).toEqual([["y", { probe: "z", slope: 0.25 }]]);
    expect(of("Hardmax <axis = 1>")).toEqual([]);
    expect(of("Relu")).toEqual([]);
  });
});
