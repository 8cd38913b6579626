import { describe } from "vitest";
import { affineCase, type Build, convolution, image, sequence, UP } from "../../support/affine-cases.js";
import { constant } from "../../support/text.js";

/** Queries and keys of a sequence, their products y, and what follows them. */
const attention =
  (after: string, constants: readonly string[] = [], outputs = "y"): Build =>
  (z) => ({
    input: sequence(z),
    constants: [
      constant("Q", [z.C, z.K]),
      constant("q0", [z.K]),
      constant("K", [z.C, z.K]),
      constant("k0", [z.K]),
      ...constants,
    ],
    nodes: `a = MatMul (x, Q) q = Add (a, q0) b = MatMul (x, K) k = Add (b, k0)
      t = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, t) ${after}`,
    outputs,
  });
const LEFT = ["MatMul", "Add", "MatMul", "Add", "Transpose", "MatMul"];
const SCALE = "float c = {0.25}";

describe("a product of two values that are computed", () => {
  affineCase("attention: a number goes into the queries", attention("y = Mul (s, c)", [SCALE]), {
    ...UP,
    left: LEFT,
  });
  affineCase("a divisor too", attention("y = Div (s, c)", ["float c = {-3.5}"]), { ...UP, left: LEFT });
  affineCase(
    "where others read the queries, it goes into the keys",
    attention("y = Mul (s, c) z = Exp (q)", [SCALE], "y, z"),
    { ...UP, left: [...LEFT, "Exp"] },
  );
  affineCase(
    "where others read both, it stays",
    attention("y = Mul (s, c) z = Exp (q) w = Exp (t)", [SCALE], "y, z, w"),
    { ...UP, refused: /Transpose "t" has 1 other use/ },
  );
  affineCase("a shift has no place", attention("y = Add (s, c)", [SCALE]), {
    ...UP,
    refused: "operands-are-not-constant",
  });
  affineCase(
    "a scale along the rows goes into the producer of the rows",
    (z) => ({
      input: sequence({ ...z, N: z.H === z.C ? 4 : 2 }),
      constants: [constant("P", [z.M, z.H]), constant("c", [z.M, 1])],
      nodes: "a = MatMul (P, x) t = Transpose <perm = [0, 2, 1]> (x) s = MatMul (a, t) y = Mul (c, s)",
    }),
    { ...UP, left: ["MatMul", "Transpose", "MatMul"] },
  );
  affineCase(
    "a scale along the columns goes into the producer of the columns",
    (z) => ({
      input: sequence(z),
      constants: [constant("R", [z.C, z.K]), constant("c", [z.K])],
      nodes: "b = MatMul (x, R) t = Transpose <perm = [0, 2, 1]> (x) s = MatMul (t, b) y = Mul (s, c)",
    }),
    { ...UP, left: ["MatMul", "Transpose", "MatMul"] },
  );
  affineCase(
    "not into the operand whose axis of that place is summed over",
    (z) => ({
      input: sequence(z),
      constants: [constant("Q", [z.C, z.C]), constant("c", [z.H])],
      nodes: "q = MatMul (x, Q) t = Transpose <perm = [0, 2, 1]> (x) s = MatMul (q, t) y = Mul (s, c)",
    }),
    { ...UP, refused: /graph input "x" takes no scale and shift/ },
  );
  affineCase(
    "a scale of each head goes into the Conv that gives the heads",
    (z) => ({
      input: image(z),
      constants: [...convolution("f", z.C, z.K), ...convolution("g", z.C, z.K), constant("c", [z.K, 1, 1])],
      nodes: `q = Conv (x, f_W, f_b) k = Conv (x, g_W, g_b) t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul (q, t) y = Mul (s, c)`,
    }),
    { ...UP, left: ["Conv", "Conv", "Transpose", "MatMul"] },
  );
  affineCase(
    "a vector has no rows",
    (z) => ({
      input: `${sequence(z)}, float[${z.C}] v`,
      constants: [constant("c", [])],
      nodes: "r = Relu (v) s = MatMul (x, r) y = Mul (s, c)",
    }),
    { ...UP, refused: "operands-are-not-constant" },
  );
});
