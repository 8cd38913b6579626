import { describe, expect, it } from "vitest";
import { verify } from "../../src/ir/verify.js";
import { cutAt, cutsOf, hiddenValues, valuesBefore } from "../../src/runtime/cuts.js";
import { modelOf } from "../support/runtime.js";

/** The values at which a model can be cut, beside itself. */
function cutsIn(graph: string, other = graph): readonly string[] {
  return cutsOf(modelOf(`g ${graph}`), modelOf(`g ${other}`)).map(
    ({ value, chooser }) => `${value}: ${chooser}`,
  );
}

describe("values by which a model decides", () => {
  it.each([
    ["TopK", "float[4] x", "y, i", "a = Neg (x) y, i = TopK (a, k)"],
    ["Cast", "float[4] x", "y", "a = Neg (x) y = Cast <to = 7> (a)"],
    ["Round", "float[4] x", "y", "a = Neg (x) y = Round (a)"],
    ["QuantizeLinear", "float[4] x", "y", "a = Neg (x) y = QuantizeLinear (a, s)"],
    [
      "If",
      "float[4] x, bool c",
      "y",
      "a = Neg (x) y = If (c) <then_branch = t () => (float[4] p) { p = Abs (a) }, else_branch = e () => (float[4] q) { q = Neg (a) }>",
    ],
  ])("%s", (name, inputs, outputs, nodes) => {
    const graph = `(${inputs}) => (${outputs}) <int64[1] k = {2}, float s = {0.5}> { ${nodes} }`;
    expect(cutsIn(graph)).toEqual([expect.stringMatching(new RegExp(`^a: ${name} "[yi]`))]);
  });

  it.each([
    ["values of TopK alone, which move as its input does", "a = Neg (x) y, i = TopK (a, k)"],
    ["a Cast between floats", "a = Neg (x) y = Cast <to = 11> (a)"],
    ["sizes", "a = Neg (x) y = Shape (a)"],
    ["inputs and constants", "b = Round (x) c = Round (s) y = Add (b, c)"],
  ])("not: %s", (_, nodes) => {
    expect(cutsIn(`(float[4] x) => (y) <int64[1] k = {2}, float s = {0.5}> { ${nodes} }`)).toEqual([]);
  });

  it("are looked for through operators that move elements, where the result has others", () => {
    const graph =
      "(float[2,3] x) => (y) <int64[1] f = {6}> { a = Neg (x) b = Reshape (a, f) y = ArgMax (b) }";
    const other =
      "(float[2,3] x) => (y) <int64[1] f = {6}> { a = Neg (x) c = Flatten <axis = 0> (a) d = Reshape (c, f) y = ArgMax (d) }";
    const [cut] = cutsOf(modelOf(`g ${graph}`), modelOf(`g ${other}`));
    expect(cut).toMatchObject({ value: "a", isDirect: false });
    expect(cutsOf(modelOf(`g ${graph}`), modelOf(`g ${graph}`))).toMatchObject([
      { value: "b", isDirect: true },
    ]);
  });

  it("become inputs of their readers, in bodies too, and outputs", () => {
    const model = modelOf(`g (float[4] x, bool c) => (y) { a = Neg (x) b = Abs (a)
      z = If (c) <then_branch = t () => (float[4] p) { p = Abs (a) }, else_branch = e () => (float[4] q) { q = Neg (b) }>
      y = Add (z, a) }`);
    const cut = cutAt(model, cutsOf(model, model));
    expect(verify(cut)).toEqual([]);
    expect(cut.graph.inputs.map(({ name }) => name)).toEqual(["x", "c", "a (given)", "b (given)"]);
    expect(cut.graph.outputs.map(({ name }) => name)).toEqual(["y", "a", "b"]);
    expect(model.graph.inputs).toHaveLength(2);
  });
});

describe("values that a value is made of", () => {
  it("are those before it, read in bodies too, and those beside them", () => {
    const model = modelOf(`g (float[4] x, bool c) => (y, z) <int64[1] k = {2}> {
      a = Neg (x) b = Abs (a) v, i = TopK (b, k) n = Exp (a)
      z = If (c) <then_branch = t () => (float[4] p) { p = Abs (a) }, else_branch = e () => (float[2] q) { q = Neg (v) }>
      y = Neg (n) }`);
    expect([...valuesBefore(model, "y")].sort()).toEqual(["a", "n", "y"]);
    expect([...valuesBefore(model, "z")].sort()).toEqual(["a", "b", "i", "v", "z"]);
    expect(valuesBefore(model, "none").size).toBe(0);
  });

  it("are looked for from the end, so that thousands of choices take no longer than their nodes", () => {
    const count = 4000;
    const nodes = Array.from(
      { length: count },
      (_, i) => `r${i} = Round (v${i}) v${i + 1} = Add (r${i}, v${i})`,
    );
    const model = modelOf(`g (float[4] x) => (v${count}) { v0 = Neg (x) ${nodes.join("\n")} }`);
    expect(cutsOf(model, model)).toHaveLength(count);
    expect(valuesBefore(model, `v${count}`).size).toBe(2 * count + 1);
  });
});

describe("values that an output hides", () => {
  it("are those of choices that it is made of alone", () => {
    const hidden = (nodes: string): readonly string[] =>
      hiddenValues(
        modelOf(
          `g (float[4] x) => (y) <int64[1] k = {2}, float[4] t = {1, 2, 3, 4}> { a = Neg (x) ${nodes} }`,
        ),
      );
    expect(hidden("v, i = TopK (a, k) y = Gather (t, i)")).toEqual(["a"]);
    expect(hidden("v, i = TopK (a, k) y = Gather (a, i)")).toEqual([]);
    expect(hidden("b = Round (a) c = Round (b) y = Neg (c)")).toEqual(["b"]);
    expect(hidden("y = Abs (a)")).toEqual([]);
  });
});
