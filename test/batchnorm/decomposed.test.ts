import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { readDecomposed } from "../../src/batchnorm/decomposed.js";
import { valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

const FORM: readonly string[] = [
  "m = ReduceMean <axes = [0], keepdims = 1> (x)",
  "d = Sub (x, m)",
  "q = Mul (d, d)",
  "v = ReduceMean <axes = [0], keepdims = 1> (q)",
  "s = Add (v, eps)",
  "r = Sqrt (s)",
  "n = Div (d, r)",
  "w = Mul (n, gamma)",
  "y = Add (w, beta)",
  ...["m", "v"].map(
    (of) =>
      `${of}r = Reshape (${of}, flat) ${of}t = Mul (${of}r, tenth) ${of}o = Mul (${of}_old, most) ${of}u = Add (${of}o, ${of}t)`,
  ),
];

/** The form with some lines replaced, by what they give. */
function read(changes: Readonly<Record<string, string>> = {}): ReturnType<typeof readDecomposed> {
  const lines = FORM.map((line) => changes[line.slice(0, line.indexOf(" "))] ?? line);
  const model = modelOf(
    `g (float[6,2] x, float[6,2] z) => (y, mu, vu)
     <float eps = {0.001}, float[2] gamma = {1, 2}, float[2] beta = {0, 1}, float[2] m_old = {0, 0}, float[2] v_old = {1, 1},
      int64[1] flat = {-1}, float tenth = {0.1}, float most = {0.9}> { ${lines.join(" ")} }`,
  );
  return readDecomposed(present(valueNamed(model, "n").producer, "n is computed"), createFacts(model));
}

describe("a normalization that is written out", () => {
  it("is read with its parameters and its running statistics", () => {
    const { axis, parameters, running } = present(read(), "it is one");
    expect(axis).toBe(1);
    expect(parameters.map(({ name }) => name)).toEqual(["gamma", "beta", "m_old", "v_old"]);
    expect(running.map(({ name }) => name)).toEqual(["mu", "vu"]);
  });

  it.each([
    ["a quotient that is a product", { n: "n = Mul (d, r)" }],
    ["the mean of another value", { m: "m = ReduceMean <axes = [0], keepdims = 1> (z)" }],
    ["a product of the distance and another value", { q: "q = Mul (d, z)" }],
    ["a product of another value and the distance", { q: "q = Mul (z, d)" }],
    ["means along different axes", { v: "v = ReduceMean <axes = [1], keepdims = 1> (q)" }],
  ])("is none with %s", (_, changes) => {
    expect(read(changes)).toBeUndefined();
  });
});
