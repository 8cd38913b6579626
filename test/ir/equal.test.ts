import { describe, expect, test } from "vitest";
import { modelsEqual } from "../../src/ir/equal.js";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";

const BASE = `g (bool c, float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}, float[2] b = {3, 4}, float[N,2] a> {
  [first] a = Op <alpha = 1.0, axis = 1, mode = "m", value = float[1] {1}> (x, w, "", b)
  y = If(c) <then_branch = t () => (float[N,2] p) { p = Neg(a) }, else_branch = e () => (float[N,2] q) { q = Neg(a) }>
}`;

describe("modelsEqual", () => {
  test("the order of initializers and attributes does not matter", () => {
    const other = BASE.replace(
      "float[2] w = {1, 2}, float[2] b = {3, 4}",
      "float[2] b = {3, 4}, float[2] w = {1, 2}",
    ).replace("alpha = 1.0, axis = 1", "axis = 1, alpha = 1.0");
    expect(other).not.toBe(BASE);
    expect(modelsEqual(parseGraph(BASE), parseGraph(other))).toBeUndefined();
  });

  test.each([
    ["float[N,2] x)", "float[M,2] x)", '"x" type: tensor float["N",2], tensor float["M",2]'],
    ["float[N,2] a>", "float[2] a>", '"a" type'],
    ["w = {1, 2}", "w = {1, 5}", 'graph initializer "w": the bytes differ from byte 6 on'],
    ["float[2] b = {3, 4}", "float[2,1] b = {3, 4}", 'graph initializer "b": float[2], float[2,1]'],
    ["float[2] b = {3, 4}", "double[2] b = {3, 4}", "float[2], double[2]"],
    ["[first]", "[second]", "graph nodes[0] name: first, second"],
    ["= Op", "= Op2", "graph nodes[0] operator: Op, Op2"],
    ["= Op", "= d.Op", "graph nodes[0] domain: , d"],
    ["= Op", "= Op:o", "graph nodes[0] overload: , o"],
    ["alpha = 1.0", "alpha = 1.5", 'attribute "alpha": 1, 1.5'],
    ["alpha = 1.0", "alpha = 1", 'attribute "alpha" kind: float, int'],
    ["axis = 1", "axis = 1, more = 2", 'attribute: "more" is only in the second'],
    ["axis = 1, ", "", 'attribute: "axis" is only in the first'],
    ['mode = "m"', 'mode = "n"', 'attribute "mode"'],
    ["float[1] {1}", "float[1] {2}", 'attribute "value": the bytes differ'],
    ['(x, w, "", b)', "(x, w, b)", "graph nodes[0] Op inputs: 4, 3 of them"],
    ['(x, w, "", b)', '(x, b, "", w)', "graph nodes[0] Op inputs[1]: w, b"],
    ["p = Neg(a)", "p = Neg(x)", "inputs[0]: a, x"],
    ["=> (float[N,2] q)", "=> (float[N,2] q, q)", 'attribute "else_branch" outputs: 1, 2 of them'],
    ["=> (float[N,2] y)", "=> (float[N,3] y)", '"y" type'],
  ])("%s / %s", (from, to, difference) => {
    const other = BASE.replace(from, to);
    expect(other).not.toBe(BASE);
    expect(modelsEqual(parseGraph(BASE), parseGraph(other))).toContain(difference);
  });

  test("headers and functions", () => {
    const text = (header: string, fn: string): string =>
      `<ir_version: 8, opset_import: ["" : 17]${header}> g (float x) => (x) {} <domain: "d", opset_import: ["" : 17]> ${fn}`;
    const base = parseModel(text("", "F <k> (a) => (b) { b = Neg(a) }"));
    const differs = (header: string, fn: string): string | undefined =>
      modelsEqual(base, parseModel(text(header, fn)));
    expect(differs("", "F <k> (a) => (b) { b = Neg(a) }")).toBeUndefined();
    expect(differs(', producer_name: "p"', "F <k> (a) => (b) { b = Neg(a) }")).toBe("producer_name: , p");
    expect(differs(', metadata_props: ["k" : "v"]', "F <k> (a) => (b) { b = Neg(a) }")).toContain(
      "metadata_props",
    );
    expect(differs("", "F <l> (a) => (b) { b = Neg(a) }")).toBe("functions[0] attributes: k, l");
    expect(differs("", "F <k> (a) => (b) { b = Abs(a) }")).toContain("operator: Neg, Abs");
  });

  test("notes count unless they are to be left out", () => {
    const [a, b] = [parseGraph(BASE), parseGraph(BASE)];
    const node = b.graph.first;
    if (node !== undefined) node.docString = "why";
    b.graph.metadata = [{ key: "k", value: "v" }];
    expect(modelsEqual(a, b)).toContain("nodes[0] doc_string: , why");
    expect(modelsEqual(a, b, { ignoreNotes: true })).toBeUndefined();
  });

  test("two values of one name are not one another", () => {
    const [a, b] = [parseGraph(BASE), parseGraph(BASE)];
    const impostor = b.graph.addInitializer("other", tensorFromNumbers("float", [2], [1, 2]));
    a.graph.addInitializer("other", tensorFromNumbers("float", [2], [1, 2]));
    impostor.rename("w");
    b.graph.first?.setInput(1, impostor);
    expect(modelsEqual(a, b)).toBeDefined();
  });

  test("data is compared wherever it comes from", () => {
    const of = (bytes: readonly number[]): Tensor =>
      new Tensor("uint8", [2], { kind: "computed", compute: () => Uint8Array.from(bytes) });
    const [a, b, c] = [parseGraph(BASE), parseGraph(BASE), parseGraph(BASE)];
    a.graph.addInitializer("t", tensorFromNumbers("uint8", [2], [7, 8]));
    b.graph.addInitializer("t", of([7, 8]));
    c.graph.addInitializer("t", of([7, 9]));
    expect(modelsEqual(a, b)).toBeUndefined();
    expect(modelsEqual(a, c)).toBe('graph initializer "t": the bytes differ from byte 1 on');
  });
});
