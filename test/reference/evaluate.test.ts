import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { referenceTensor } from "../../src/float64/tensor.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import { parseModel } from "../../src/text/parse.js";
import { counting, evaluate, floats, run } from "../support/reference.js";
import { modelOf } from "../support/runtime.js";

const one = referenceTensor("float", [1], [1]);

describe("evaluateReference", () => {
  it("runs the branch that is taken, which captures outer values", () => {
    const model = modelOf(`g (float[1] x) => (float[1] y) <float[1] zero = {0}, float[1] two = {2}> {
      b = Greater(x, zero) s = Squeeze(b) a = Mul(x, two)
      y = If (s) <then_branch = t () => (float[1] p) { p = Add(a, two) },
                  else_branch = e () => (float[1] q) { q = Neg(a) }>
    }`);
    expect([...evaluate(model, { x: { dims: [1], data: [3] } }).data]).toEqual([8]);
    expect([...evaluate(model, { x: { dims: [1], data: [-3] } }).data]).toEqual([6]);
  });

  it("carries and collects the values of a loop", () => {
    const model =
      modelOf(`g (float[1] x) => (float[1] y, float[n, 1] all) <int64 trips = {3}, bool go = {1}> {
      y, all = Loop (trips, go, x) <body = b (int64 i, bool c, float[1] a) => (bool c2, float[1] a2, float[1] s) {
        c2 = Identity(c) a2 = Add(a, x) s = Mul(a, a2)
      }>
    }`);
    const out = evaluateReference(model, floats({ x: { dims: [1], data: [2] } }));
    if (isRefusal(out)) throw new Error(out.reason);
    expect([...(out.get("y")?.data ?? [])]).toEqual([8]);
    expect(out.get("all")?.dims).toEqual([3, 1]);
    expect([...(out.get("all")?.data ?? [])]).toEqual([8, 24, 48]);
  });

  it("calls the model's own functions, with their attributes", () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["": 17, "own": 1]>
      g (float[2] x) => (float[2] y) { y = own.f <slope = 0.5> (x) }
      <domain: "own", opset_import: ["": 17]>
      f <slope> (a) => (b) { b = LeakyRelu <alpha: float = @slope> (a) }`);
    expect([...evaluate(model, { x: { dims: [2], data: [-4, 4] } }).data]).toEqual([-2, 4]);
  });

  it("computes only the nodes that the wanted outputs need", () => {
    const model = modelOf(`g (float[1] x) => (float[1] y, float[1] z) { y = Neg(x) z = NoSuchOperator(x) }`);
    const all = evaluateReference(model, new Map([["x", one]]));
    expect(all).toMatchObject({ kind: "refusal" });
    const some = evaluateReference(model, new Map([["x", one]]), { outputs: ["y"] });
    expect(isRefusal(some) ? some : [...some.keys()]).toEqual(["y"]);
  });

  it.each([
    ["y = NoSuchOperator(x)", /^NoSuchOperator "y" has no float64 reference$/],
    ["t = Constant <value = bool {1}> () a = Dropout (x, , t) y = Neg(a)", /Dropout "a".*training/],
    ["y = Cast <to = 8> (x)", /^Cast "y" .*string/],
    [
      "s = Constant <value_ints = [1000000, 1000000]> () y = Expand(x, s)",
      /^Expand "y" .*1000000000000 elements/,
    ],
  ])("refuses %s", (body, reason) => {
    const model = modelOf(`g (float[1] x) => (float[] y) { ${body} }`);
    const out = evaluateReference(model, new Map([["x", one]]));
    expect(isRefusal(out) && out.reason).toMatch(reason);
  });

  it("names a missing feed, and refuses dims that do not broadcast", () => {
    const model = modelOf(`g (float[2] x, float[3] w) => (float[] y) { y = Add(x, w) }`);
    expect(() => evaluateReference(model, floats({ x: counting(2) }))).toThrow(
      expect.objectContaining({ id: "feed-is-missing", message: expect.stringMatching(/"w"/) }),
    );
    expect(() => evaluateReference(model, floats({ x: counting(2), w: counting(3) }))).toThrow(
      expect.objectContaining({ id: "dims-do-not-broadcast" }),
    );
  });

  it("lets feeds override defaults, but not the constants of IR version 3", () => {
    const text = `g (float[1] x, float[1] w) => (float[1] y) <float[1] w = {5}> { y = Add(x, w) }`;
    const model = modelOf(text);
    const x = counting(1);
    expect(evaluate(model, { x }).data[0]).toBe(6);
    expect(evaluate(model, { x, w: { dims: [1], data: [7] } }).data[0]).toBe(8);
    model.graph.scope.initializersAreDefaults = false;
    expect(evaluate(model, { x, w: { dims: [1], data: [7] } }).data[0]).toBe(6);
  });

  it("does not round to float32, and takes weights as they are stored", () => {
    const y = run("y = Add(x, w)", { x: { dims: [1], data: [1] } }, { constants: "float[1] w = {1e-12}" });
    expect(y.data[0]).toBe(1 + Math.fround(1e-12));
    const third = run(
      "a = Div(x, three) b = Cast <to = 1> (a) y = Mul(b, three)",
      { x: counting(1) },
      { constants: "float three = {3}" },
    );
    expect(third.data[0]).toBe(1);
  });
});
