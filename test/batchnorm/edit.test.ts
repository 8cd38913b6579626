import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import { prune, removeUnusedConstants, substitute, withdrawOutputs } from "../../src/batchnorm/edit.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const made = () =>
  parseGraph(
    `g (float[2] x) => (float[2] y, float[2] z) <float[2] w = {1, 2}, float[2] v = {3, 4}> {
       a = Add (x, w) b = Exp (a) c = Neg (b) y = Abs (x) z = Sqrt (c) }`,
    { opset: 17 },
  );

describe("edits of a graph", () => {
  it("substitute hands over readers and the name", () => {
    const model = made();
    substitute(valueNamed(model, "c"), valueNamed(model, "a"));
    expect(sketch(model).slice(-1)).toEqual(["z = Sqrt(c)"]);
    expect(sketch(model)[0]).toBe("c = Add(x, w)");
  });

  it("substitute leaves the name of an output, which its replacement has taken over, alone", () => {
    const model = made();
    const output = valueNamed(model, "z");
    substitute(output, valueNamed(model, "a"));
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
    expect(output.name).toBe("z_replaced");
  });

  it("substitute takes over no name that a body in between has for a value of its own", () => {
    const model = parseGraph(
      `g (float[2] x, bool p) => (float[2] y, float[2] z) {
         a = Exp (x) y = If (p) <then_branch = t () => (c) { c = Neg (a) }, else_branch = e () => (d) { d = Abs (a) }>
         c = Neg (x) z = Sqrt (c) }`,
      { opset: 17 },
    );
    const from = present(
      [...model.graph.nodes()].find((node) => node.output(0)?.name === "c"),
      "c",
    ).output(0);
    substitute(present(from, "c"), valueNamed(model, "a"));
    expect(sketch(model)[0]).toBe("a = Exp(x)");
    expect(sketch(model).at(-1)).toBe("z = Sqrt(a)");
  });

  it("prune removes a chain that nothing reads, and stops at values with readers", () => {
    const model = made();
    withdrawOutputs(model.graph, new Set([valueNamed(model, "z")]));
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["y"]);
    const last = model.graph.last;
    if (last === undefined) throw new Error("a node");
    prune(last);
    expect(sketch(model)).toEqual(["y = Abs(x)"]);
    removeUnusedConstants(model.graph);
    expect([...model.graph.initializers]).toEqual([]);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  });
});
