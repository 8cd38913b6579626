import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { createModel } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";
import type { Facts } from "../../src/rules/facts.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { factText, valueNamed } from "../support/facts.js";
import { inferenceTable } from "../support/infer.js";

function factsOf(text: string, opset = 17): { facts: Facts; at: (name: string) => string } {
  const model = parseGraph(text, { opset });
  const facts = createFacts(model);
  return { facts, at: (name) => factText(facts, valueNamed(model, name)) };
}

describe("elements", () => {
  it("follows the arithmetic that exporters put around a Reshape", () => {
    const { at } = factsOf(`g (float[N,16,H,W] x) => (float[] y)
      <int64 two = {2}, int64[1] minus = {-1}, int64[1] axis = {0}, int64 zero = {0}, int64 two_again = {2}> {
        s = Shape(x)
        n = Gather(s, zero)
        h = Gather(s, two_again)
        half = Div(h, two)
        n1 = Unsqueeze(n, axis)
        half1 = Unsqueeze(half, axis)
        target = Concat<axis=0>(n1, half1, minus)
        y = Reshape(x, target)
      }`);
    expect(at("target")).toBe("int64[3] = N,floor(H/2),-1");
    expect(at("y")).toBe("float[N,floor(H/2),?]");
  });

  it("goes through floats as old exporters of Upsample do", () => {
    const { at } = factsOf(`g (float[N,3,H,20] x) => (float[] y)
      <int64[1] from = {2}, int64[1] to = {4}, float[1] factor = {1.5}, float[2] ones = {1,1}> {
        none = Constant<value_ints=[0]>()
        s = Shape(x)
        hw = Slice(s, from, to)
        f = Cast<to=1>(hw)
        twice = Add(f, f)
        g = Floor(twice)
        i = Cast<to=7>(g)
        nc = Slice(s, none, from)
        sizes = Concat<axis=0>(nc, i)
        y = Resize(x, "", "", sizes)
      }`);
    expect(at("sizes")).toBe("int64[4] = N,3,2*H,40");
    expect(at("y")).toBe("float[N,3,2*H,40]");
  });

  it("chooses, compares and masks", () => {
    const { at } = factsOf(`g (float[N,3] x) => (float[] y)
      <int64[2] wanted = {-1,3}, int64[2] ones = {1,1}, int64[2] minus = {-1,-1}> {
        is_open = Equal(wanted, minus)
        target = Where(is_open, ones, wanted)
        y = Expand(x, target)
      }`);
    expect(at("is_open")).toBe("bool[2] = 1,0");
    expect(at("target")).toBe("int64[2] = 1,3");
    expect(at("y")).toBe("float[N,3]");
  });

  it("does not take an element that may be -1 for a size", () => {
    const { at } = factsOf(`g (float[N,3] x, int64[1] k) => (float[] y)
      <int64[1] three = {3}> { s = Concat<axis=0>(k, three) y = Reshape(x, s) t = Tile(x, s) }`);
    expect(at("s")).toBe("int64[2] = ?,3");
    expect(at("y")).toBe("float[N,3]");
    expect(at("t")).toBe("float[?,9]");
  });

  it("never reads a tensor of more than 64 elements", () => {
    const model = createModel(17);
    const big = model.graph.addInitializer("big", tensorFromNumbers("int64", [65], new Array(65).fill(1)));
    const small = model.graph.addInitializer(
      "small",
      tensorFromNumbers("int64", [64], new Array(64).fill(1)),
    );
    const facts = createFacts(model);
    expect(facts.elements(big)).toBeUndefined();
    expect(facts.elements(small)?.length).toBe(64);
  });

  it("does not wrap around", () => {
    const { at } = factsOf(
      `g () => (int32 y) <int32 a = {2147483647}, int32 b = {1}> { y = Add(a, b) z = Sub(a, b) }`,
    );
    expect(at("y")).toBe("int32[]");
    expect(at("z")).toBe("int32[] = 2147483646");
  });
});

describe("declarations", () => {
  it("takes symbols from inputs, and placeholders for nothing", () => {
    const { at } = factsOf(
      `g (float[batch,"None","None",0] x, float[batch] v) => (float[] y) { y = Relu(x) z = Relu(v) }`,
    );
    expect(at("y")).toBe("float[batch,?,?,?]");
    expect(at("z")).toBe("float[batch]");
  });

  it("keeps two unknown sizes apart", () => {
    const model = parseGraph(`g (float["?","?"] x) => (float[] y) { y = Relu(x) }`);
    const facts = createFacts(model);
    const [a, b] = facts.shape(valueNamed(model, "y")) ?? [];
    expect(a).not.toEqual(b);
    expect(facts.shape(valueNamed(model, "y"))).toEqual(facts.shape(valueNamed(model, "x")));
  });

  it("helps where inference does not know", () => {
    const { at } = factsOf(`g (float[N,3] x, int64[2] s) => (float[] y) <float[N,5] a, int64[4,M] b> {
      a = Custom(x)
      b = Reshape(x, s)
      y = Relu(a)
    }`);
    expect(at("a")).toBe("float[?,5]");
    expect(at("b")).toBe("float[4,?]");
    expect(at("y")).toBe("float[?,5]");
  });

  it("gives way to inference, and is reported", () => {
    const { facts, at } = factsOf(
      `g (float[2,3] x) => (float[2,4] y) <int64[9] a> { a = Relu(x) y = Relu(a) }`,
    );
    expect(at("a")).toBe("float[2,3]");
    expect(at("y")).toBe("float[2,3]");
    expect(facts.conflicts.map(({ element, message }) => `${element}: ${message}`)).toEqual([
      '"a": declared int64, is float',
      '"a": declared with rank 1, has rank 2',
    ]);
  });

  it("does not believe the sizes of model outputs", () => {
    const { at } = factsOf("g (float[N,3] x) => (float[1,7] y) { y = Custom(x) }");
    expect(at("y")).toBe("float[?,?]");
  });

  it("takes a default value for no constant, unless the IR version says that it is one", () => {
    const text = (version: number): string =>
      `<ir_version: ${version}, opset_import: ["" : 17]> g (float[N,3] x, int64[2] s = {3,-1}) => (float[] y) { y = Reshape(x, s) }`;
    const shapes = [3, 8].map((version) => {
      const model = parseModel(text(version));
      return factText(createFacts(model), valueNamed(model, "y"));
    });
    expect(shapes).toEqual(["float[3,N]", "float[?,?]"]);
  });
});

describe("bodies", () => {
  it("joins the branches of an If, or follows the one that is taken", () => {
    const body = (condition: string): string => `g (float[N,3] x, bool c) => (float[] y) <bool t = {1}> {
      y = If (${condition}) <
        then_branch = one () => (float[] a) { a = Relu(x) },
        else_branch = two () => (float[] b) { b = Concat<axis=0>(x, x) }
      >
    }`;
    expect(factsOf(body("c")).at("y")).toBe("float[?,3]");
    expect(factsOf(body("t")).at("y")).toBe("float[N,3]");
  });

  it("lets carried values of a Loop change in size, and stacks the others", () => {
    const { at } = factsOf(`g (int64 m, bool c, float[N,3] x, float[N,3] same) => (float[] y) {
      y, kept, stack = Loop (m, c, x, same) <body = b (int64 i, bool go, float[] a, float[] k) => (bool go_on, float[] more, float[] k, float[] row) {
        go_on = Identity(go)
        more = Concat<axis=0>(a, x)
        row = Relu(k)
      }>
    }`);
    expect(at("i")).toBe("int64[]");
    expect(at("a")).toBe("float[...]");
    expect(at("y")).toBe("float[?,3]");
    expect(at("k")).toBe("float[N,3]");
    expect(at("kept")).toBe("float[N,3]");
    expect(at("stack")).toBe("float[?,N,3]");
  });

  it("gives a Scan's body slices", () => {
    const { at } = factsOf(`g (float[8] h0, float[S,5,8] x) => (float[] y) {
      y, ys = Scan (h0, x) <num_scan_inputs = 1, body = b (float[] h, float[] slice) => (float[] h2, float[] out) {
        axis = Constant<value_ints=[0]>()
        sum = ReduceSum<keepdims=0>(slice, axis)
        h2 = Add(h, sum)
        out = Identity(slice)
      }>
    }`);
    expect([at("slice"), at("h2"), at("y"), at("ys")]).toEqual([
      "float[5,8]",
      "float[8]",
      "float[8]",
      "float[S,5,8]",
    ]);
  });

  it("reads function bodies with their own imports, and takes calls for opaque", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
      g (float[1,N] x) => (float[] y) { a = Constant<value_ints=[0]>() z = Squeeze(x, a) y = local.f(x) }
      <opset_import: ["" : 11], domain: "local"> f (p) => (q) { u = Constant<value_ints=[2,2]>() q = Squeeze<axes=[0]>(p) }`);
    const facts = createFacts(model);
    const opsets = [...model.nodes()].map((node) => `${node.opType} ${facts.opset(node)}`);
    expect(opsets).toContain("Constant 11");
    expect(opsets).toContain("f 1");
    expect(factText(facts, valueNamed(model, "y"))).toBe("float[...]");
    expect(factText(facts, valueNamed(model, "z"))).toBe("float[N]");
    expect(factText(facts, valueNamed(model, "u"))).toBe("int64[2] = 2,2");
  });
});

describe("the engine", () => {
  it("takes a chain of 100,000 nodes", () => {
    const model = createModel(17);
    let value = model.graph.addInput({ name: "x", type: tensorType("float", ["N", 3]) });
    for (let i = 0; i < 100_000; i++) {
      const node = model.graph.addNode({ opType: "Relu", inputs: [value], outputs: [`v${i}`] });
      value = node.output(0) ?? value;
    }
    expect(factText(createFacts(model), value)).toBe("float[N,3]");
  });

  it("learns about new values, and forgets when told to", () => {
    const model = parseGraph("g (float[N,3] x) => (float[] y) { y = Relu(x) }");
    const facts = createFacts(model);
    const y = valueNamed(model, "y");
    expect(factText(facts, y)).toBe("float[N,3]");
    const node = model.graph.addNode({ opType: "Transpose", inputs: [y], outputs: ["t"] });
    expect(factText(facts, valueNamed(model, "t"))).toBe("float[3,N]");
    node.setInput(
      0,
      model.graph.addInitializer("c", tensorFromNumbers("double", [4, 5], new Array(20).fill(0))),
    );
    expect(factText(facts, valueNamed(model, "t"))).toBe("float[3,N]");
    facts.forget(valueNamed(model, "t"));
    expect(factText(facts, valueNamed(model, "t"))).toBe("double[5,4]");
  });

  it("survives a cycle", () => {
    const model = parseGraph("g (float[N] x) => (float[] y) { a = Add(x, x) y = Add(a, x) }");
    const [first] = model.graph.nodes();
    first?.setInput(1, valueNamed(model, "y"));
    expect(createFacts(model).dtype(valueNamed(model, "y"))).toBe("float");
  });

  it("reports contradictions and stays opaque there", () => {
    const { facts, at } = factsOf(`g (float[2,3] x, float[5,4] w) => (float[] y) {
      y = MatMul(x, w)
      a = Add(x, w)
      b = Transpose<perm=[0,0]>(x)
      c = Concat<axis=7>(x, x)
      d = Flatten<axis=1.5>(x)
    }`);
    expect(["a", "b", "c", "d"].map(at)).toEqual(["unknown", "unknown", "unknown", "unknown"]);
    expect(at("y")).toBe("float[...]");
    expect(facts.conflicts.map(({ element, message }) => `${element}: ${message}`)).toEqual([
      'Add "a": the input shapes do not broadcast',
      'Transpose "b": perm is no permutation of the axes',
      'Concat "c": the axis is outside the rank',
      'Flatten "d": attribute "axis" is float, not int',
      'MatMul "y": the inner sizes differ',
    ]);
  });
});

inferenceTable("an operator that nothing is known of", 17, [
  ["float[2] x", "y = NoSuchOperator(x)", "unknown"],
]);
