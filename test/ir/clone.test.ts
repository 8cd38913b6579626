import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloneGraph, cloneModel, type ValueMap } from "../../src/ir/clone.js";
import { modelsEqual } from "../../src/ir/equal.js";
import type { Graph, Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { printGraph } from "../../src/text/print.js";
import { randomModel } from "../support/random-model.js";

function allValues(model: Model): Set<Value> {
  const values = new Set<Value>();
  for (const graph of model.graphs()) {
    for (const value of [...graph.inputs, ...graph.initializers]) values.add(value);
    for (const node of graph.nodes()) for (const value of node.outputs) if (value !== null) values.add(value);
  }
  return values;
}

const WITH_BODY = `g (bool c, float[2] x, float[2] d = {1, 2}) => (float[2] y) <float[2] w = {3, 4}> {
  a = Add(x, w)
  y = If (c) <
    then_branch = yes () => (float[2] p) { p = Add(a, d) },
    else_branch = no () => (float[2] q) { q = Neg(w) }
  >
}`;

describe("cloneModel", () => {
  test("the copy of any sound model is equal, sound, and shares no value", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const model = randomModel(seed);
        const copy = cloneModel(model);
        expect(verify(model)).toEqual([]);
        expect(verify(copy)).toEqual([]);
        expect(modelsEqual(model, copy)).toBeUndefined();
        const originals = allValues(model);
        for (const value of allValues(copy)) expect(originals.has(value)).toBe(false);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("captures, defaults, functions, annotations and pins become those of the copy", () => {
    const model =
      parseModel(`<ir_version: 8, opset_import: ["" : 17, "l" : 1], producer_name: "p"> ${WITH_BODY}
      <domain: "l", opset_import: ["" : 17]> F <alpha> (a) => (b) { b = Elu <alpha: float = @alpha> (a) }`);
    const [w] = [...model.graph.initializers].filter((value) => value.name === "w");
    w?.addUse({ kind: "pin", reason: "annotation" });
    if (w !== undefined) {
      model.graph.annotations = [
        { tensor: w, parameters: [{ key: "k", value: w }], wire: new Uint8Array(1) },
      ];
    }
    const values: ValueMap = new Map();
    const copy = cloneModel(model, values);
    expect(modelsEqual(model, copy)).toBeUndefined();
    expect(verify(copy)).toEqual([]);
    const twin = w && values.get(w);
    expect(twin).toBeDefined();
    expect(twin).not.toBe(w);
    expect(twin?.isPinned).toBe(true);
    expect(copy.graph.annotations[0]?.tensor).toBe(twin);
    expect(copy.graph.annotations[0]?.parameters[0]?.value).toBe(twin);
    expect(twin?.tensor).toBe(w?.tensor);
    expect(copy.functions[0]?.body).not.toBe(model.functions[0]?.body);
  });

  test("editing the copy leaves the original as it was", () => {
    const model = parseGraph(WITH_BODY);
    const before = printGraph(model.graph);
    const copy = cloneModel(model);
    const add = copy.graph.first;
    const x = copy.graph.inputs[1];
    const a = add?.output(0);
    if (add === undefined || x === undefined || a === undefined) throw new Error("the text has changed");
    copy.graph.replaceUses(a, x);
    copy.graph.removeNode(add);
    copy.graph.inputs[0]?.rename("condition");
    copy.metadata = [{ key: "k", value: "v" }];
    expect(verify(copy)).toEqual([]);
    expect(printGraph(model.graph)).toBe(before);
    expect(verify(model)).toEqual([]);
    expect(modelsEqual(model, copy)).toBeDefined();
  });

  test("a chain of 50,000 nodes does not exhaust the stack", () => {
    const model = parseGraph("g (float x) => () {}");
    let value = model.graph.inputs[0] ?? null;
    for (let i = 0; i < 50_000; i++) {
      value = model.graph.addNode({ opType: "Relu", inputs: [value], outputs: [`v${i}`] }).output(0) ?? null;
    }
    expect(cloneModel(model).graph.nodeCount).toBe(50_000);
  });
});

test("cloneGraph copies a body within its model: values around it stay themselves", () => {
  const model = parseGraph(WITH_BODY);
  const branch = model.graph.last;
  const body: Graph | undefined = branch?.subgraphs[0];
  if (branch === undefined || body === undefined) throw new Error("the text has changed");
  const copy = cloneGraph(body, new Map(), model.graph);
  branch.set({ name: "spare_branch", kind: "graph", value: copy });
  expect(copy.first?.input(0)).toBe(body.first?.input(0));
  expect(copy.first?.output(0)).not.toBe(body.first?.output(0));
  expect(verify(model)).toEqual([]);
});
