import { describe } from "vitest";
import { affineCase, rows, type Sizes, sequence, signed } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";

const DOWN = { passes: ["lift-constants", "fold-affine-down", "eliminate-dead"], opset: 17 };
const bn = normalize("a", "x", "bn");

describe("Gemm and MatMul", () => {
  const biases: Readonly<Record<string, (z: Sizes) => readonly number[]>> = {
    none: () => [0],
    "[K]": (z) => [z.K],
    "[1,K]": (z) => [1, z.K],
    "[1]": () => [1],
    scalar: () => [],
    "[M,1]": (z) => [z.M, 1],
    "[M,K]": (z) => [z.M, z.K],
  };
  for (const transA of [0, 1]) {
    for (const [name, dims] of Object.entries(biases)) {
      affineCase(
        `row 42: Gemm, transA = ${transA}, C ${name}`,
        (z) => ({
          input: transA === 0 ? `float[${z.M},${z.C}] x` : `float[${z.C},${z.M}] x`,
          constants: [
            constant("B", transA === 0 ? [z.C, z.K] : [z.K, z.C]),
            constant("C", dims(z)),
            constant("k", transA === 0 ? [z.C] : [z.C, 1]),
            constant("l", transA === 0 ? [1, z.C] : [z.C, 1]),
          ],
          nodes: `m = Mul (x, k) a = Sub (m, l)
            y = Gemm <transA = ${transA}, transB = ${transA}, alpha = 0.5, beta = -1.5> (a, B${name === "none" ? "" : ", C"})`,
        }),
        { ...DOWN, left: ["Gemm"] },
      );
    }
  }
  affineCase(
    "row 42: MatMul of rows becomes a Gemm",
    (z) => ({
      input: rows(z),
      constants: [constant("B", [z.C, z.K]), signed("bn", z.C)],
      nodes: `${bn} y = MatMul (a, B)`,
    }),
    { ...DOWN, left: ["Gemm"] },
  );
  affineCase(
    "MatMul of a sequence: a scale",
    (z) => ({
      input: sequence(z),
      constants: [constant("B", [z.C, z.K]), constant("k", [z.C])],
      nodes: "a = Mul (x, k) y = MatMul (a, B)",
    }),
    { ...DOWN, left: ["MatMul"] },
  );
  affineCase(
    "MatMul of a sequence: a shift has no place, and stays where it is smaller, in front",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("B", [z.C, 9]), signed("bn", z.C)],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) y = MatMul (t, B)`,
    }),
    { ...DOWN, left: ["Add", "Transpose", "MatMul"] },
  );
  affineCase(
    "MatMul of a sequence: a shift has no place, and moves to where it is smaller, behind",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("B", [z.C, 2]), signed("bn", z.C)],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) y = MatMul (t, B)`,
    }),
    { ...DOWN, left: ["Transpose", "MatMul", "Add"] },
  );
  for (const [name, sum, opType, dims] of [
    ["an Add", "Add (b, m)", "Add", (z: Sizes) => [z.K]],
    ["an Add of a number", "Add (m, b)", "Add", () => []],
    ["a Sub", "Sub (m, b)", "Sub", (z: Sizes) => [1, z.K]],
    ["a Sub from a constant", "Sub (b, m)", "Sub", (z: Sizes) => [1, 1, z.K]],
  ] as const) {
    affineCase(
      `MatMul of a sequence: a shift goes into ${name} behind it`,
      (z) => ({
        input: `float[${z.N},${z.C},${z.H}] x`,
        constants: [constant("B", [z.C, z.K]), constant("b", dims(z)), signed("bn", z.C)],
        nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = ${sum}`,
      }),
      { ...DOWN, left: ["Transpose", "MatMul", opType] },
    );
  }
  affineCase(
    "MatMul of a sequence: a shift goes into the Add behind each",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [
        constant("B", [z.C, z.K]),
        constant("b", [z.K]),
        constant("D", [z.C, z.M]),
        constant("d", [z.M]),
        signed("bn", z.C),
      ],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = Add (m, b)
        n = MatMul (t, D) z = Add (n, d)`,
      outputs: "y, z",
    }),
    { ...DOWN, left: ["Transpose", "MatMul", "Add", "MatMul", "Add"] },
  );
  affineCase(
    "MatMul of a sequence: not into an Add along another axis, nor where others read the product",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [
        constant("B", [z.C, 9]),
        constant("b", [z.H, 1]),
        constant("D", [z.C, 9]),
        constant("d", [9]),
        signed("bn", z.C),
      ],
      nodes: `${bn} t = Transpose <perm = [0, 2, 1]> (a) m = MatMul (t, B) y = Add (m, b)
        n = MatMul (t, D) z = Add (n, d) w = Exp (n)`,
      outputs: "y, z, w",
    }),
    { ...DOWN, left: ["Add", "Transpose", "MatMul", "Add", "MatMul", "Add", "Exp"] },
  );
  affineCase(
    "the second operand of MatMul: a scale of its rows",
    (z) => ({
      input: `float[${z.N},${z.C},${z.H}] x`,
      constants: [constant("A", [z.K, z.C]), constant("k", [z.C, 1])],
      nodes: "a = Mul (x, k) y = MatMul (A, a)",
    }),
    { ...DOWN, left: ["MatMul"] },
  );
  affineCase(
    "a product of two values that are computed",
    (z) => ({
      input: `float[${z.H},${z.C}] x, float[${z.C},${z.K}] u`,
      constants: [constant("k", [z.C])],
      nodes: "a = Mul (x, k) y = MatMul (a, u)",
    }),
    { ...DOWN, left: ["Mul", "MatMul"] },
  );
});
