import { describe, expect, it } from "vitest";
import { isAllFinite } from "../../src/fold/special-values.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { expectRefusal, rewrite } from "../support/rewrite.js";

const UP = { passes: ["fold-affine-up"] };
const DOWN = { passes: ["fold-affine-down"] };

const W = "float[2,3] W = {1, -2, 3, -4, 5, -6}";

/** What the only rewrite of a graph of float[N,3,4] x may change beside overflow. */
async function changes(
  constants: string,
  nodes: string,
  options: Parameters<typeof rewrite>[1] = UP,
): Promise<readonly string[]> {
  const { rewrites } = await rewrite(`g (float[N,3] x) => (y) <${W}, ${constants}> { ${nodes} }`, options);
  expect(rewrites).toHaveLength(1);
  return rewrites.flatMap(({ mayChange }) => mayChange.filter((kind) => kind !== "overflow"));
}

const GEMM = "a = Gemm <transB = 1> (x, W)";
const NORM = "float[2] g = {2, 3}, float[2] b = {1, 2}, float[2] m = {5, -4}, float[2] v = {1, 1}";

describe("a map that moves up", () => {
  it.each<[string, string, string, readonly string[]]>([
    ["scales and shifts", NORM, "BatchNormalization (a, g, b, m, v)", []],
    ["scales by positive numbers", "float[2] k = {2, 0.5}", "Mul (a, k)", []],
    ["scales by a negative number", "float[2] k = {2, -0.5}", "Mul (a, k)", ["negative-zero"]],
    ["scales by zero", "float[2] k = {2, 0}", "Mul (a, k)", ["nan", "infinity", "negative-zero"]],
    ["adds", "float[2] k = {2, -0.5}", "Add (a, k)", []],
    ["adds a zero", "float[2] k = {2, 0}", "Add (a, k)", ["negative-zero"]],
    ["is subtracted from", "float[2] k = {2, 3}", "Sub (k, a)", []],
  ])("%s", async (_, constants, node, expected) => {
    expect(await changes(constants, `${GEMM} y = ${node}`)).toEqual(expected);
  });

  it("and shifts what is negated on the way may make -0", async () => {
    const text = `g (float[N,3] x) => (y) <${W}, float[2] k = {2, 3}> { ${GEMM} n = Neg (a) y = Add (n, k) }`;
    const { rewrites } = await rewrite(text, UP);
    expect(rewrites.flatMap(({ mayChange }) => mayChange)).toContain("negative-zero");
  });

  it("makes infinities otherwise in float16", async () => {
    const half = "g (float16[N,3] x) => (y) <float16[3,2] W = {15360,2,3,4,5,6}, float16 k = {14336}>";
    const { rewrites } = await rewrite(`${half} { a = MatMul (x, W) y = Mul (a, k) }`, {
      ...UP,
      runnable: "maybe",
    });
    expect(rewrites.map(({ mayChange }) => mayChange)).toEqual([["infinity", "overflow"]]);
  });

  it("and enlarges what MaxPool gives may make an infinity of its least number", async () => {
    const pooled = async (scale: number): Promise<readonly string[]> => {
      const text = `g (float[N,1,6] x) => (y) <float[2,1,1] W = {1,2}, float k = {${scale}}> { c = Conv (x, W) p = MaxPool <kernel_shape = [2]> (c) y = Mul (p, k) }`;
      const { rewrites } = await rewrite(text, UP);
      return rewrites.flatMap(({ mayChange }) => mayChange);
    };
    expect(await pooled(3)).toEqual(["infinity", "overflow"]);
    expect(await pooled(0.5)).toEqual(["overflow"]);
  });

  it("is left out where a weight would become zero, if special values are to be preserved", async () => {
    const tiny = "float[2] k = {1e-30, 1}, float[2,3] V = {1e-30, 2, 3, 4, 5, 6}";
    const nodes = "a = Gemm <transB = 1> (x, V) y = Mul (a, k)";
    expect(await changes(tiny, nodes)).toEqual([]);
    const outcome = await rewrite(`g (float[N,3] x) => (y) <${tiny}> { ${nodes} }`, {
      ...UP,
      preserveNonfinite: true,
    });
    expect(outcome.rewrites).toEqual([]);
    expectRefusal(outcome, "rewrite-may-change-special-values");
  });
});

describe("a map that moves down", () => {
  it("changes nothing where it scales by a positive number and shifts", async () => {
    const map = "float[3] g = {2,3,4}, float[3] b = {1,2,3}, float[3] m = {5,6,7}, float[3] v = {1,1,1}";
    const nodes = "a = BatchNormalization (x, g, b, m, v) y = Gemm <transB = 1> (a, W)";
    expect(await changes(map, nodes, DOWN)).toEqual([]);
  });

  it("and shifts what is averaged may differ where nothing is", async () => {
    const means = async (sizes: string, keepdims: number): Promise<readonly string[]> => {
      const text = `g (float[${sizes}] x) => (y) <float k = {2}, float[3,2] V = {1,2,3,4,5,6}> { a = Add (x, k) r = ReduceMean <axes = [1], keepdims = ${keepdims}> (a) y = MatMul (r, V) }`;
      const { rewrites } = await rewrite(text, DOWN);
      expect(rewrites).toHaveLength(1);
      return rewrites.flatMap(({ mayChange }) => mayChange);
    };
    expect(await means("N,T,3", 0)).toEqual(["empty", "overflow"]);
    expect(await means("N,T,3", 1)).toEqual(["empty", "overflow"]);
    expect(await means("N,5,3", 0)).toEqual(["overflow"]);
  });

  it("does not shift by a weight that is not finite", async () => {
    const bad = "float[2,3] V = {inf, 2, 3, 4, 5, 6}, float[3] k = {1, 2, 3}";
    const text = (op: string): string =>
      `g (float[N,3] x) => (y) <${bad}> { a = ${op} (x, k) y = Gemm <transB = 1> (a, V) }`;
    const outcome = await rewrite(text("Add"), DOWN);
    expect(outcome.rewrites).toEqual([]);
    expectRefusal(outcome, "weight-is-not-finite");
    expect((await rewrite(text("Mul"), DOWN)).rewrites).toHaveLength(1);
  });
});

describe("isAllFinite", () => {
  it("looks at every element, of floats only", () => {
    const of = (...numbers: number[]): boolean =>
      isAllFinite(tensorFromNumbers("float", [numbers.length], numbers));
    expect([of(1, -2), of(1, Number.NaN), of(Number.NEGATIVE_INFINITY), of()]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(isAllFinite(tensorFromNumbers("int64", [1], [3]))).toBe(true);
  });
});
