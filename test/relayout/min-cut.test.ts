import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { CutGraph, SINK, SOURCE } from "../../src/relayout/min-cut.js";

describe("CutGraph", () => {
  it("cuts the cheapest edges, with as few vertices at the source as can be", () => {
    const graph = new CutGraph();
    const [a, b] = [graph.vertex(), graph.vertex()];
    graph.edge(SOURCE, a, 3);
    graph.edge(a, b, 1);
    graph.edge(b, SINK, 1);
    const cut = graph.minimum();
    expect(cut.cost).toBe(1);
    expect([SOURCE, a, b, SINK].map(cut.onSourceSide)).toEqual([true, true, false, false]);
  });

  it("costs nothing where nothing leads to the sink", () => {
    const graph = new CutGraph();
    const a = graph.vertex();
    graph.edge(SOURCE, a, 5);
    graph.edge(SINK, a, 5);
    expect(graph.minimum().cost).toBe(0);
  });

  it("takes back a path that went the wrong way", () => {
    const graph = new CutGraph();
    const [a, b, c, d] = [graph.vertex(), graph.vertex(), graph.vertex(), graph.vertex()];
    graph.edge(SOURCE, a, 1);
    graph.edge(SOURCE, b, 1);
    graph.edge(a, d, 1);
    graph.edge(a, c, 1);
    graph.edge(b, d, 1);
    graph.edge(c, SINK, 1);
    graph.edge(d, SINK, 1);
    expect(graph.minimum().cost).toBe(2);
  });

  it("finds the same cut as trying all cuts", () => {
    const random = createRandom(3);
    for (let round = 0; round < 100; round++) {
      const count = random.integer(1, 6);
      const graph = new CutGraph();
      const vertices = [SOURCE, SINK, ...Array.from({ length: count }, () => graph.vertex())];
      const edges = Array.from({ length: random.integer(1, 14) }, () => ({
        from: vertices[random.integer(0, vertices.length)] ?? SOURCE,
        to: vertices[random.integer(0, vertices.length)] ?? SINK,
        capacity: random.integer(0, 5),
      }));
      for (const { from, to, capacity } of edges) graph.edge(from, to, capacity);
      let least = Number.POSITIVE_INFINITY;
      for (let sides = 0; sides < 2 ** count; sides++) {
        const atSource = (vertex: number): boolean =>
          vertex === SOURCE || (vertex !== SINK && ((sides >> (vertex - 2)) & 1) === 1);
        const cost = edges.reduce(
          (sum, { from, to, capacity }) => sum + (atSource(from) && !atSource(to) ? capacity : 0),
          0,
        );
        least = Math.min(least, cost);
      }
      const cut = graph.minimum();
      expect(cut.cost).toBe(least);
      const own = edges.reduce(
        (sum, { from, to, capacity }) =>
          sum + (cut.onSourceSide(from) && !cut.onSourceSide(to) ? capacity : 0),
        0,
      );
      expect(own).toBe(least);
    }
  });
});
