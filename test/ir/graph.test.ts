import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { createRandom, type Random } from "../../src/base/random.js";
import { canReplace, type Graph, type Node, type Value } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph } from "../../src/text/parse.js";
import { printGraph } from "../../src/text/print.js";
import { pick, randomModel } from "../support/random-model.js";

function valueNamed(graph: Graph, name: string): Value {
  const own = [...graph.inputs, ...graph.initializers, ...[...graph.nodes()].flatMap((node) => node.outputs)];
  const found = own.find((value) => value?.name === name);
  if (!found) throw new Error(`no value ${name}`);
  return found;
}

function chain(): Model {
  return parseGraph("g (float x) => (float d) { a = Op1(x) b = Op2(a) c = Op3(b) d = Op4(c) }");
}

function opTypes(nodes: Iterable<Node>): string {
  return [...nodes].map(({ opType }) => opType.slice(2)).join("");
}

/** One random edit; the graphs stay sound under any of them. */
function edit(model: Model, random: Random): void {
  const graph = pick(random, [...model.graphs()]);
  const nodes = [...graph.nodes()];
  const node = nodes.length === 0 ? undefined : pick(random, nodes);
  const inputs = model.graph.inputs;
  switch (random.integer(0, 8)) {
    case 0:
      node?.setInput(random.integer(0, 5), random.uniform() < 0.3 ? null : pick(random, inputs));
      break;
    case 1:
      node?.setInputs([pick(random, inputs), null, pick(random, inputs)]);
      break;
    case 2:
      if (node?.outputs.every((value) => value === null || value.uses.size === 0)) graph.removeNode(node);
      break;
    case 3: {
      const output = node?.outputs.find((value) => value !== null);
      const input = pick(random, inputs);
      if (output && canReplace(output, input)) graph.replaceUses(output, input);
      break;
    }
    case 4: {
      const copied = graph.addNode(
        { opType: "Identity", inputs: [pick(random, inputs)], outputs: [graph.freshName("new")] },
        node,
      );
      const value = copied.output(0);
      if (value !== undefined && random.uniform() < 0.5) graph.addOutput(value);
      break;
    }
    case 5:
      if (graph.outputs.length > 0) {
        const own = graph.inputs.length > 0 ? graph.inputs : graph.outputs;
        graph.setOutput(random.integer(0, graph.outputs.length), pick(random, own));
      }
      break;
    case 6:
      for (const value of graph.initializers) if (value.uses.size === 0) graph.removeInitializer(value);
      break;
    case 7:
      if (node !== undefined) {
        const from = node.outputs.find((value) => value !== null);
        if (from) {
          const twin = graph
            .addNode(
              { opType: "Twin", inputs: [pick(random, inputs)], outputs: [graph.freshName("twin")] },
              node,
            )
            .output(0);
          if (twin !== undefined && canReplace(from, twin)) graph.replaceUses(from, twin);
        }
      }
      break;
  }
}

test("uses, names and order stay exact under random edits", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const model = randomModel(seed);
      const random = createRandom(seed + 1);
      for (let i = 0; i < 60; i++) {
        edit(model, random);
        expect(verify(model).slice(0, 1)).toEqual([]);
      }
    }),
    { seed: 1, numRuns: 40 },
  );
});

describe("iteration while editing", () => {
  test("the current node may be removed", () => {
    const { graph } = chain();
    const seen: Node[] = [];
    for (const node of graph.nodes()) {
      seen.push(node);
      const [input, output] = [node.input(0), node.output(0)];
      if (input === undefined || output === undefined || !canReplace(output, input)) continue;
      graph.replaceUses(output, input);
      graph.removeNode(node);
    }
    expect(opTypes(seen)).toBe("1234");
    expect(printGraph(graph)).toBe("g (float x) => (float d) {\n  d = Op4(x)\n}\n");
  });

  test("a node removed ahead is not visited, one added behind the current is", () => {
    const { graph } = chain();
    const seen: Node[] = [];
    for (const node of graph.nodes()) {
      seen.push(node);
      if (node.opType !== "Op1") continue;
      const [x, b] = [valueNamed(graph, "x"), valueNamed(graph, "b")];
      const next = node.next;
      graph.replaceUses(b, x);
      if (next !== undefined) graph.removeNode(next);
      graph.addNode({ opType: "Op9", inputs: [x], outputs: ["n"] }, node.next);
    }
    expect(opTypes(seen)).toBe("1934");
  });

  test("several nodes in a row may go, the current one among them", () => {
    const { graph } = chain();
    const seen: Node[] = [];
    for (const node of graph.nodes()) {
      seen.push(node);
      if (node.opType !== "Op2") continue;
      const third = node.next;
      graph.replaceUses(valueNamed(graph, "c"), valueNamed(graph, "a"));
      if (third !== undefined) graph.removeNode(third);
      graph.removeNode(node);
    }
    expect(opTypes(seen)).toBe("124");
  });
});

describe("replaceUses", () => {
  test("a graph output hands its name and type to its replacement", () => {
    const model = parseGraph("g (float[2] x) => (float[2] y) { a = Relu(x) y = Identity(a) }");
    const { graph } = model;
    const [a, y] = [valueNamed(graph, "a"), valueNamed(graph, "y")];
    graph.replaceUses(y, a);
    if (y.producer !== undefined) graph.removeNode(y.producer);
    expect(printGraph(graph)).toBe("g (float[2] x) => (float[2] y) {\n  y = Relu(x)\n}\n");
    expect(verify(model)).toEqual([]);
  });

  test("a graph output keeps its name against inputs, other outputs and pinned values", () => {
    const { graph } = parseGraph(`g (float[2] x) => (float[2] y, float[2] z) <float[2] w = {1, 2}> {
      a = Relu(x) y = Identity(a) z = Neg(x) }`);
    const [a, x, y, z, w] = ["a", "x", "y", "z", "w"].map((name) => valueNamed(graph, name));
    if (!a || !x || !y || !z || !w) throw new Error("the text has changed");
    expect([canReplace(y, a), canReplace(y, x), canReplace(y, z), canReplace(y, w)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(() => graph.replaceUses(y, x)).toThrow(NormfoldError);
    a.addUse({ kind: "pin", reason: "test" });
    expect([canReplace(y, a), canReplace(a, x)]).toEqual([false, false]);
  });

  test("captures of bodies follow", () => {
    const model = parseGraph(`g (bool c, float[2] x) => (float[2] y) {
      a = Identity(x)
      y = If(c) <then_branch = t () => (float[2] p) { p = Neg(a) }, else_branch = e () => (float[2] q) { q = Abs(a) }>
    }`);
    const { graph } = model;
    const [a, x] = [valueNamed(graph, "a"), valueNamed(graph, "x")];
    expect(a.users.map(({ opType }) => opType)).toEqual(["Neg", "Abs"]);
    graph.replaceUses(a, x);
    if (a.producer !== undefined) graph.removeNode(a.producer);
    expect(x.users.map(({ opType }) => opType)).toEqual(["Neg", "Abs"]);
    expect(verify(model)).toEqual([]);
  });
});

describe("removal", () => {
  test("a node that is still read stays", () => {
    const { graph } = chain();
    const node = graph.first;
    if (node !== undefined)
      expect(() => graph.removeNode(node)).toThrow(expect.objectContaining({ code: "internal" }));
  });

  test("a control-flow node gives up the captures and names of its bodies", () => {
    const model = parseGraph(`g (bool c, float[2] x) => (float[2] z) {
      y = If(c) <then_branch = t () => (float[2] p) <float[2] k = {1, 2}> { p = Add(x, k) }>
      z = Neg(x)
    }`);
    const { graph } = model;
    const node = graph.first;
    if (node !== undefined) graph.removeNode(node);
    expect(valueNamed(graph, "x").users.map(({ opType }) => opType)).toEqual(["Neg"]);
    expect(["y", "p", "k"].map((name) => graph.freshName(name))).toEqual(["y", "p", "k"]);
    expect(verify(model)).toEqual([]);
  });

  test("inputs keep existing without their default", () => {
    const { graph } = parseGraph("g (float[2] x = {1, 2}) => () {}");
    const x = valueNamed(graph, "x");
    graph.removeInitializer(x);
    expect([x.tensor, graph.inputs.length, graph.initializers.size]).toEqual([undefined, 1, 0]);
  });
});

describe("names", () => {
  test("a fresh name clashes with none, in bodies neither", () => {
    const { graph } = parseGraph(`g (bool c, float v) => () {
      y = If(c) <then_branch = t () => (float v_1) { v_1 = Neg(v) }>
    }`);
    expect(graph.freshName("v")).toBe("v_2");
    graph.addInitializer("v_2", tensorFromNumbers("float", [], [1]));
    expect(graph.freshName("v")).toBe("v_3");
    expect(graph.freshName("")).toBe("value");
  });
});

describe("constants", () => {
  test("a default may be overridden from IR version 4 on", () => {
    const model = parseGraph("g (float[1] x = {1}) => () <float[1] w = {2}> {}");
    expect([valueNamed(model.graph, "x").isConstant, valueNamed(model.graph, "w").isConstant]).toEqual([
      false,
      true,
    ]);
    model.graph.scope.initializersAreDefaults = false;
    expect(valueNamed(model.graph, "x").isConstant).toBe(true);
  });
});
