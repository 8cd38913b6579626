import { describe, expect, it } from "vitest";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import type { Evaluate } from "../../../src/rewrite/pass.js";
import { expectRewrite, modelOf, evaluate as run } from "../../support/rewrite.js";

/**
 * Constant nodes that take too much memory or too long. Nothing of the kind may reach the runtime: `run` sees the values
 * that are asked for, and fails for those.
 */
interface Bomb {
  readonly constants?: string;
  /** Nodes that give "e". */
  readonly nodes: string;
  readonly refusal: string;
  /** The elements that may be computed, to know sizes. Default: none. */
  readonly computed?: number;
  readonly opset?: number;
}

const MEMORY = "computing-takes-too-much-memory";
const TIME = "computing-takes-too-long";
const FILL = "c = ConstantOfShape <value = float[1] {1.5}> (s)";
const doubled = (count: number): string =>
  Array.from({ length: count }, (_, i) => `c${i + 1} = Concat <axis = 0> (c${i}, c${i})`).join(" ");

const BOMBS: Readonly<Record<string, Bomb>> = {
  ConstantOfShape: { constants: "int64[1] s = {2000000000}", nodes: `${FILL} e = Cos (c)`, refusal: MEMORY },
  "ConstantOfShape beyond 2^53": {
    constants: "int64[1] s = {4611686018427387904}",
    nodes: `${FILL} e = Cos (c)`,
    refusal: MEMORY,
  },
  "ConstantOfShape beyond 2^64": {
    constants: "int64[3] s = {1099511627776, 1099511627776, 1099511627776}",
    nodes: `${FILL} e = Cos (c)`,
    refusal: MEMORY,
  },
  "Concat of itself": {
    constants: "float[1] c0 = {1.5}",
    nodes: `${doubled(40)} e = Cos (c40)`,
    refusal: MEMORY,
  },
  Expand: {
    constants: "float v = {2.0}, int64[2] s = {50000, 50000}",
    nodes: "e = Expand (v, s)",
    refusal: MEMORY,
  },
  Tile: {
    constants: "float[1] v = {2.0}, int64[1] s = {3000000000}",
    nodes: "e = Tile (v, s)",
    refusal: MEMORY,
  },
  Range: {
    constants: "int64 a = {0}, int64 b = {3000000000}, int64 d = {1}",
    nodes: "i = Range (a, b, d) e = Cast <to = 1> (i)",
    refusal: MEMORY,
  },
  Pad: {
    constants: "float[2] v = {2.0, 3.0}, int64[2] s = {1000000000, 1000000000}",
    nodes: "e = Pad (v, s)",
    refusal: MEMORY,
  },
  Resize: {
    constants: "float[1,1,2,2] v = {1.0, 2.0, 3.0, 4.0}, int64[4] s = {1, 1, 50000, 50000}",
    nodes: "e = Resize (v, , , s)",
    refusal: MEMORY,
  },
  "Gather that repeats": {
    constants: "float[2] v = {1.0, 2.0}, int64[2] s = {30000, 30000}, int64 o = {1}",
    nodes: "i = Expand (o, s) e = Gather (v, i)",
    refusal: MEMORY,
  },
  OneHot: {
    constants: "int64[3] i = {1, 2, 3}, int64 d = {1000000000}, float[2] v = {0.0, 1.0}",
    nodes: "e = OneHot (i, d, v)",
    refusal: MEMORY,
  },
  EyeLike: {
    constants: "int64[2] s = {60000, 60000}",
    nodes: `${FILL} e = EyeLike (c)`,
    refusal: MEMORY,
  },
  "the pads of a Conv": {
    constants: "float[1,1,2,2] v = {1.0, 2.0, 3.0, 4.0}, float[1,1,1,1] w = {1.0}",
    nodes: "e = Conv <pads = [20000, 20000, 20000, 20000]> (v, w)",
    refusal: MEMORY,
  },
  "Einsum, an outer product": {
    constants: "int64[1] s = {40000}",
    nodes: `${FILL} k = Cos (c) e = Einsum <equation = "i,j->ij"> (k, k)`,
    refusal: MEMORY,
  },
  CumSum: {
    constants: "int64[1] s = {400000000}, int64 z = {0}",
    nodes: `${FILL} e = CumSum (c, z)`,
    refusal: MEMORY,
  },
  NonZero: {
    constants: "int64[3] s = {300, 300, 300}",
    nodes: `${FILL} n = NonZero (c) e = Cast <to = 1> (n)`,
    refusal: MEMORY,
  },
  TopK: {
    constants: "int64[1] s = {400000000}, int64[1] k = {1}",
    nodes: `${FILL} e, i = TopK (c, k)`,
    refusal: MEMORY,
  },
  ScatterND: {
    constants: "int64[1] s = {2000000000}, int64[1,1] i = {0}, float[1] u = {3.0}",
    nodes: `${FILL} e = ScatterND (c, i, u)`,
    refusal: MEMORY,
  },
  "a sequence that grows": {
    constants: "int64[1] s = {1000000}",
    nodes: `${FILL} q0 = SequenceConstruct (c) ${Array.from({ length: 40 }, (_, i) => `q${i + 1} = SequenceInsert (q${i}, c)`).join(" ")} e = ConcatFromSequence <axis = 0> (q40)`,
    refusal: MEMORY,
  },
  "small links of a long chain": {
    constants: "int64[1] s = {1000000}",
    nodes: `c0 = ConstantOfShape (s) ${Array.from({ length: 200 }, (_, i) => `c${i + 1} = Cos (c${i})`).join(" ")} e = Neg (c200)`,
    refusal: MEMORY,
  },
  "MatMul of large filled matrices": {
    constants: "int64[2] s = {4000, 4000}",
    nodes: `${FILL} k = Sin (c) e = MatMul (k, k)`,
    refusal: TIME,
  },
  "the windows of a large kernel side by side": {
    constants: "int64[4] s = {1, 8, 200, 200}, int64[4] t = {8, 8, 101, 101}",
    nodes: `${FILL} w = ConstantOfShape <value = float[1] {0.5}> (t) e = Conv (c, w)`,
    refusal: MEMORY,
  },
  "Einsum without an output": {
    constants: "int64[1] s = {60000}",
    nodes: `${FILL} k = Cos (c) e = Einsum <equation = "i,j->"> (k, k)`,
    refusal: TIME,
  },
  "sizes that floating point computes": {
    constants: "float[1] f = {50000.0}, float v = {2.0}",
    nodes: "g = Mul (f, f) s = Cast <to = 7> (g) e = Expand (v, s)",
    refusal: MEMORY,
    computed: 1,
  },
  "sizes that come from NonZero": {
    constants: "float[3] w = {1.0, 0.0, 2.0}, int64[2] m = {1000000, 1000000}, float v = {2.0}",
    nodes: "n = NonZero (w) h = Shape (n) s = Mul (h, m) e = Expand (v, s)",
    refusal: MEMORY,
    computed: 6,
  },
  "strings that double": {
    constants: 'string[1] q0 = {"abc"}, string[1] t = {"d"}',
    nodes: `${Array.from({ length: 40 }, (_, i) => `q${i + 1} = StringConcat (q${i}, q${i})`).join(" ")} b = Equal (q40, t) e = Cast <to = 1> (b)`,
    refusal: "size-is-known-only-after-run",
    opset: 20,
  },
};

/** Runs nothing beyond `most` elements, and counts. */
function watched(most: number): { readonly evaluate: Evaluate; computed: number } {
  const watch = {
    computed: 0,
    evaluate: (async (model) => {
      const tensors = await run(model);
      for (const { size } of tensors) watch.computed += size;
      return tensors;
    }) satisfies Evaluate,
  };
  return {
    get computed() {
      return watch.computed;
    },
    evaluate: (model) => {
      if (most === 0) throw new Error(`${model.graph.outputs.map(({ name }) => name)} must not be computed`);
      return watch.evaluate(model);
    },
  };
}

describe("fold-constants predicts", () => {
  for (const [name, bomb] of Object.entries(BOMBS)) {
    it(`what ${name} takes, and leaves it`, async () => {
      const { constants = "", nodes, refusal, computed = 0, opset = 17 } = bomb;
      const text = `g (float x) => (y) <${constants}> { ${nodes} r = ReduceMax <keepdims = 0> (e) y = Add (x, r) }`;
      const watch = watched(computed);
      const result = await rewriteModel(
        modelOf(text, opset),
        { passes: ["fold-constants"], verifyEach: true },
        { evaluate: watch.evaluate },
      );
      expect(result.rolledBack).toEqual([]);
      expect(result.refusals.map(({ id }) => id)).toContain(refusal);
      expect(watch.computed).toBeLessThanOrEqual(computed);
      // What was computed for a size, and nothing that a formula stands for.
      const made = [...result.model.graph.initializers].reduce(
        (sum, { tensor }) => sum + (tensor?.size ?? 0),
        0,
      );
      expect(made).toBeLessThan(200);
    });
  }

  it("in bodies and functions too", async () => {
    const filled = (id: string): string =>
      `${id}c = ConstantOfShape (s) ${id}k = Cos (${id}c) ${id} = ReduceMax <keepdims = 0> (${id}k)`;
    const text = `<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
      g (float x, bool b) => (y) <int64[1] s = {2000000000}, int64 n = {3}> {
        i = If (b) <then_branch = t () => (pp) { ${filled("p")} pp = Add (x, p) }, else_branch = e () => (qq) { ${filled("q")} qq = Add (x, q) }>
        l = Loop (n, , x) <body = b (int64 k, bool c, float v) => (d, w) { ${filled("u")} w = Add (v, u) d = Identity (c) }>
        h = f.Fill (x)
        y = Sum (i, l, h)
      }
      <domain: "f", opset_import: ["" : 17]>
      Fill (x) => (y) { s = Constant <value = int64[1] {2000000000}> () ${filled("r")} y = Add (x, r) }`;
    const result = await rewriteModel(modelOf(text), { passes: ["fold-constants"] }, watched(0));
    expect(result.rewrites).toEqual([]);
    expect(result.refusals.filter(({ id }) => id === MEMORY)).toHaveLength(4);
  });

  it("and computes the same on smaller sizes", async () => {
    await expectRewrite(
      `g (float x) => (y) <float v = {2.0}, float[1] f = {5.0}, int64[2] m = {1, 2}, float[3] w = {1.0, 0.0, 2.0}> {
        g = Mul (f, f) s = Cast <to = 7> (g) a = Expand (v, s) b = ReduceSum <keepdims = 0> (a)
        n = NonZero (w) h = Shape (n) t = Mul (h, m) c = Expand (v, t) d = ReduceSum <keepdims = 0> (c)
        k = Add (b, d) y = Add (x, k) }`,
      ["y = Add(x, k)"],
      { passes: ["fold-constants", "eliminate-dead"] },
    );
  });
});
