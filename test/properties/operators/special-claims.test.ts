import { describe, expect, it } from "vitest";
import { PASSES } from "../../../passes/index.js";
import type { SpecialValue } from "../../../src/base/special-values.js";
import { expectRefusal, rewrite } from "../../support/rewrite.js";

const X = "float[N,4] x";
const K =
  "float z = {0}, float n = {-0.0}, float o = {1}, float t = {2}, int64[1] one = {1}, int64[1] two = {2}";

const SIXTEEN = "1,-1,2,-2,1,-1,2,-2,1,-1,2,-2,1,-1,2,-2";
const LSTM = `float[1,8,2] W = {${SIXTEEN}}, float[1,8,2] R = {${SIXTEEN}}`;

/** [pass, inputs, constants, nodes, the kinds that each of its rewrites says it may change]. */
const CLAIMS: readonly (readonly [string, string, string, string, readonly SpecialValue[]])[] = [
  ["eliminate-neutral-affine", X, K, "a = Add (x, z) y = Neg (a)", ["negative-zero"]],
  ["eliminate-neutral-affine", X, K, "a = Add (n, x) y = Neg (a)", []],
  ["eliminate-neutral-affine", X, K, "a = Sub (x, z) y = Neg (a)", []],
  ["eliminate-neutral-affine", X, K, "a = Sub (x, n) y = Neg (a)", ["negative-zero"]],
  ["eliminate-neutral-affine", X, K, "a = Mul (x, o) y = Neg (a)", []],
  ["eliminate-neutral-affine", X, K, "a = Div (x, o) y = Neg (a)", []],
  [
    "eliminate-neutral-affine",
    X,
    "float[4] g = {1,1,1,1}, float[4] b = {0,0,0,0}",
    "a = BatchNormalization <epsilon = 0.0> (x, g, b, b, g) y = Neg (a)",
    ["negative-zero"],
  ],
  ["eliminate-neutral-operands", X, K, "a = Pow (x, o) y = Neg (a)", []],
  ["eliminate-neutral-operands", X, K, "a = Sub (x, z) y = Neg (a)", []],
  ["eliminate-neutral-operands", X, K, "a = Sub (x, n) y = Neg (a)", ["negative-zero"]],
  ["eliminate-no-op-movement", X, "bool[1] c = {1}", "a = Where (c, x, x) y = Neg (a)", ["negative-zero"]],
  ["eliminate-no-op-movement", X, K, "a = Transpose <perm = [0, 1]> (x) y = Neg (a)", []],
  ["compose-affine", X, K, "a = Mul (x, t) y = Mul (a, t)", ["overflow"]],
  [
    "compose-affine",
    X,
    "float e = {1e-30}",
    "a = Mul (x, e) y = Mul (a, e)",
    ["nan", "infinity", "overflow"],
  ],
  ["compose-affine", X, K, "a = Add (x, t) y = Add (a, t)", ["overflow"]],
  ["compose-affine", X, K, "a = Sub (z, x) y = Mul (a, t)", ["negative-zero", "overflow"]],
  [
    "eliminate-default-inputs",
    "float[3,1,2] x",
    `${LSTM}, float[1,16] B = {0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}`,
    "a, y, b = LSTM <hidden_size = 2> (x, W, R, B)",
    ["nan", "infinity"],
  ],
  [
    "eliminate-default-inputs",
    "float[3,1,2] x",
    `${LSTM}, float[1,1,2] H = {0,0}`,
    'a, y, b = LSTM <hidden_size = 2> (x, W, R, "", "", H)',
    [],
  ],
  [
    "eliminate-default-inputs",
    "float[3,1,2] x",
    `${LSTM}, float[1,6] P = {0,0,0,0,0,0}`,
    'a, y, b = LSTM <hidden_size = 2> (x, W, R, "", "", "", "", P)',
    ["nan", "infinity"],
  ],
  ["fuse-exact-operators", X, K, "y = Max (x, z)", ["negative-zero"]],
  ["fuse-exact-operators", X, K, "a = Max (x, o) y = Min (a, t)", []],
  ["fuse-exact-operators", X, K, "a = Max (x, z) y = Min (a, t)", ["negative-zero"]],
  [
    "fuse-compound-operators",
    "float[2,3,4] x",
    K,
    "a = ReduceSum (x, two) y = ReduceSum (a, one)",
    ["overflow"],
  ],
  [
    "fuse-compound-operators",
    "float[2,3,4] x",
    K,
    "a = ReduceMax <axes = [2]> (x) y = ReduceMax <axes = [1]> (a)",
    ["nan"],
  ],
  ["merge-variadic-chains", X, K, "a = Max (x, o) y = Max (a, t)", ["negative-zero"]],
  ["merge-variadic-chains", X, "float i = {-inf}", "y = Max (x, i)", []],
  ["merge-variadic-chains", X, K, "a = Neg (x) y = Max (x, a, x)", ["negative-zero"]],
  ["merge-variadic-chains", "int64[4] x, int64[4] w", K, "y = Max (x, w, x)", []],
  ["merge-variadic-chains", X, K, "a = Sum (x, o) y = Sum (a, x)", []],
  ["merge-unary-chains", X, K, "a = Exp (x) b = Clip (a) y = Neg (b)", ["infinity"]],
  ["merge-unary-chains", X, K, "a = Exp (x) b = Clip (a, z) y = Neg (b)", ["infinity"]],
  ["merge-unary-chains", X, K, "a = Sigmoid (x) b = Clip (a, z, o) y = Neg (b)", []],
  ["merge-unary-chains", X, K, "a = Clip (x, z) y = Relu (a)", []],
  ["merge-unary-chains", "int64[4] x", "int64 z = {0}", "a = Abs (x) b = Clip (a) y = Neg (b)", []],
  [
    "fuse-gemm",
    "float[N,4] x",
    "float[4,3] W = {1,2,3,4,5,6,7,8,9,1,2,3}, float[3] c = {1,2,3}",
    "p = MatMul (x, W) y = Add (p, c)",
    ["overflow"],
  ],
  [
    "fuse-pad",
    "float[N,1,6] x",
    "int64[6] p = {0,0,1,0,0,1}, float[1,1,3] W = {1,2,3}",
    "a = Pad (x, p) y = Conv (a, W)",
    [],
  ],
  [
    "fuse-pad",
    "float[N,1,6] x",
    "int64[6] p = {0,0,1,0,0,1}, float[1,1,3] W = {1,2,inf}",
    "a = Pad (x, p) y = Conv (a, W)",
    ["nan", "infinity"],
  ],
  [
    "fuse-pad",
    "float[N,1,6] x, float[1,1,3] W",
    "int64[6] p = {0,0,1,0,0,1}",
    "a = Pad (x, p) y = Conv (a, W)",
    ["nan", "infinity"],
  ],
  [
    "eliminate-transposes",
    "float[2,3,4] x",
    K,
    "a = Transpose <perm = [0, 2, 1]> (x) b = Transpose <perm = [0, 2, 1]> (a) y = Neg (b)",
    [],
  ],
  [
    "eliminate-transposes",
    "float[2,3,4] x",
    K,
    "a = Transpose <perm = [0, 2, 1]> (x) b = Neg (a) y = Transpose <perm = [0, 2, 1]> (b)",
    ["overflow"],
  ],
  [
    "eliminate-transposes",
    "float[2,3,4] x",
    K,
    "a = Transpose <perm = [0, 2, 1]> (x) b = ReduceMax <axes = [1], keepdims = 1> (a) y = Transpose <perm = [0, 2, 1]> (b)",
    ["nan", "overflow"],
  ],
];

describe("a rewrite says which special values it may change", () => {
  it.each(CLAIMS)("%s: (%s) <%s> %s", async (pass, inputs, constants, nodes, expected) => {
    const text = `g (${inputs}) => (y) <${constants}> { ${nodes} }`;
    const made = await rewrite(text, { passes: [pass] });
    expect(made.rewrites.length).toBeGreaterThan(0);
    for (const { mayChange } of made.rewrites) expect(mayChange).toEqual(expected);
    const kept = await rewrite(text, { passes: [pass], preserveNonfinite: true });
    const isLeftOut = expected.some((kind) => kind !== "overflow");
    expect(kept.rewrites).toHaveLength(isLeftOut ? 0 : made.rewrites.length);
    if (isLeftOut) expectRefusal(kept, "rewrite-may-change-special-values");
  });
});

describe("every pass", () => {
  it.each(PASSES.map(({ name, specials }) => [name, specials] as const))("%s says why", (_, specials) => {
    expect(specials?.because).toMatch(/^[a-z0-9].{8,}[^.]$/i);
  });
});

describe("--preserve-nonfinite", () => {
  const W =
    "float[3,2,1,1] W = {1,2,3,4,5,6}, float[3] g = {1,2,3}, float[3] b = {1,-2,3}, float[3] v = {1,1,4}";
  const nodes = (gamma: string): string =>
    `g (float[N,2,5,5] x) => (y) <${W}, float[3] h = {${gamma}}> { c = Conv (x, W) y = BatchNormalization (c, h, b, g, v) }`;

  it("still folds a BatchNormalization whose scales are positive, and leaves one with a scale of zero", async () => {
    const preserving = { preserveNonfinite: true };
    expect((await rewrite(nodes("1, 2, 3"), preserving)).ops).toHaveLength(1);
    const left = await rewrite(nodes("1, 0, 3"), preserving);
    expect(left.ops).toHaveLength(2);
    expectRefusal(left, "rewrite-may-change-special-values");
    expect((await rewrite(nodes("1, 0, 3"))).ops).toHaveLength(1);
  });
});
