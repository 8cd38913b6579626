import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { axisOf, cutsOf, partsAlong, positions } from "../../src/rewrite/cuts.js";
import { parseGraph } from "../../src/text/parse.js";

const model = parseGraph(
  `g (float[N,7] x, float[N,M] z, int64[1] fed) => (float[] y)
   <int64[2] s = {1, -3}, int64[2] e = {5, 7}, int64[2] a = {-1, 0}, int64[2] t = {2, 1}> {
     p = Slice (x, s, e, a, t) q = Slice (x, s, e) r = Slice (x, fed, fed)
     u = Concat <axis = -1> (x, x) w = Concat <axis = 1> (x, z) y = Neg (u) }`,
  { opset: 17 },
);
const facts = createFacts(model);
const [p, q, r, u, w] = [...model.graph.nodes()];

describe("cuts of a Slice", () => {
  it("are by axis, from the front", () => {
    if (p === undefined || q === undefined || r === undefined) throw new Error("Slices");
    expect([...(cutsOf(p, facts) ?? [])]).toEqual([
      [1, { start: 1, end: 5, step: 2 }],
      [0, { start: -3, end: 7, step: 1 }],
    ]);
    expect([...(cutsOf(q, facts) ?? [])].map(([axis]) => axis)).toEqual([0, 1]);
    expect(cutsOf(r, facts)).toBeUndefined();
  });

  it("take positions that lie inside", () => {
    expect(positions({ start: 1, end: 100, step: 2 }, 6)).toEqual({ first: 1, count: 3, step: 2 });
    expect(positions({ start: -2, end: 6, step: 1 }, 6)).toEqual({ first: 4, count: 2, step: 1 });
    expect(positions({ start: 5, end: 2, step: 1 }, 6)).toEqual({ first: 5, count: 0, step: 1 });
    expect(positions({ start: 5, end: 0, step: -1 }, 6)).toBeUndefined();
  });
});

describe("parts side by side", () => {
  it("know where each begins, as far as sizes are known", () => {
    if (u === undefined || w === undefined) throw new Error("Concats");
    expect([axisOf(u, facts), axisOf(w, facts)]).toEqual([1, 1]);
    expect(partsAlong(u.inputs, 1, facts)?.map(({ first, size }) => [first, size])).toEqual([
      [0, 7],
      [7, 7],
    ]);
    expect(partsAlong(w.inputs, 1, facts)).toBeUndefined();
  });
});
