import { describe, expect, test } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { NormfoldError } from "../../src/base/errors.js";
import { Graph, type Node, type Value } from "../../src/ir/graph.js";
import { createModel, Model } from "../../src/ir/model.js";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";
import { assertValid, type CheckName, verify } from "../../src/ir/verify.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";

const SOUND = `
  main (float[N,3] x, bool c) => (float[N,4] y)
  <float[3,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, float[4] b = {1, 2, 3, 4}> {
    m = MatMul(x, w)
    a = Add(m, b)
    y = If (c) <
      then_branch = yes () => (float[N,4] p) { p = Relu(a) },
      else_branch = no () => (float[N,4] q) { q = Add(a, b) }
    >
  }`;

function sound(): Model {
  return parseGraph(SOUND);
}

function firstNode(model: Model, opType: string): Node {
  for (const node of model.nodes()) if (node.opType === opType) return node;
  throw new Error(`no ${opType}`);
}

function valueNamed(model: Model, name: string): Value {
  for (const graph of model.graphs()) {
    const own = [
      ...graph.inputs,
      ...graph.initializers,
      ...[...graph.nodes()].flatMap((node) => node.outputs),
    ];
    const found = own.find((value) => value?.name === name);
    if (found) return found;
  }
  throw new Error(`no value ${name}`);
}

function messages(model: Model, check: CheckName): readonly string[] {
  const violations = verify(model);
  expect([...new Set(violations.map((violation) => violation.check))]).toEqual([check]);
  return violations.map(({ message, where }) => `${where}: ${message}`);
}

/** Writes to what the editing API keeps read-only: the damage a bug would do. */
function damage<T extends object>(target: T, fields: { readonly [K in keyof T]?: unknown }): void {
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
  }
}

describe("declarations of constants", () => {
  test.each([
    ["another size", tensorType("float", [3, 5])],
    ["another rank", tensorType("float", [12])],
    ["other elements", tensorType("float16", [3, 4])],
    ["a sequence", { kind: "sequence", element: undefined } as const],
  ])("%s is no declaration of it", (_, type) => {
    const model = sound();
    valueNamed(model, "w").info = { name: "w", type };
    expect(messages(model, "declarations")).toEqual([
      expect.stringMatching(/initializer "w" holds float\[3,4\] and is declared otherwise/),
    ]);
    expect(() => assertValid(model)).not.toThrow();
  });

  test("symbols, an unknown rank and unknown elements say nothing against it", () => {
    for (const type of [
      tensorType("float", ["N", 4]),
      tensorType("float"),
      tensorType("undefined", [3, 4]),
    ]) {
      const model = sound();
      valueNamed(model, "w").info = { name: "w", type };
      expect(verify(model)).toEqual([]);
    }
  });
});

describe("verify", () => {
  test("accepts a sound model with captures", () => {
    expect(verify(sound())).toEqual([]);
  });

  describe("node-list", () => {
    test("a broken back link", () => {
      const model = sound();
      firstNode(model, "Add").previous = undefined;
      expect(messages(model, "node-list")).toEqual(['the graph: Add "a" has a wrong previous node']);
    });

    test("a cycle ends the walk", () => {
      const model = sound();
      firstNode(model, "If").next = model.graph.first;
      expect(messages(model, "node-list")).toEqual([
        "the graph: the list has more nodes than the 3 that were counted",
      ]);
    });

    test("a node cut off, a last node that is not last, a node of another graph", () => {
      const model = sound();
      firstNode(model, "MatMul").next = undefined;
      expect(messages(model, "node-list")).toEqual([
        "the graph: the last node is not where the list ends",
        "the graph: the list has 1 nodes, 3 were counted",
      ]);
      const other = sound();
      firstNode(other, "Add").graph = new Graph();
      expect(messages(other, "node-list")).toEqual(['the graph: Add "a" is listed but belongs elsewhere']);
    });

    test("one graph in two places", () => {
      const model = sound();
      const branch = firstNode(model, "If");
      const body = branch.subgraphs[0];
      if (body !== undefined) branch.set({ name: "else_branch", kind: "graph", value: body });
      expect(messages(model, "node-list")).toEqual([
        'else_branch of If "y": the graph is part of the model twice',
      ]);
    });
  });

  describe("ownership", () => {
    test("a body of another node", () => {
      const model = sound();
      const [body] = firstNode(model, "If").subgraphs;
      if (body !== undefined) body.owner = firstNode(model, "Add");
      expect(messages(model, "ownership")).toEqual(['If "y": then_branch of If "y" has another owner']);
    });

    test("a body with names of its own", () => {
      const model = createModel(17);
      const body = new Graph("body");
      const c = model.graph.addInput({ name: "c", type: tensorType("bool", []) });
      const constant = body.addNode({
        opType: "Constant",
        inputs: [],
        outputs: ["k"],
        attributes: { value_int: 1 },
      });
      body.addOutput(constant.output(0) ?? c);
      model.graph.addNode({
        opType: "If",
        inputs: [c],
        outputs: [],
        attributes: { then_branch: { kind: "graph", value: body } },
      });
      expect(messages(model, "ownership")).toEqual([
        'If "?": then_branch of If "?" does not share the names of its model',
      ]);
    });

    test("an outermost graph with an owner, a scope of another IR version", () => {
      const model = sound();
      model.graph.owner = firstNode(model, "MatMul");
      model.irVersion = 3;
      expect(messages(model, "ownership")).toEqual([
        "the graph: an outermost graph has an owner",
        "the model: initializers are read as for another IR version than 3",
      ]);
    });

    test("values of other graphs and producers", () => {
      const model = sound();
      const add = firstNode(model, "Add");
      damage(valueNamed(model, "x"), { producer: add });
      damage(valueNamed(model, "a"), { producer: undefined });
      valueNamed(model, "w").tensor = undefined;
      expect(messages(model, "ownership")).toEqual([
        'the graph: input "x" has a producer',
        'the graph: initializer "w" needs dense or sparse data, one of the two',
        'Add "a": output "a" does not name its node as producer',
      ]);
    });

    test("a default that is not among the initializers", () => {
      const model = sound();
      valueNamed(model, "x").tensor = tensorFromNumbers("float", [1, 3], [1, 2, 3]);
      expect(messages(model, "ownership")).toEqual([
        'the graph: input "x" has a default that is not among the initializers',
      ]);
    });
  });

  describe("uses", () => {
    test("a use that is not recorded", () => {
      const model = sound();
      const m = valueNamed(model, "m");
      for (const use of m.uses) m.removeUse(use);
      expect(messages(model, "uses")).toEqual(['Add "a": "m" does not record its use as input 0']);
    });

    test("a graph output that is not recorded", () => {
      const model = sound();
      const y = valueNamed(model, "y");
      for (const use of y.uses) y.removeUse(use);
      expect(messages(model, "uses")).toEqual(['the graph: "y" does not record its use as graph output 0']);
    });

    test("a use too many, and one twice", () => {
      const model = sound();
      const add = firstNode(model, "Add");
      valueNamed(model, "x").addUse({ kind: "node", node: add, index: 0 });
      valueNamed(model, "m").addUse({ kind: "node", node: add, index: 0 });
      expect(messages(model, "uses")).toEqual([
        'the graph: "x" records a use as input 0 of Add "a", which is not one',
        'MatMul "m": "m" records its use as input 0 of Add "a" twice',
      ]);
    });

    test("a use in a node that is gone", () => {
      const model = sound();
      const gone = model.graph.addNode({ opType: "Relu", inputs: [valueNamed(model, "m")], outputs: ["r"] });
      const use = { kind: "node", node: gone, index: 0 } as const;
      model.graph.removeNode(gone);
      expect(verify(model)).toEqual([]);
      valueNamed(model, "m").addUse(use);
      expect(messages(model, "uses")).toHaveLength(1);
    });

    test("an annotation whose value is not pinned", () => {
      const model = sound();
      model.graph.annotations = [{ tensor: valueNamed(model, "w"), parameters: [], wire: new Uint8Array() }];
      expect(messages(model, "uses")).toEqual([
        'the graph: an annotation names "w", which records no such use',
      ]);
      valueNamed(model, "w").addUse({ kind: "pin", reason: "annotation" });
      expect(verify(model)).toEqual([]);
    });
  });

  describe("names", () => {
    test("one name for two values", () => {
      const model = sound();
      valueNamed(model, "m").rename("x");
      expect(messages(model, "names")).toEqual(['MatMul "x": "x" is defined twice']);
    });

    test("a body that hides an outer name", () => {
      const model = sound();
      valueNamed(model, "p").rename("w");
      expect(messages(model, "names")).toEqual(['Relu "w": "w" hides a value of a graph around it']);
    });

    test("the two branches may share names", () => {
      const model = sound();
      valueNamed(model, "q").rename("p");
      expect(verify(model)).toEqual([]);
    });

    test("no name", () => {
      const model = sound();
      valueNamed(model, "m").rename("");
      expect(messages(model, "names")).toEqual(['MatMul "?": a value has no name']);
    });
  });

  describe("order", () => {
    test("a node before the producer of its input", () => {
      const model = sound();
      model.graph.moveBefore(firstNode(model, "Add"), firstNode(model, "MatMul"));
      expect(messages(model, "order")).toEqual(['Add "a": input "m" is not defined before the node']);
    });

    test("a capture of a value that is defined later", () => {
      const model = sound();
      model.graph.moveBefore(firstNode(model, "If"), firstNode(model, "Add"));
      expect(messages(model, "order")).toEqual([
        'Relu "p": input "a" is not defined before the node',
        'Add "q": input "a" is not defined before the node',
      ]);
    });

    test("a value of the other branch", () => {
      const model = sound();
      for (const body of firstNode(model, "If").subgraphs) {
        if (body.name === "no") body.first?.setInput(1, valueNamed(model, "p"));
      }
      expect(messages(model, "order")).toEqual(['Add "q": input "p" is not defined before the node']);
    });

    test("a graph output that nothing defines", () => {
      const model = sound();
      const elsewhere = sound();
      model.graph.addOutput(valueNamed(elsewhere, "b"));
      expect(verify(model).map(({ check, message }) => `${check}: ${message}`)).toContain(
        'order: output "b" is not defined in the graph',
      );
    });
  });

  test("opsets: a domain without import, unless a local function has it", () => {
    const text = (extra: string): string => `<ir_version: 8, opset_import: ["" : 17]>
      g (float[2] x) => (float[2] y) { y = my.ops.Scale(x) } ${extra}`;
    expect(messages(parseModel(text("")), "opsets")).toEqual([
      'Scale "y": the domain "my.ops" is not in opset_import',
    ]);
    const fn = '<domain: "my.ops", opset_import: ["" : 17]> Scale (a) => (b) { b = Relu(a) }';
    expect(verify(parseModel(text(fn)))).toEqual([]);
    const bare = fn.replace('"" : 17', '"other" : 1');
    expect(messages(parseModel(text(bare)), "opsets")).toEqual([
      'Relu "b": the domain of the standard operators is not in opset_import',
    ]);
  });

  test("attributes: without value, under another name, references outside of functions, beyond 64 bits", () => {
    const model = sound();
    const node = firstNode(model, "MatMul");
    node.set({ name: "empty", kind: "unknown" });
    node.set({ name: "newer", kind: "unknown", wire: Uint8Array.of(1) });
    node.set({ name: "linked", kind: "ref", ref: "alpha", type: "float" });
    node.set({ name: "wide", kind: "ints", value: [1n, 1n << 63n] });
    node.set({ name: "", kind: "int", value: 1n });
    expect(messages(model, "attributes")).toEqual([
      'MatMul "m": attribute "empty" has no value',
      'MatMul "m": attribute "linked" refers to "alpha", but only the body of a function may do so',
      'MatMul "m": attribute "wide" does not fit 64 bits',
      'MatMul "m": an attribute has no name',
    ]);
  });

  test("tensors: bytes, strings and sizes that do not agree", () => {
    const model = sound();
    const source = memorySource(new Uint8Array(16));
    const raw = (dims: readonly number[], offset: number, length: number): Tensor =>
      new Tensor("float", dims, { kind: "range", range: { source, offset, length } });
    const { graph } = model;
    graph.addInitializer("fits", raw([4], 0, 16));
    graph.addInitializer("short", raw([4], 0, 12));
    graph.addInitializer("behind", raw([3], 8, 12));
    graph.addInitializer("negative", raw([-1], 0, 0));
    graph.addInitializer("words", new Tensor("string", [2], { kind: "strings", values: [] }));
    graph.addInitializer(
      "untold",
      new Tensor("string", [1], { kind: "range", range: { source, offset: 0, length: 0 } }),
    );
    firstNode(model, "MatMul").set({ name: "value", kind: "tensor", value: raw([5], 0, 16) });
    expect(messages(model, "tensors")).toEqual([
      'the graph: initializer "short" has 12 bytes for float[4], which takes 16',
      'the graph: initializer "behind" ends behind its file, which has 16 bytes',
      'the graph: initializer "negative" has impossible sizes float[-1]',
      'the graph: initializer "words" has 0 strings for string[2]',
      'the graph: initializer "untold" is string[1], which cannot be raw bytes',
      'MatMul "m": attribute "value" has 16 bytes for float[5], which takes 20',
    ]);
  });

  test("tensors: computed data is not computed", () => {
    const model = sound();
    const compute = (): Uint8Array => {
      throw new Error("computed");
    };
    model.graph.addInitializer("lazy", new Tensor("float", [4], { kind: "computed", compute }));
    expect(verify(model)).toEqual([]);
  });

  test("interface: an input without type; an output may be without", () => {
    const model = parseGraph("g (x) => (y) { y = Relu(x) }");
    expect(messages(model, "interface")).toEqual(['the graph: input "x" has no type']);
  });

  test("ir-version: features newer than the version, and one that it demands", () => {
    const old = parseModel(`<ir_version: 7, opset_import: ["" : 15, "l" : 1]>
      g (float[2] x) => (float[2] y) { y = l.F:fast(x) }
      <domain: "l", opset_import: ["" : 15], overload: "fast"> F (a) => (b) { b = Relu(a) }`);
    expect(messages(old, "ir-version")).toEqual([
      "the model: functions came with IR version 8, the model says 7",
      "the model: overloads came with IR version 10, the model says 7",
    ]);
    const bare = new Model(new Graph("g"), [], 8);
    expect(messages(bare, "ir-version")).toEqual(["the model: IR version 8 needs opset_import"]);
  });

  test("assertValid throws the first violation with its place", () => {
    const model = parseGraph("g (x, z) => (y) { y = Relu(x) }");
    const thrown = ((): unknown => {
      try {
        assertValid(model, "net.onnx");
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(thrown).toBeInstanceOf(NormfoldError);
    expect(thrown).toMatchObject({
      id: "model-breaks-specification",
      code: "invalid",
      where: { file: "net.onnx", element: "the graph" },
    });
    expect(String(thrown)).toContain('input "x" has no type (and 1 more)');
    expect(() => assertValid(sound())).not.toThrow();
  });

  test("is linear: 100,000 nodes finish in time", () => {
    const model = createModel(17);
    let value = model.graph.addInput({ name: "x", type: tensorType("float", ["N"]) });
    for (let i = 0; i < 100_000; i++) {
      const node = model.graph.addNode({
        opType: "Relu",
        inputs: [value],
        outputs: [`v${i}`],
        attributes: { k: 1 },
      });
      value = node.output(0) ?? value;
    }
    model.graph.addOutput(value);
    value.info = { name: value.name, type: tensorType("float", ["N"]) };
    expect(verify(model)).toEqual([]);
  }, 20_000);
});
