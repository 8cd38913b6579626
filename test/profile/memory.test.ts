import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { type PeakMemory, peakMemory } from "../../src/profile/memory.js";
import { parseGraph } from "../../src/text/parse.js";

function peakOf(text: string): PeakMemory {
  const model = parseGraph(text, { opset: 20 });
  return peakMemory(model, createFacts(model));
}

describe("peak memory", () => {
  it("holds the inputs, and each value until its last reader", () => {
    // x and a, then x and a beside b (of 160 bytes): a goes when b is there.
    expect(
      peakOf(
        "g (float[10] x) => (y) { a = Concat <axis = 0> (x, x)  b = Concat <axis = 0> (a, a)  y = ReduceSum <keepdims = 0> (b) }",
      ),
    ).toEqual({ bytes: 40 + 80 + 160, at: 'Concat "b"', isComplete: true });
  });

  it("is less where an elementwise operator writes over what nobody reads any more", () => {
    const chain = (reader: string): string =>
      `g (float[10] x) => (y) { a = Concat <axis = 0> (x, x)  b = Relu (a)  y = ${reader} }`;
    expect(peakOf(chain("Neg (b)")).bytes).toBe(40 + 80);
    // The caller's input stays, and so does what is read later.
    expect(peakOf("g (float[10] x) => (y) { y = Relu (x) }").bytes).toBe(80);
    expect(peakOf(chain("Add (a, b)")).bytes).toBe(40 + 160);
  });

  it("keeps a value for a body that reads it, and outputs to the end", () => {
    const { bytes, at } = peakOf(`g (float[10] x, bool c) => (y, b) {
      a = Concat <axis = 0> (x, x)  b = Concat <axis = 0> (x, x)
      y = If (c) <then_branch = t () => (p) { p = Concat <axis = 0> (a, a) }, else_branch = e () => (q) { q = Concat <axis = 0> (a, x) }> }`);
    expect(at).toContain("If");
    expect(bytes).toBe(41 + 80 + 80 + 160 + 0);
  });

  it("says when it is not all", () => {
    expect(peakOf("g (float[2] x, float[N] z) => (y) { y = Neg (x) }")).toMatchObject({
      bytes: 16,
      isComplete: false,
    });
    expect(peakOf("g () => (y) <float[4] y = {1,2,3,4}> { }")).toEqual({
      bytes: 0,
      at: undefined,
      isComplete: true,
    });
  });
});
