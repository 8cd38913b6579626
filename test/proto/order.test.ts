import { describe, expect, it } from "vitest";
import { orderedNodes } from "../../src/proto/order.js";
import type { GraphRecord, NodeRecord } from "../../src/proto/records.js";

function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  body?: GraphRecord,
): NodeRecord {
  return {
    inputs: [...inputs],
    outputs: [...outputs],
    name: undefined,
    opType: op,
    domain: undefined,
    overload: undefined,
    docString: undefined,
    attributes:
      body === undefined
        ? []
        : [{ name: "body", docString: undefined, kind: "graph", bodies: [body], unknown: undefined }],
    metadata: [],
    unknown: undefined,
    offset: 0,
  };
}

function graph(nodes: readonly NodeRecord[]): GraphRecord {
  return {
    name: "g",
    docString: undefined,
    nodes: [...nodes],
    initializers: [],
    sparse: [],
    inputs: [{ name: "x" }],
    outputs: [],
    valueInfo: [],
    annotations: [],
    metadata: [],
    unknown: undefined,
  };
}

function ordered(nodes: readonly NodeRecord[]): unknown {
  const producers = new Map(
    nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)),
  );
  return orderedNodes(graph(nodes), producers, new Map()).map(({ opType }) => opType);
}

describe("orderedNodes", () => {
  it("leaves nodes that are in order where they are", () => {
    expect(ordered([node("A", ["x"], ["a"]), node("B", ["x"], ["b"]), node("C", ["b", "a"], ["c"])])).toEqual(
      ["A", "B", "C"],
    );
  });

  it("moves producers before their users, and those of bodies too", () => {
    expect(ordered([node("C", ["a"], ["c"]), node("B", ["x"], ["b"]), node("A", ["b"], ["a"])])).toEqual([
      "B",
      "A",
      "C",
    ]);
    const body = graph([node("Inner", ["a"], ["i"])]);
    expect(ordered([node("If", [], ["y"], body), node("A", ["x"], ["a"])])).toEqual(["A", "If"]);
  });

  it("names the nodes of a cycle", () => {
    const cycle = [node("A", ["c"], ["a"]), node("B", ["a"], ["b"]), node("C", ["b"], ["c"])];
    expect(() => ordered(cycle)).toThrow(
      expect.objectContaining({
        id: "nodes-form-cycle",
        message: expect.stringMatching(/A "a".*B "b".*C "c"/),
      }),
    );
  });

  it("takes a chain longer than the stack", () => {
    const count = 50_000;
    const chain = Array.from({ length: count }, (_, i) => node(`N${i}`, [`v${i + 1}`], [`v${i}`]));
    const order = ordered(chain);
    expect(Array.isArray(order) && [order[0], order.at(-1)]).toEqual([`N${count - 1}`, "N0"]);
  });
});
