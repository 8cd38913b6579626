import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, type Outcome, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal, modelText } from "../../support/text.js";

const TO_NHWC = "Transpose <perm = [0, 2, 3, 1]>";
const TO_NCHW = "Transpose <perm = [0, 3, 1, 2]>";
const ONLY = { passes: ["eliminate-transposes", "eliminate-dead"] } as const;

function operators({ ops }: Outcome): string[] {
  return ops.map((line) => line.replace(/^\s*.* = (\w+)\(.*$/, "$1"));
}

function ints(name: string, ...values: readonly number[]): string {
  return literal(name, [values.length], values, "int64");
}

/** A block as TensorFlow's exporter writes it: every Conv between Transposes, everything else channels last. */
function block(
  input: string,
  output: string,
  channels: readonly [number, number],
): { nodes: string; constants: string[] } {
  const [from, to] = channels;
  const p = output;
  return {
    constants: [
      constant(`${p}_W`, [to, from, 3, 3]),
      constant(`${p}_scale`, [to], { low: 0.5, high: 1.5 }),
      constant(`${p}_shift`, [to]),
      ints(`${p}_pads`, 0, 0, 0, 0, 0, 1, 1, 0),
      `float ${p}_low = {0}`,
      `float ${p}_high = {6}`,
    ],
    nodes:
      `${p}_p = Pad (${input}, ${p}_pads) ${p}_i = ${TO_NCHW} (${p}_p) ` +
      `${p}_c = Conv <strides = [2, 2]> (${p}_i, ${p}_W) ${p}_o = ${TO_NHWC} (${p}_c) ` +
      `${p}_m = Mul (${p}_o, ${p}_scale) ${p}_a = Add (${p}_m, ${p}_shift) ${output} = Clip (${p}_a, ${p}_low, ${p}_high) `,
  };
}

describe("a model as TensorFlow exports it", () => {
  const first = block("x", "f", [3, 4]);
  const second = block("f", "s", [4, 5]);
  const head = {
    constants: [constant("V", [5, 5, 1, 1]), constant("K", [5, 7]), constant("k", [7])],
    nodes:
      `t = ${TO_NCHW} (s) v = Conv (t, V) u = ${TO_NHWC} (v) g = Sigmoid (u) h = Mul (s, g) j = Add (h, s) ` +
      "m = ReduceMean <axes = [1, 2], keepdims = 0> (j) n = MatMul (m, K) y = Add (n, k)",
  };
  const constants = [...first.constants, ...second.constants, ...head.constants];
  const nodes = first.nodes + second.nodes + head.nodes;

  it("keeps the Transpose of its input, which callers see, and no other", async () => {
    const outcome = await rewrite(graphText("float[N,H,W0,3] x", constants, nodes), {
      shapes: { x: [2, 13, 11, 3] },
    });
    expect(operators(outcome).filter((name) => name === "Transpose")).toHaveLength(1);
    expect(operators(outcome)).toEqual([
      "Transpose",
      "Conv",
      "Clip",
      "Conv",
      "Clip",
      "Conv",
      "Sigmoid",
      "Mul",
      "Add",
      "ReduceMean",
      "Gemm",
    ]);
  });

  it("has one more for an output that callers see with channels last", async () => {
    const outcome = await rewrite(graphText("float[N,H,W0,3] x", constants, nodes, "y, h"), {
      shapes: { x: [2, 13, 11, 3] },
    });
    const transposes = outcome.ops.filter((line) => line.includes("Transpose"));
    expect(transposes).toHaveLength(2);
    expect(transposes[1]).toMatch(/^h = Transpose/);
  });
});

describe("where a Transpose may go", () => {
  it("one new Transpose replaces two: branches with one border each", async () => {
    const outcome = await rewrite(
      graphText(
        "float[2,3,4,5] x, float[2,3,4,5] z",
        [],
        `a = ${TO_NHWC} (x) b = ${TO_NHWC} (z) r = Relu (b) y = Add (a, r)`,
      ),
      ONLY,
    );
    expect(operators(outcome)).toEqual(["Relu", "Add", "Transpose"]);
  });

  it("one Transpose is not replaced by another", async () => {
    await expectRefused(
      graphText("float[2,3,4,5] x", [], `a = ${TO_NHWC} (x) y = Relu (a)`),
      "no-fewer-transposes",
      ONLY,
    );
    await expectRefused(
      graphText(
        "float[2,3,4,5] x, float[2,4,5,3] z",
        [],
        `a = ${TO_NHWC} (x) b = Add (a, z) r = Relu (b) y = ${TO_NCHW} (r)`,
        "y, b",
      ),
      "no-fewer-transposes",
      ONLY,
    );
  });

  it("adds a Transpose at a border where more are removed", async () => {
    const outcome = await rewrite(
      graphText(
        "float[2,3,4,5] x, float[2,4,5,3] z, float[2,3,4,5] w",
        [],
        `a = ${TO_NHWC} (x) c = ${TO_NHWC} (w) b = Add (a, z) d = Mul (b, c) y = ${TO_NCHW} (d)`,
      ),
      ONLY,
    );
    expect(operators(outcome).filter((name) => name === "Transpose")).toHaveLength(1);
  });

  it("a part of a region changes its order where changing all of it would cost more", async () => {
    const outcome = await rewrite(
      graphText(
        "float[2,3,4,5] x",
        [],
        `a = ${TO_NHWC} (x) r = Relu (a) y = ${TO_NCHW} (r) s = Sigmoid (r) t = Neg (s) u = Exp (s)`,
        "y, t, u",
      ),
      ONLY,
    );
    expect(outcome.ops.filter((line) => line.includes("Transpose"))).toHaveLength(1);
    expect(outcome.ops[0]).toBe("y = Relu(x)");
  });

  it("a shared constant stays as it is for its other readers", async () => {
    const outcome = await rewrite(
      graphText(
        "float[2,3,4,5] x, float[5,3] z",
        [constant("c", [5, 3])],
        `a = ${TO_NHWC} (x) b = Mul (a, c) y = ${TO_NCHW} (b) v = Add (z, c)`,
        "y, v",
      ),
      ONLY,
    );
    expect(operators(outcome)).toEqual(["Mul", "Add"]);
  });

  it("heads of an attention that are split and joined keep their Transposes, pairs between them go", async () => {
    const outcome = await rewrite(
      graphText(
        "float[N,4,6] x",
        [constant("Wq", [6, 6]), ints("split", 0, 4, 2, 3)],
        "q = MatMul (x, Wq) r = Reshape (q, split) t = Transpose <perm = [0, 2, 1, 3]> (r) s = Softmax <axis = -1> (t) " +
          "u = Transpose <perm = [0, 2, 1, 3]> (s) y = Relu (u)",
      ),
      { ...ONLY, shapes: { x: [3, 4, 6] } },
    );
    expect(operators(outcome)).toEqual(["MatMul", "Reshape", "Softmax", "Relu"]);
  });

  it("the rows of a weight take in a Transpose before a flattening Reshape or Flatten", async () => {
    for (const [view, product] of [
      ["Reshape (a, t)", "MatMul (f, K)"],
      ["Flatten (a)", "Gemm <transB = 1> (f, L)"],
    ] as const) {
      const outcome = await rewrite(
        graphText(
          "float[N,3,4,5] x",
          [ints("t", -1, 60), constant("K", [60, 7]), constant("L", [7, 60])],
          `a = ${TO_NHWC} (x) f = ${view} y = ${product}`,
        ),
        { ...ONLY, shapes: { x: [2, 3, 4, 5] } },
      );
      expect(outcome.ops).toHaveLength(2);
    }
  });

  it("axes of size one go anywhere", async () => {
    const outcome = await rewrite(
      graphText(
        "float[N,3,4,5] x",
        [ints("t", -1, 3)],
        `g = GlobalAveragePool (x) a = ${TO_NHWC} (g) y = Reshape (a, t)`,
      ),
      { ...ONLY, shapes: { x: [2, 3, 4, 5] } },
    );
    expect(operators(outcome)).toEqual(["GlobalAveragePool", "Reshape"]);
  });

  it("a Reshape that splits a moved axis keeps its Transpose", async () => {
    await expectRefused(
      graphText(
        "float[2,4,3,5] x",
        [ints("t", 2, 2, 3, 2, 5), ints("u", 2, 12, 5)],
        "a = Reshape (x, t) b = Transpose <perm = [0, 3, 1, 2, 4]> (a) y = Reshape (b, u)",
      ),
      /the new order cuts through/,
      ONLY,
    );
  });
});

describe("models that are more than one graph", () => {
  it("inside the branches of an If, which read from around", async () => {
    const branch = (op: string): string => `g () => (float[2,3,4,5] o) { b = ${op} (a) o = ${TO_NCHW} (b) }`;
    const outcome = await rewrite(
      modelText(
        `g (bool p, float[2,3,4,5] x) => (float[2,3,4,5] y) {
          a = ${TO_NHWC} (x)
          y = If (p) <then_branch = ${branch("Relu")}, else_branch = ${branch("Neg")}>
        }`,
      ),
      ONLY,
    );
    expect(outcome.ops.filter((line) => line.includes("Transpose"))).toEqual([]);
  });

  it("inside a function", async () => {
    const outcome = await rewrite(
      `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
       g (float[2,3,4,5] x) => (float[2,3,4,5] y) { y = local.f (x) }
       <domain: "local", opset_import: ["" : 17]>
       f (u) => (v) {
         c = Constant <value = float[5,3] {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}> ()
         a = ${TO_NHWC} (u) r = Relu (a) s = Abs (r) v = ${TO_NCHW} (s)
       }`,
      { passes: ["eliminate-transposes", "eliminate-dead"] },
    );
    expect(outcome.ops.join("\n")).not.toContain("Transpose");
  });

  it("an output keeps its name when the Transpose that made it goes", async () => {
    await expectRewrite(
      graphText("float[2,3,4,5] x", [], `a = ${TO_NHWC} (x) r = Relu (a) y = ${TO_NCHW} (r)`),
      ["y = Relu(x)"],
      ONLY,
    );
  });

  it("two outputs of one value keep a node each", async () => {
    const outcome = await rewrite(
      graphText(
        "float[2,3,4,5] x",
        [],
        `a = ${TO_NHWC} (x) r = Relu (a) y = ${TO_NCHW} (r) z = ${TO_NCHW} (r)`,
        "y, z",
      ),
      ONLY,
    );
    expect(outcome.model.graph.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
  });

  for (const dtype of ["double", "int32", "uint8", "float16"] as const) {
    it(`elements of type ${dtype}`, async () => {
      const outcome = await rewrite(
        graphText(
          `${dtype}[2,3,4,5] x`,
          [literal("c", [5, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], dtype)],
          `a = ${TO_NHWC} (x) r = Max (a, c) y = ${TO_NCHW} (r)`,
        ),
        { ...ONLY, runnable: "maybe" },
      );
      expect(operators(outcome)).toEqual(["Max"]);
    });
  }

  it("before opset 7 operands broadcast by other rules", async () => {
    await expectRefused(
      graphText(
        "float[2,3,4,5] x",
        [constant("c", [3])],
        `a = ${TO_NHWC} (x) r = Add <axis = 3, broadcast = 1> (a, c) y = ${TO_NCHW} (r)`,
      ),
      /by other rules/,
      { ...ONLY, opset: 6, runnable: "maybe" },
    );
  });
});

describe("between values that callers see", () => {
  it.each([
    ["two that undo each other", "t = Transpose <perm = [1, 0, 2]> (x) y = Transpose <perm = [1, 0, 2]> (t)"],
    ["four", "a = Transpose (x) b = Transpose (a) c = Transpose (b) y = Transpose (c)"],
    ["one that keeps the order", "y = Transpose <perm = [0, 1, 2]> (x)"],
  ])("%s become an Identity", async (_, nodes) => {
    await expectRewrite(graphText("float[2,3,5] x", [], nodes), ["y = Identity(x)"], ONLY);
  });

  it("two that turn an axis stay one", async () => {
    await expectRewrite(
      graphText(
        "float[2,3,5] x",
        [],
        "t = Transpose <perm = [1, 0, 2]> (x) y = Transpose <perm = [1, 2, 0]> (t)",
      ),
      ["y = Transpose(x)"],
      ONLY,
    );
  });
});
