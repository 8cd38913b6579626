import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const K = constant("k", [3]);

describe("a constant that is an output", () => {
  it.each([
    [
      "a branch beside others",
      "y = Relu (x) t = Add (k, k) u = Exp (t) z = Mul (u, k)",
      "y, z",
      ["y = Relu(x)"],
    ],
    ["a graph of nothing else", "t = Add (k, k) y = Exp (t)", "y", []],
    ["sizes that inference knows", "y = Relu (x) z = Shape (k)", "y, z", ["y = Relu(x)"]],
    ["a view", "y = Relu (x) z = Unsqueeze (k, a)", "y, z", ["y = Relu(x)"]],
    ["a filled tensor", "y = Relu (x) z = ConstantOfShape (n)", "y, z", ["y = Relu(x)"]],
    ["one that nodes read too", "z = Exp (k) y = Add (x, z)", "y, z", ["y = Add(x, z)"]],
  ])("%s", async (_, nodes, outputs, after) => {
    const constants = [K, "int64[1] a = {0}", "int64[2] n = {2, 3}"];
    const { model } = await expectRewrite(graphText("float[N,3] x", constants, nodes, outputs), after);
    const last = model.graph.outputs.at(-1);
    expect([last?.producer, last?.isConstant]).toEqual([undefined, true]);
  });

  it("of the branches of an If, under one name", async () => {
    await expectRewrite(
      `g (bool c, float[3] x) => (float[3] y, float[3] z) <${K}> {
        z = Add (x, k)
        y = If (c) <
          then_branch = t () => (float[3] u) { u = Add (k, k) },
          else_branch = e () => (float[3] u) { u = Exp (k) }
        >
      }`,
      ["z = Add(x, k)", "y = If(c)"],
    );
  });

  it("of the body of a Loop, its condition too", async () => {
    await expectRewrite(
      `g (int64 n, float[3] x) => (float[3] y, float[M,3] s) <${K}, bool yes = {1}> {
        y, s = Loop (n, yes, x) <
          body = b (int64 i, bool c, float[3] v) => (bool d, float[3] w, float[3] u) {
            no = Not (yes) d = Not (no) w = Add (v, k) u = Add (k, k)
          }
        >
      }`,
      ["y, s = Loop(n, yes, x)", "  w = Add(v, k)"],
      { shapes: { n: [] } },
    );
  });

  it("of a function, as the only Constant", async () => {
    await expectRewrite(
      `<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
       g (float[3] x) => (float[3] y, float[3] z) { y, z = own.f (x) }
       <domain: "own", opset_import: ["" : 17]>
       f (x) => (y, z) {
         k = Constant <value = float[3] {1, -2, 3}> ()
         y = Exp (x)
         z = Abs (k)
       }`,
      ["y, z = f(x)", "f: y = Exp(x)", "f: z = Constant()"],
      { inlineFunctions: false },
    );
  });
});

describe("not", () => {
  it("a copy of a constant that other graphs read", async () => {
    await expectRefused(
      `g (bool c, float[3] x) => (float[3] y, float[3] z) <${K}> {
        z = Add (x, k)
        y = If (c) <
          then_branch = t () => (float[3] u) { u = Identity (k) },
          else_branch = e () => (float[3] v) { v = Exp (x) }
        >
      }`,
      "value-is-graph-output",
    );
  });

  it("one whose name a body before it hides", async () => {
    await expectRefused(
      `g (bool c, float[3] x) => (float[3] y, float[3] z) <${K}> {
        y = If (c) <
          then_branch = t () => (float[3] w) { z = Exp (x) w = Add (z, x) },
          else_branch = e () => (float[3] v) { v = Neg (x) }
        >
        z = Exp (k)
      }`,
      "value-is-graph-output",
    );
  });
});
