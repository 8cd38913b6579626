import { describe, expect, it } from "vitest";
import type { NormfoldError } from "../../src/base/errors.js";
import { SPECIAL_VALUES } from "../../src/base/special-values.js";
import type { Node } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import type { StandardOperator } from "../../src/ir/operator-name.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import type { CheckBudget } from "../../src/library/check-budget.js";
import {
  type Judge,
  type RewriteOptions,
  type RewriteResult,
  rewriteModel,
} from "../../src/library/rewrite-model.js";
import { selectPasses } from "../../src/library/select-passes.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import type { Pass, Rule } from "../../src/rewrite/pass.js";
import { constantTensor } from "../../src/rules/constants.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { judged, modelOf } from "../support/rewrite.js";
import { constant, graphText, normalization, normalize, sketch } from "../support/text.js";

function rulePass(name: string, match: Rule["match"], numerics: Pass["numerics"] = "rounding"): Pass {
  return { kind: "rules", name, summary: name, before: "", after: "", numerics, rules: [{ match }] };
}

interface Parameters {
  readonly weight: Tensor;
  readonly bias: Float64Array;
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** The arithmetic of a fold; a wrong fold leaves something out. */
type Fold = (given: Parameters) => { readonly weight: ArrayLike<number>; readonly bias: ArrayLike<number> };

/** Folds BatchNormalization into Conv and MatMul the way `fold` says, without asking about anything. */
function foldingPass(name: string, fold: Fold): Pass {
  return rulePass(name, (node) => {
    const conv = node.input(0)?.producer;
    if (!node.is("BatchNormalization") || conv === undefined || !conv.is("Conv", "Gemm")) return undefined;
    const [weight, bias] = [constantTensor(conv.input(1)), constantTensor(conv.input(2))];
    const output = node.output(0);
    const result = conv.output(0);
    if (weight === undefined || bias === undefined || output === undefined || result === undefined)
      return undefined;
    const at = (index: number): Float64Array =>
      constantTensor(node.input(index))?.toFloat64() ?? new Float64Array();
    const folded = fold({
      weight,
      bias: bias.toFloat64(),
      gamma: at(1),
      beta: at(2),
      mean: at(3),
      variance: at(4),
    });
    return {
      kind: "rewrite",
      summary: `${conv.label} wrongly absorbs ${node.label}`,
      apply: (rewriter) => {
        rewriter.setConstant(conv, 1, tensorFromNumbers("float", weight.dims, folded.weight), "W");
        rewriter.setConstant(conv, 2, tensorFromNumbers("float", bias.dims, folded.bias), "b");
        rewriter.supersede(output, result);
        rewriter.removeNode(node);
      },
    };
  });
}

interface Recipe {
  readonly epsilon?: number;
  /** Channel of an element of the weight. */
  readonly channelOf?: (index: number, weight: Tensor) => number;
  readonly bias?: (right: Float64Array, given: Parameters) => ArrayLike<number>;
}

function recipe({ epsilon = 1e-5, channelOf = rowOf, bias = (right) => right }: Recipe): Fold {
  return (given) => {
    const { weight, gamma, beta, mean, variance } = given;
    const scale = gamma.map((value, c) => value / Math.sqrt((variance[c] ?? 0) + epsilon));
    const right = given.bias.map((value, c) => (value - (mean[c] ?? 0)) * (scale[c] ?? 0) + (beta[c] ?? 0));
    return {
      weight: weight.toFloat64().map((value, i) => value * (scale[channelOf(i, weight)] ?? NaN)),
      bias: bias(right, given),
    };
  };
}

function rowOf(index: number, { dims, size }: Tensor): number {
  return Math.floor(index / (size / (dims[0] ?? 1)));
}

const BROKEN: Readonly<Record<string, Recipe>> = {
  "forgets the bias": {
    bias: (_, { beta, mean, gamma, variance }) =>
      beta.map(
        (value, c) => value - (mean[c] ?? 0) * ((gamma[c] ?? 0) / Math.sqrt((variance[c] ?? 0) + 1e-5)),
      ),
  },
  "swaps two channels": {
    channelOf: (i, weight) => [1, 0, 2, 3][rowOf(i, weight)] ?? 0,
  },
  "drops epsilon where the variance is small": { epsilon: 0 },
  "takes the input channels for the output's": {
    channelOf: (i, { dims }) => Math.floor(i / ((dims[2] ?? 1) * (dims[3] ?? 1))) % (dims[1] ?? 1),
  },
};

/** Two independent layers, square in their channels, one small variance: each could hide one of the faults. */
const TWO_LAYERS = graphText(
  "float[N,4,6,7] x, float[M,3] z",
  [
    constant("W", [4, 4, 2, 3]),
    constant("b", [4]),
    constant("bn_gamma", [4], { low: 0.5, high: 1.5 }),
    constant("bn_beta", [4]),
    constant("bn_mean", [4]),
    "float[4] bn_var = {0.00002, 1, 0.5, 2}",
    constant("V", [3, 5]),
    constant("k", [5]),
    normalization("o", 5),
  ],
  `i = Identity (x) c = Conv (i, W, b) n = BatchNormalization (c, bn_gamma, bn_beta, bn_mean, bn_var) y = Relu (n)
   d = MatMul (z, V) e = Add (k, d) ${normalize("f", "e", "o")} u = Neg (f)`,
  "y, u",
);

describe("a broken pass", () => {
  for (const [name, broken] of Object.entries(BROKEN)) {
    it(`that ${name} is found, undone and named, and the rest is kept`, async () => {
      const original = modelOf(TWO_LAYERS);
      const bad = foldingPass("bad-fold", recipe(broken));
      const result = await judged(original, {
        passes: ["eliminate-identity", bad, "compose-affine", "eliminate-dead"],
        verifyEach: true,
      });
      expect(result.check?.status).toBe("equal");
      expect(result.rolledBack).toHaveLength(1);
      expect(result.rolledBack[0]).toMatchObject({ pass: "bad-fold", key: "n" });
      expect(result.rolledBack[0]?.reason).toMatch(/output "y"/);
      expect(result.rewrites.map(({ pass }) => pass)).toContain("compose-affine");
      expect(result.rewrites.map(({ pass }) => pass)).toContain("eliminate-identity");
      expect(sketch(result.model)[1]).toContain("BatchNormalization(");
    });
  }

  it("done right by the same recipe, nothing is undone", async () => {
    const result = await judged(modelOf(TWO_LAYERS), {
      passes: [foldingPass("right-fold", recipe({}))],
      verifyEach: true,
    });
    expect(result.rolledBack).toEqual([]);
    expect(result.rewrites).toHaveLength(1);
  });

  it("that ignores the group is found in a grouped Conv", async () => {
    const bad = foldingPass(
      "bad-fold",
      recipe({
        channelOf: (i, { dims, size }) => Math.floor(i / (size / (dims[0] ?? 1))) % ((dims[0] ?? 1) / 2),
      }),
    );
    const original = modelOf(
      graphText(
        "float[N,4,5,6] x",
        [constant("W", [6, 2, 2, 3]), constant("b", [6]), normalization("bn", 6)],
        `c = Conv <group = 2> (x, W, b) ${normalize("y", "c", "bn")}`,
      ),
    );
    const result = await judged(original, { passes: [bad] });
    expect(result.rolledBack.map(({ key }) => key)).toEqual(["y"]);
    expect(sketch(result.model)).toEqual(sketch(original));
  });

  it("several bad rewrites among good ones are found one after the other", async () => {
    const layers = Array.from({ length: 6 }, (_, i) => {
      const constants = [constant(`W${i}`, [3, 3]), constant(`b${i}`, [3]), normalization(`n${i}`, 3)];
      const input = i === 0 ? "x" : `r${i - 1}`;
      const nodes = `c${i} = Gemm <transB = 1> (${input}, W${i}, b${i}) ${normalize(`m${i}`, `c${i}`, `n${i}`)} r${i} = Tanh (m${i})`;
      return { constants, nodes };
    });
    const original = modelOf(
      graphText(
        "float[N,3] x",
        layers.flatMap(({ constants }) => constants),
        layers.map(({ nodes }) => nodes).join(" "),
        "r5",
      ),
    );
    const mixed = foldingPass("mixed-fold", (given) => {
      // Layers are told apart by their bias: the second and the fifth go wrong.
      const wrong = [1, 4].some(
        (i) => constantTensor(original.graph.outputs[0]) === undefined && sameNumbers(given.bias, biasOf(i)),
      );
      return recipe(wrong ? { bias: (right) => right.map((value) => value + 0.01) } : {})(given);
    });
    function biasOf(i: number): Float64Array | undefined {
      return [...original.graph.initializers].find(({ name }) => name === `b${i}`)?.tensor?.toFloat64();
    }
    const result = await judged(original, { passes: [mixed] });
    expect(result.rolledBack.map(({ key }) => key)).toEqual(["m1", "m4"]);
    expect(result.rewrites.map(({ key }) => key)).toEqual(["m0", "m2", "m3", "m5"]);
    expect(result.check?.status).toBe("equal");
  });
});

function sameNumbers(a: Float64Array, b: Float64Array | undefined): boolean {
  return b !== undefined && a.every((value, i) => value === b[i]);
}

describe("a pass that fails", () => {
  const model = graphText("float[N,3] x", [], "a = Identity (x) b = Relu (a) c = Identity (b) y = Neg (c)");

  it("midway is left out where it failed, and named", async () => {
    const failing = rulePass("failing", (node) =>
      node.is("Relu", "Neg")
        ? {
            kind: "rewrite",
            summary: `${node.label} becomes Abs`,
            apply: (rewriter) => {
              const { graph } = node;
              if (graph === undefined) return;
              rewriter.addNode(graph, { opType: "Abs", inputs: node.inputs, outputs: ["half_done"] }, node);
              if (node.is("Relu")) throw new TypeError("no such thing");
              rewriter.removeNode(node);
            },
          }
        : undefined,
    );
    const result = await judged(modelOf(model), {
      passes: [failing, "eliminate-identity"],
      verifyEach: true,
    });
    expect(result.rolledBack.map(({ key }) => key)).toEqual(["b", "y"]);
    expect(result.rolledBack[0]?.reason).toBe("it failed: no such thing");
    expect(sketch(result.model)).toEqual(["b = Relu(x)", "y = Neg(b)"]);
  });

  it("while matching counts as a refusal", async () => {
    const throwing = rulePass("throwing", () => {
      throw new RangeError("out of here");
    });
    const result = await judged(modelOf(model), { passes: [throwing, "eliminate-identity"] });
    expect(result.refusals.some(({ reason }) => reason.includes("out of here"))).toBe(true);
    expect(result.rewrites).toHaveLength(2);
  });

  it("leaving an invalid graph is undone and named, or at once an error for the author of the pass", async () => {
    const breaking = rulePass("breaking", (node) =>
      node.is("Neg") && !node.input(0)?.isGraphInput && node.input(0)?.producer?.is("Relu")
        ? {
            kind: "rewrite",
            summary: "a node after its use",
            apply: (rewriter) => {
              const { graph } = node;
              if (graph === undefined) return;
              const late = rewriter.addNode(graph, {
                opType: "Abs",
                inputs: [node.input(0) ?? null],
                outputs: ["late"],
              });
              rewriter.setInput(node, 0, late.output(0) ?? null);
            },
          }
        : undefined,
    );
    await expect(
      judged(modelOf(model), { passes: ["eliminate-identity", breaking], verifyEach: true }),
    ).rejects.toMatchObject({ id: "pass-left-invalid-graph", message: expect.stringContaining("breaking") });
    const undone = await judged(modelOf(model), { passes: ["eliminate-identity", breaking] });
    expect(undone.rolledBack.map(({ pass, key }) => [pass, key])).toEqual([["breaking", "y"]]);
    expect(undone.rolledBack[0]?.reason).toMatch(/^it left an invalid graph: order: /);
    expect(sketch(undone.model)).toEqual(["b = Relu(x)", "y = Neg(b)"]);

    const unjudged = await rewriteModel(modelOf(model), { passes: ["eliminate-identity", breaking] });
    expect(unjudged.rolledBack.map(({ key }) => key)).toEqual(["y"]);
    expect(unjudged.check).toBeUndefined();
  });
});

describe("a pass that does not end", () => {
  const toggle =
    (from: StandardOperator, to: StandardOperator) =>
    (node: Node): ReturnType<Rule["match"]> =>
      node.is(from)
        ? {
            kind: "rewrite",
            summary: `${from} becomes ${to}`,
            apply: (rewriter) => {
              const { graph } = node;
              const output = node.output(0);
              if (graph === undefined || output === undefined) return;
              const made = rewriter.addNode(
                graph,
                { opType: to, inputs: node.inputs, outputs: [graph.freshName("t")] },
                node,
              );
              const result = made.output(0);
              if (result !== undefined) rewriter.supersede(output, result);
              rewriter.removeNode(node);
            },
          }
        : undefined;
  const model = graphText("float[N,3] x", [], "a = Abs (x) y = Neg (a)");

  it("because its rules undo each other", async () => {
    const passes: readonly Pass[] = [
      {
        ...rulePass("ping-pong", () => undefined),
        kind: "rules",
        rules: [{ match: toggle("Abs", "Relu") }, { match: toggle("Relu", "Abs") }],
      },
    ];
    const error = await rewriteModel(modelOf(model), { passes }).catch((caught: NormfoldError) => caught);
    expect(error).toMatchObject({
      code: "internal",
      message: expect.stringMatching(/ping-pong does not come to a fixed point/),
    });
  });

  it("because two passes undo each other", async () => {
    const passes = [rulePass("ping", toggle("Abs", "Relu")), rulePass("pong", toggle("Relu", "Abs"))];
    const error = await rewriteModel(modelOf(model), { passes }).catch((caught: NormfoldError) => caught);
    expect(error).toMatchObject({ code: "internal", message: expect.stringMatching(/fixed point/) });
  });
});

describe("the judge", () => {
  const model = graphText("float[N,3] x", [], "a = Identity (x) y = Neg (a)");
  const report = (status: CheckReport["status"]): CheckReport => ({
    status,
    reason: status === "equal" ? undefined : "because",
    numerics: "exact",
    seed: 0,
    runtime: "none",
    special: undefined,
    uncompared: [],
    tamed: [],
    sets: [],
  });

  it("is told which special values may change, of exact rewrites or where they are to stay", async () => {
    const claims = async (text: string, options: RewriteOptions = {}): Promise<readonly string[][]> => {
      const told: string[][] = [];
      await rewriteModel(modelOf(text), options, {
        judge: (_, __, mayChange) => {
          told.push([...mayChange]);
          return Promise.resolve(report("equal"));
        },
      });
      return told;
    };
    const scaled = "g (float[N,3] x) => (y) <float k = {2}> { a = Mul (x, k) y = Mul (a, k) }";
    expect(await claims(model)).toEqual([[]]);
    expect(await claims(scaled)).toEqual([[...SPECIAL_VALUES]]);
    expect(await claims(scaled, { preserveNonfinite: true })).toEqual([["overflow"]]);
    expect(await claims(model, { opset: 18 })).toEqual([[...SPECIAL_VALUES]]);
  });

  it("that never agrees is answered with an error, not with a model", async () => {
    await expect(
      rewriteModel(modelOf(model), {}, { judge: () => Promise.resolve(report("differs")) }),
    ).rejects.toMatchObject({ code: "check", id: "model-differs-from-itself" });
  });

  it("that cannot judge leaves the decision to the caller", async () => {
    const result = await rewriteModel(
      modelOf(model),
      {},
      { judge: () => Promise.resolve(report("unchecked")) },
    );
    expect(result.check?.status).toBe("unchecked");
    expect(result.rewrites).toHaveLength(1);
  });

  it("leaves the rest out after many bad rewrites, and keeps what is proven", async () => {
    const nodes = Array.from({ length: 20 }, (_, i) => `i${i} = Identity (x) y${i} = Neg (i${i})`).join(" ");
    const outputs = Array.from({ length: 20 }, (_, i) => `y${i}`).join(", ");
    const many = modelOf(graphText("float[N,3] x", [], nodes, outputs));
    const result = await rewriteModel(
      many,
      { passes: ["eliminate-identity"] },
      {
        judge: (candidate) => Promise.resolve(report(candidate.graph.nodeCount < 40 ? "differs" : "equal")),
      },
    );
    expect(result.rolledBack).toHaveLength(16);
    expect(result.leftOut).toMatchObject({ rewrites: 4, reason: expect.stringMatching(/^too many /) });
    expect([result.model.graph.nodeCount, result.check?.status]).toEqual([40, "equal"]);
  });

  /** Two exact rewrites and, behind them, one that rounds: a = Identity, b = Identity, and 2 x 3. */
  const mixed = () =>
    modelOf(
      "g (float[N,3] x) => (y, z) <float k = {3}, float l = {7}> {\n      a = Identity (x) b = Mul (a, k) y = Mul (b, l) c = Identity (x) z = Neg (c) }",
    );
  const isRounded = (candidate: Model): boolean =>
    [...candidate.nodes()].filter((node) => node.is("Mul")).length < 2;

  it("undoes no rewrite that only one of several inputs blames", async () => {
    const judge: Judge = (candidate, _, __, inputs) =>
      Promise.resolve(report(inputs === 0 && isRounded(candidate) ? "differs" : "equal"));
    const result = await rewriteModel(mixed(), {}, { judge });
    expect([result.rolledBack, result.leftOut]).toEqual([[], undefined]);
    expect(result.acquitted).toMatchObject([{ numerics: "rounding", reason: "because" }]);
    expect(isRounded(result.model)).toBe(true);
  });

  it("undoes one that two inputs of three blame", async () => {
    for (const clear of [1, 2]) {
      const judge: Judge = (candidate, _, __, inputs) =>
        Promise.resolve(report(inputs !== clear && isRounded(candidate) ? "differs" : "equal"));
      const result = await rewriteModel(mixed(), {}, { judge });
      expect(
        result.rolledBack.map(({ numerics }) => numerics),
        `inputs ${clear}`,
      ).toContain("rounding");
      expect(isRounded(result.model)).toBe(false);
    }
  });

  it("undoes one that the only inputs blame", async () => {
    const judge: Judge = (candidate, _, __, inputs) =>
      Promise.resolve(inputs > 0 ? undefined : report(isRounded(candidate) ? "differs" : "equal"));
    const result = await rewriteModel(mixed(), {}, { judge });
    expect([result.rolledBack.length > 0, result.acquitted]).toEqual([true, []]);
  });

  it("keeps exact rewrites and those that are proven when the time is over", async () => {
    const judge: Judge = (candidate) => Promise.resolve(report(isRounded(candidate) ? "differs" : "equal"));
    const spentAfter = (questions: number): CheckBudget => {
      let asked = 0;
      return { begin: () => {}, start: () => {}, isSpent: () => asked++ >= questions, seconds: 7 };
    };
    for (const questions of [0, 1, 2]) {
      const budget = spentAfter(questions);
      const { leftOut, check, ...result } = await rewriteModel(mixed(), {}, { judge, budget });
      expect([check?.status, result.rolledBack], `after ${questions}`).toEqual(["equal", []]);
      expect(leftOut?.reason).toMatch(/budget of 7 s was spent .*--check-budget/);
      expect(sketch(result.model).join("\n")).not.toContain("Identity");
      expect(isRounded(result.model)).toBe(false);
    }
  });

  it("keeps what is exact where rounding alone changes the outputs beyond judgement", async () => {
    const judge: Judge = (candidate) =>
      Promise.resolve(
        isRounded(candidate)
          ? {
              ...report("unchecked"),
              sets: [{ name: "s", inputs: [], outputs: [], stored: [], verdict: "unjudged" }],
            }
          : report("equal"),
      );
    const result = await rewriteModel(mixed(), {}, { judge });
    expect([result.check?.status, result.leftOut]).toEqual([
      "equal",
      { rewrites: expect.any(Number), reason: "because" },
    ]);
    expect(sketch(result.model).join("\n")).not.toContain("Identity");
  });

  it("is not asked about a model that is as it was", async () => {
    const asked: string[] = [];
    const judge: Judge = (_, numerics) => {
      asked.push(numerics);
      return Promise.resolve(report("equal"));
    };
    const unchanged = report("equal");
    const neg = modelOf("g (float[N,3] x) => (y) { y = Neg (x) }");
    expect((await rewriteModel(neg, {}, { judge, unchanged })).check).toBe(unchanged);
    expect(asked).toEqual([]);
    await rewriteModel(neg, { opset: 18 }, { judge, unchanged });
    await rewriteModel(neg, {}, { judge });
    expect(asked).toHaveLength(2);
  });

  it("gives up where many rewrites fail before it is asked", async () => {
    const nodes = Array.from({ length: 20 }, (_, i) => `i${i} = Identity (x) y${i} = Neg (i${i})`).join(" ");
    const outputs = Array.from({ length: 20 }, (_, i) => `y${i}`).join(", ");
    const failing = rulePass("failing", (node) =>
      node.is("Identity")
        ? {
            kind: "rewrite",
            summary: "fails",
            apply: () => {
              throw new Error("it cannot");
            },
          }
        : undefined,
    );
    const many = modelOf(graphText("float[N,3] x", [], nodes, outputs));
    await expect(rewriteModel(many, { passes: [failing] })).rejects.toMatchObject({
      code: "check",
      id: "too-many-rollbacks",
      message: expect.stringMatching(/^16 /),
    });
  });

  it("is asked for exactness only while all rewrites are exact", async () => {
    const asked: string[] = [];
    const judge = (_: unknown, numerics: CheckReport["numerics"]): Promise<CheckReport> => {
      asked.push(numerics);
      return Promise.resolve(report("equal"));
    };
    await rewriteModel(modelOf(model), {}, { judge });
    await rewriteModel(
      modelOf(
        graphText(
          "float[N,3] x",
          [constant("W", [3, 2]), constant("k", [2])],
          "c = Gemm (x, W) y = Mul (c, k)",
        ),
      ),
      {},
      { judge },
    );
    const approximate = rulePass("approximate", toggleOnce(), "approximate");
    await rewriteModel(modelOf(model), { passes: ["eliminate-identity", approximate] }, { judge });
    expect(asked).toEqual(["exact", "rounding", "approximate"]);
  });
});

/** Touches one attribute, once. */
function toggleOnce(): Rule["match"] {
  return (node) =>
    node.is("Neg") && node.attribute("mark") === undefined
      ? { kind: "rewrite", summary: "marks", apply: (rewriter) => rewriter.setAttribute(node, "mark", 1) }
      : undefined;
}

describe("selectPasses", () => {
  it("takes names and objects, and leaves out skipped passes", () => {
    const own = rulePass("own", () => undefined);
    expect(selectPasses(["fold-constants", own], ["own"]).map(({ name }) => name)).toEqual([
      "fold-constants",
    ]);
    expect(selectPasses(undefined, ["fold-constants"]).map(({ name }) => name)).not.toContain(
      "fold-constants",
    );
    expect(selectPasses([]).map(({ name }) => name)).toEqual([]);
  });

  it("names an unknown pass", () => {
    for (const run of [
      () => selectPasses(["fold-everything"]),
      () => selectPasses(undefined, ["fold-everything"]),
    ]) {
      expect(run).toThrow(
        expect.objectContaining({
          code: "usage",
          message: expect.stringMatching(/no pass "fold-everything"/),
        }),
      );
    }
  });
});

describe("rewriteModel", () => {
  it("leaves the original as it was, also when it rolls back", async () => {
    const original = modelOf(TWO_LAYERS);
    const before = encodeToBytes(original);
    const options: RewriteOptions = { passes: [foldingPass("bad-fold", recipe({ epsilon: 1 }))] };
    const result: RewriteResult = await judged(original, options);
    expect(result.rolledBack).toHaveLength(1);
    expect(Buffer.compare(before, encodeToBytes(original))).toBe(0);
    expect(Buffer.compare(before, encodeToBytes(result.model))).toBe(0);
  });
});
