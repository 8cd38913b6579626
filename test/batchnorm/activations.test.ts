import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { activationsOf, endsModel, isGate } from "../../src/batchnorm/activations.js";
import { parseGraph } from "../../src/text/parse.js";

const CONSTANTS =
  "float half = {0.5}, float one = {1}, float root = {1.4142135}, float zero = {0}, float six = {6}, float three = {3}";

/** "Swish a -> y": the kind of each nonlinearity, its input and its result. */
function found(body: string): readonly string[] {
  const model = parseGraph(`g (float[2,3] x, float[2,3] z) => (float y) <${CONSTANTS}> { ${body} }`, {
    opset: 17,
  });
  return activationsOf(model.graph, createFacts(model)).map(
    ({ kind, input, output }) => `${kind} ${input.name} -> ${output.name}`,
  );
}

describe("activationsOf", () => {
  it("finds single operators, in the order of the graph", () => {
    expect(found("a = Relu (x) b = Neg (a) y = Tanh (b)")).toEqual(["Relu x -> a", "Tanh b -> y"]);
  });

  it("finds spellings of several operators as one function", () => {
    expect(found("s = Sigmoid (x) y = Mul (x, s)")).toEqual(["Swish x -> y"]);
    expect(found("d = Div (x, root) e = Erf (d) p = Add (e, one) m = Mul (x, p) y = Mul (m, half)")).toEqual([
      "Gelu x -> y",
    ]);
    expect(found("p = Add (x, three) c = Clip (p, zero, six) m = Mul (x, c) y = Div (m, six)")).toEqual([
      "HardSwish x -> y",
    ]);
  });

  it("finds a gated linear unit, which is no gate of another layer", () => {
    const glu = "a, b = Split<axis = 1, num_outputs = 2>(x) s = Sigmoid(b) y = Mul(s, a)";
    expect(found(glu)).toEqual(["Glu x -> y"]);
    expect(found(glu.replace("Sigmoid", "Tanh"))).toEqual(["Tanh b -> s"]);
    expect(found(glu.replace("Mul(s, a)", "Mul(s, z)"))).toEqual(["Sigmoid b -> s"]);
    expect(found(glu.replace("Mul(s, a)", "Mul(s, b)"))).toEqual(["Swish b -> y"]);
  });

  it("takes the whole function that reads the input elsewhere too", () => {
    expect(found("t = Tanh (x) y = Sub (x, t)")).toEqual(["Tanh x -> y"]);
  });

  it("finds none in operators that are linear", () => {
    expect(found("a = Mul (x, half) y = Add (a, z)")).toEqual([]);
    // A sum with zero is no Clip from zero up.
    expect(found("y = Add (x, zero)")).toEqual([]);
  });

  it("finds no Gelu in an Erf of a quotient of two values, nor in one that multiplies another value", () => {
    expect(found("d = Div (x, z) e = Erf (d) p = Add (e, one) y = Mul (x, p)")).toEqual([]);
    expect(found("d = Div (x, root) e = Erf (d) p = Add (e, one) y = Mul (z, p)")).toEqual([]);
    expect(found("d = Div (x, root) e = Erf (d) p = Add (e, one) y = Mul (x, p)")).toEqual(["Gelu x -> y"]);
  });

  it("knows a gate from a nonlinearity with other bounds, and the end of the model", () => {
    const gates = (body: string): readonly boolean[] => {
      const model = parseGraph(`g (float[2,3] x, float[2,3] z) => (float y) <${CONSTANTS}> { ${body} }`, {
        opset: 17,
      });
      const facts = createFacts(model);
      return activationsOf(model.graph, facts).flatMap((each) => [
        isGate(each, facts),
        endsModel(each, facts),
      ]);
    };
    expect(gates("s = Sigmoid (x) t = Identity (s) y = Mul (t, z)")).toEqual([true, false]);
    expect(gates("s = Tanh (x) t = Identity (s) y = Mul (t, z)")).toEqual([false, false]);
    expect(gates("s = Sigmoid (x) y = Identity (s)")).toEqual([false, true]);
    expect(gates("c = Clip (x, zero, six) y = Mul (c, z)")).toEqual([true, false]);
    const steps = Array.from({ length: 9 }, (_, i) => `v${i + 1} = Identity (v${i})`).join(" ");
    expect(gates(`v0 = Sigmoid (x) ${steps} y = Identity (v9)`)).toEqual([false, false]);
  });
});
