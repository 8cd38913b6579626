import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";

/** The nodes that all passes leave; the outputs are compared in onnxruntime where it carries them. */
async function left(text: string, options: Parameters<typeof rewrite>[1] = {}): Promise<readonly string[]> {
  return (await rewrite(text, options)).ops;
}

describe("strings", () => {
  it("equal tables are one, tables that differ in a letter are two", async () => {
    const ops = await left(
      `g (int64[N] i) => (y, z, w) <string[2] a = {"one", "two"}, string[2] b = {"one", "two"}, string[2] c = {"one", "twо"}>
       { j = Clip (i, zero, one) y = Gather (a, j) z = Gather (b, j) w = Gather (c, j) }`.replace(
        "<string",
        "<int64 zero = {0}, int64 one = {1}, string",
      ),
    );
    expect(ops.slice(1)).toEqual(["y = Gather(a, j)", "z = Identity(y)", "w = Gather(c, j)"]);
  });

  it("where they are cut does not make them equal: ab c is not a bc", async () => {
    const ops = await left(
      `g (int64[N] i) => (y, z) <int64 zero = {0}, int64 one = {1}, string[2] a = {"ab", "c"}, string[2] b = {"a", "bc"}>
       { j = Clip (i, zero, one) y = Gather (a, j) z = Gather (b, j) }`,
    );
    expect(ops.slice(1)).toEqual(["y = Gather(a, j)", "z = Gather(b, j)"]);
  });

  it("a constant of strings is not computed, and stays right", async () => {
    const ops = await left(
      `g (int64[N] i) => (y) <int64 zero = {0}, int64[2] order = {1, 0}, string[2] a = {"one", "two"}>
       { b = Gather (a, order) k = Mul (i, zero) y = Gather (b, k) }`,
    );
    expect(ops).toEqual(["b = Gather(a, order)", "k = Mul(i, zero)", "y = Gather(b, k)"]);
  });
});

describe("sequences, optionals and maps", () => {
  it("equal sequences are one, those of other elements are not", async () => {
    const ops = await left(
      `g (float[N] x, int64 last) => (y, z)
       { n = Neg (x) s = SequenceConstruct (x, n) t = SequenceConstruct (x, n) u = SequenceConstruct (n, x)
         a = SequenceAt (s, last) b = SequenceAt (t, last) y = Add (a, b) z = SequenceAt (u, last) }`,
    );
    expect(ops.filter((line) => line.includes("SequenceConstruct"))).toHaveLength(2);
    expect(ops).toContain("y = Add(a, a)");
  });

  it("a sequence of constants is no initializer", async () => {
    const ops = await left(
      `g (float[2] x) => (y) <float[2] a = {1, 2}, float[2] b = {3, 4}, int64 last = {-1}>
       { s = SequenceConstruct (a, b) k = SequenceAt (s, last) y = Add (x, k) }`,
    );
    expect(ops.at(-1)).toMatch(/^y = Add\(x, /);
    expect(ops.every((line) => !line.startsWith("s = ") || line.includes("SequenceConstruct"))).toBe(true);
  });

  it("a sequence that a caller gets, of two equal ones, stays under both names", async () => {
    const ops = await left(
      `g (float[N] x) => (seq(float[N]) s, seq(float[N]) t, float[N] y)
       { s = SequenceConstruct (x, x) t = SequenceConstruct (x, x) y = Neg (x) }`,
    );
    expect(ops).toHaveLength(3);
  });

  it("optionals of one value are one", async () => {
    const ops = await left(
      `g (float[N] x) => (y, bool h)
       { a = Optional (x) b = Optional (x) u = OptionalGetElement (a) v = OptionalGetElement (b)
         y = Add (u, v) h = OptionalHasElement (a) }`,
    );
    expect(ops.filter((line) => line.includes("= Optional("))).toHaveLength(1);
    expect(ops).toContain("y = Add(u, u)");
  });

  it("maps of another operator set are left alone", async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17, "ai.onnx.ml" : 3]>
      g (float[N,2] x) => (seq(map(int64, float)) m, float[N,2] y)
      { m = ai.onnx.ml.ZipMap <classlabels_int64s: ints = [0, 1]> (x) y = Softmax <axis = -1> (x) }`;
    expect(await left(text)).toEqual(["m = ZipMap(x)", "y = Softmax(x)"]);
  });
});

describe("optional inputs", () => {
  it("a bound below is not one above", async () => {
    const ops = await left(
      `g (float[N] x) => (y, z, w) <float k = {0.25}>
       { y = Clip (x, k) z = Clip (x, "", k) w = Clip (x, k, "") }`,
    );
    expect(ops.filter((line) => line.includes('(x, "", k)'))).toHaveLength(1);
    expect(ops.filter((line) => line.startsWith("z = "))).toEqual(['z = Clip(x, "", k)']);
  });

  it("twins of which one gives more than the other", async () => {
    const ops = await left(
      `g (float[N,1,5] x) => (y, v, i)
       { y = MaxPool <kernel_shape = [2]> (x) v, i = MaxPool <kernel_shape = [2]> (x) }`,
    );
    expect(ops).toEqual(["y = MaxPool(x)", "v, i = MaxPool(x)"]);
  });

  it("Resize with scales is none with sizes", async () => {
    const ops = await left(
      `g (float[1,1,4,4] x) => (y, z) <float[4] scales = {1, 1, 2, 2}, int64[4] sizes = {1, 1, 8, 8}>
       { y = Resize <mode = "nearest"> (x, "", scales) z = Resize <mode = "nearest"> (x, "", "", sizes) }`,
    );
    expect(ops).toEqual(['y = Resize(x, "", scales)', 'z = Resize(x, "", "", sizes)']);
  });
});

describe("empty tensors and scalars", () => {
  it("adding to an empty tensor gives an empty one, and the sum of an empty tensor is zero", async () => {
    const ops = await left(
      `g (float[N,4] x) => (y, z) <float[0,4] none = {}, int64[1] axis = {0}>
       { k = ReduceSum (none, axis) y = Add (x, k) z = Concat <axis = 0> (x, none) }`,
    );
    expect(ops.filter((line) => line.includes("ReduceSum"))).toEqual([]);
  });

  it("empty constants of other sizes are not one", async () => {
    const ops = await left(
      `g (float[N,0] x, float[0,N] w) => (y, z) <float[1,0] a = {}, float[0,1] b = {}>
       { y = Concat <axis = 0> (x, a) z = Concat <axis = 1> (w, b) }`,
      { runnable: "maybe" },
    );
    expect(ops).toEqual(["y = Concat(x, a)", "z = Concat(w, b)"]);
  });

  it("an empty slice", async () => {
    await left(
      `g (float[N,4] x) => (y) <int64[1] four = {4}, int64[1] nine = {9}, int64[1] one = {1}>
       { e = Slice (x, four, nine, one) r = Relu (e) c = Concat <axis = 1> (r, x, e) y = Mul (c, c) }`,
    );
  });

  it("a number and a vector of one are two constants: they make other shapes", async () => {
    const ops = await left(
      `g (float x) => (y, z) <float k = {0.5}, float[1] l = {0.5}> { y = Add (x, k) z = Add (x, l) }`,
    );
    expect(ops).toEqual(["y = Add(x, k)", "z = Add(x, l)"]);
  });

  it("neutral constants do not go where they give a number an axis", async () => {
    const ops = await left(
      `g (float x) => (y, z, w) <float[1] zero = {0}, float[1,1] one = {1}, float none = {0}>
       { a = Add (x, zero) y = Relu (a) b = Mul (x, one) z = Relu (b) c = Add (x, none) w = Relu (c) }`,
    );
    expect(ops.filter((line) => /Add|Mul/.test(line))).toHaveLength(2);
    expect(ops).toContain("w = Relu(x)");
  });
});

describe("functions and bodies", () => {
  const HEADER = `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>`;

  it("nodes with one attribute of the caller's are alike, with two they are not", async () => {
    const text = `${HEADER} g (float[N] x) => (y) { y = f.F <a: float = 0.3, b: float = 0.7> (x) }
      <domain: "f", opset_import: ["" : 17]> F <a, b> (x) => (y)
      { p = LeakyRelu <alpha: float = @a> (x) q = LeakyRelu <alpha: float = @a> (x) r = LeakyRelu <alpha: float = @b> (x)
        s = Add (p, q) y = Sub (s, r) }`;
    expect(await left(text)).toEqual([
      "y = F(x)",
      "F: p = LeakyRelu(x)",
      "F: r = LeakyRelu(x)",
      "F: s = Add(p, p)",
      "F: y = Sub(s, r)",
    ]);
  });

  it("a constant that the caller gives is not computed", async () => {
    const text = `${HEADER} g (float[N] x) => (y) { a = f.F <v: float = 2.0> (x) y = f.F <v: float = 3.0> (a) }
      <domain: "f", opset_import: ["" : 17]> F <v> (x) => (y)
      { k = Constant <value_float: float = @v> () e = Exp (k) y = Add (x, e) }`;
    expect((await left(text)).filter((line) => line.startsWith("F: "))).toEqual([
      "F: k = Constant()",
      "F: e = Exp(k)",
      "F: y = Add(x, e)",
    ]);
  });

  it("bodies are equal when their captured constants are, not when the names are", async () => {
    const ops = await left(
      `g (float[2] x, bool p) => (y) <float[2] k = {1, 2}>
       { a = Exp (k)
         y = If (p) <then_branch = t () => (b) { b = Add (x, a) },
                     else_branch = e () => (d) { c = Neg (k) h = Exp (c) d = Add (x, h) }> }`,
    );
    expect(ops).toHaveLength(3);
    expect(ops.map((line) => line.trim().split(" = ")[1]?.split("(")[0])).toEqual(["If", "Add", "Add"]);
  });

  it("a value that a loop changes is no constant", async () => {
    const ops = await left(
      `g (float[2] x, int64 n) => (y) <float[2] k = {1, 2}>
       { y = Loop (n, "", x) <body = b (int64 i, bool on, float[2] s) => (bool go, float[2] t)
           { go = Identity (on) e = Exp (k) f = Cast <to = 1> (i) g1 = Mul (e, f) t = Add (s, g1) }> }`,
      { shapes: {} },
    );
    expect(ops.some((line) => line.includes("Exp"))).toBe(false);
    expect(ops.some((line) => line.includes("Cast"))).toBe(true);
  });
});
