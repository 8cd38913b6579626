import { describe, expect, it } from "vitest";
import { PASSES } from "../passes/index.js";
import { createFacts } from "../src/analysis/fact-table.js";
import { memorySource } from "../src/base/bytes.js";
import type { Model } from "../src/ir/model.js";
import { rewriteModel } from "../src/library/rewrite-model.js";
import { decodeModel } from "../src/proto/decode.js";
import { encodeToBytes } from "../src/proto/encode.js";
import { lackingOpset } from "../src/rewrite/fuse-compound.js";
import type { Pass } from "../src/rewrite/pass.js";
import { fusionOf } from "../src/target/fusions.js";
import { evaluate, modelOf } from "./support/rewrite.js";
import { constant, graphText, modelText, normalization, normalize } from "./support/text.js";

const NAMES = PASSES.map(({ name }) => name);

/** One pass that has to come before another. */
interface Constraint {
  readonly first: string;
  readonly second: string;
  readonly reason: string;
}

function constraintsOf({ name, order }: Pass): readonly Constraint[] {
  if (order === undefined || order === "any place") return [];
  const { after = {}, before = {} } = order;
  return [
    ...Object.entries(after).map(([first, reason]) => ({ first, second: name, reason })),
    ...Object.entries(before).map(([second, reason]) => ({ first: name, second, reason })),
  ];
}

const CONSTRAINTS = PASSES.flatMap(constraintsOf);

const pair = ({ first, second }: Pick<Constraint, "first" | "second">): string => `${first} before ${second}`;

const LARGE = [4, 80, 80];

/** A rotary embedding of eight elements as PyTorch exports it. */
const rotary = (x: string, y: string): string =>
  `h = Concat <axis = 2> (angles, angles) c = Cos (h) d = Sin (h) C = Unsqueeze (c, one) S = Unsqueeze (d, one)
   a = Slice (${x}, zero, four, three) b = Slice (${x}, four, eight, three) n = Neg (b) o = Concat <axis = 3> (n, a)
   p = Mul (${x}, C) s = Mul (o, S) ${y} = Add (p, s)`;

/** For each constraint a graph that comes out larger, or in other operators, when the second pass runs first. */
const WITNESSES: Readonly<Record<string, string>> = {
  "merge-movement-chains before eliminate-transposes": graphText(
    "float[1,17,32] x, float[1,4,17,8] q",
    ["int64[4] heads = {1, 17, 4, 8}, int64[3] flat = {4, 17, 8}, int64[4] back = {1, 4, 8, 17}"],
    `r = Reshape (x, heads) k = Transpose <perm = [0, 2, 1, 3]> (r) f = Reshape (k, flat)
     t = Transpose <perm = [0, 2, 1]> (f) b = Reshape (t, back) y = MatMul (q, b)`,
  ),
  "fuse-rotary-embedding before eliminate-transposes": modelText(
    `g (float[1,17,32] x, float[1,4,17,8] q, float[1,17,4] angles) => (y)
     <int64[4] heads = {1, 17, 4, 8}, int64[1] zero = {0}, int64[1] one = {1}, int64[1] four = {4}, int64[1] eight = {8},
      int64[1] three = {3}>
     { r = Reshape (x, heads) k = Transpose <perm = [0, 2, 1, 3]> (r) ${rotary("k", "e")}
       t = Transpose <perm = [0, 1, 3, 2]> (e) y = MatMul (q, t) }`,
    { opset: 23 },
  ),
  "eliminate-no-op-movement before merge-view-chains": graphText(
    "float[N,4,5] x, float[N,4,5] z",
    ["int64[1] last = {-1}"],
    "s = Shape (z) r = Reshape (x, s) y = Unsqueeze (r, last)",
  ),
  "fold-constants before fold-affine-up": graphText(
    "float[N,16,32] x",
    [constant("V", [64, 32]), normalization("bn", 64)],
    `W = Transpose <perm = [1, 0]> (V) m = MatMul (x, W) f = Flatten <axis = 2> (m)
     ${normalize("b", "f", "bn")} s = Shape (m) y = Reshape (b, s)`,
  ),
  "fold-affine-up before fold-affine-down": graphText(
    "float[N,16,32] x",
    [constant("W", [32, 64]), normalization("bn", 64)],
    `m = MatMul (x, W) f = Flatten <axis = 2> (m)
     ${normalize("b", "f", "bn")} s = Shape (m) y = Reshape (b, s)`,
  ),
  "fuse-compound-operators before fold-affine-down": graphText(
    "float[N,4,6,7] x",
    ["float k = {0.16666667}, float t = {3}, float zero = {0}, float six = {6}", constant("W", [5, 4, 1, 1])],
    "a = Add (x, t) r = Clip (a, zero, six) m = Mul (k, r) n = Mul (x, m) y = Conv (n, W)",
  ),
  "fold-affine-up before fuse-exact-operators": graphText(
    "float[N,3,6,7] x",
    [constant("W", [4, 3, 1, 1]), "float[1] low = {-0.5}, float high = {0.75}, float k = {2}, float t = {1}"],
    "c = Conv (x, W) a = Max (c, low) b = Min (a, high) d = Mul (b, k) y = Add (d, t)",
  ),
  "fuse-exact-operators before merge-variadic-chains": graphText(
    "float[N,4] x, float[N,4] z",
    ["float zero = {0}, float six = {6}"],
    "a = Max (x, z) b = Max (a, zero) y = Min (b, six)",
  ),
  "fold-affine-up before merge-duplicate-initializers": graphText(
    "float[N,4,80,80] x, float[N,4,80,80] u",
    [
      constant("K", LARGE, { seed: 1 }),
      constant("K", LARGE, { seed: 1 }).replace("K", "L"),
      constant("W", [4, 4, 1, 1]),
      constant("k", [4, 1, 1]),
    ],
    "c = Conv (x, W) a = Add (c, K) y = Mul (a, k) z = Mul (u, L)",
    "y, z",
  ),
  "fold-affine-up before merge-common-subexpressions": graphText(
    "float[2,3,5,7] x",
    [constant("w", [4, 3, 1, 1]), constant("k", [4, 1, 1]), constant("l", [4, 1, 1])],
    "a = Conv (x, w) b = Conv (x, w) c = Mul (a, k) d = Mul (b, l) e = Exp (c) f = Neg (d) y = Mul (e, f)",
  ),
  "fold-affine-down before merge-common-subexpressions": graphText(
    "float[N,3,5] x, float[N,2,5] z",
    [constant("W", [2, 8, 1]), constant("s", [3, 1]), constant("t", [3, 1])],
    `a = Mul (x, s) b = Add (a, t) c = Mul (x, s) d = Add (c, t)
     e = Concat <axis = 1> (b, d, z) y = Conv (e, W)`,
  ),
};

/** Gelu as PyTorch spells it below opset 20, from `x` to `y`. */
const GELU_CONSTANTS = "float r = {1.4142135}, float one = {1}, float half = {0.5}";
const gelu = (x: string, y: string): string =>
  `gd = Div (${x}, r) ge = Erf (gd) gp = Add (ge, one) gm = Mul (${x}, gp) ${y} = Mul (gm, half)`;

/** LayerNormalization as PyTorch spells it below opset 17, with a scale and a bias. */
const layerNormalization = (scale: string, bias: string): string =>
  `m = ReduceMean <axes = [-1]> (x) c = Sub (x, m) p = Pow (c, two) v = ReduceMean <axes = [-1]> (p)
   e = Add (v, eps) s = Sqrt (e) d = Div (c, s) g = Mul (d, ${scale}) y = Add (g, ${bias})`;

const PARAMETERS = ["float two = {2}, float eps = {0.00001}", constant("scale", [8]), constant("bias", [8])];

/** For each constraint a graph of which the runtime fuses less when the second pass runs first. */
const FUSION_WITNESSES: Readonly<Record<string, string>> = {
  "fold-constants before keep-runtime-fusions": graphText(
    "float[N,4,8] x",
    ["float r = {1.4142135}, float one = {1}, float q = {0.25}", constant("W", [8, 8])],
    `half = Sqrt (q) ${gelu("x", "z")} y = MatMul (z, W)`,
  ),
  "eliminate-no-op-movement before keep-runtime-fusions": graphText(
    "float[N,4,8] x",
    [GELU_CONSTANTS, constant("W", [8, 8])],
    `${gelu("x", "z").replace("ge = Erf (gd)", "gc = Cast <to = 1> (gd) ge = Erf (gc)")} y = MatMul (z, W)`,
  ),
  "keep-runtime-fusions before eliminate-neutral-operands": modelText(
    graphText(
      "float[N,4,8] x",
      [...PARAMETERS, `float[8] ones = {${Array(8).fill(1)}}`],
      layerNormalization("ones", "bias"),
    ),
    { opset: 13 },
  ),
  "keep-runtime-fusions before eliminate-neutral-affine": modelText(
    graphText(
      "float[N,4,8] x",
      [...PARAMETERS, `float[8] zeros = {${Array(8).fill(0)}}`],
      layerNormalization("scale", "zeros"),
    ),
    { opset: 13 },
  ),
  "keep-runtime-fusions before compose-affine": graphText(
    "float[N,4,8] x",
    [GELU_CONSTANTS, "float k = {3}"],
    `${gelu("x", "z")} y = Mul (z, k)`,
  ),
  "keep-runtime-fusions before fold-affine-up": graphText(
    "float[N,4,8] x",
    [GELU_CONSTANTS, "float k = {3}"],
    `${gelu("x", "z")} y = Mul (z, k)`,
  ),
  "keep-runtime-fusions before fold-affine-down": graphText(
    "float[N,4,8] x",
    [GELU_CONSTANTS, constant("W", [8, 8])],
    `${gelu("x", "z")} y = MatMul (z, W)`,
  ),
};

/** All passes, where `second` comes right before `first`. */
function reversed({ first, second }: Constraint): readonly Pass[] {
  const others = PASSES.filter(({ name }) => name !== second);
  const moved = PASSES.filter(({ name }) => name === second);
  return others.flatMap((pass) => (pass.name === first ? [...moved, pass] : [pass]));
}

const KEEPS_FUSIONS = "keep-runtime-fusions";

/** The expressions that onnxruntime fuses. */
function fusionsIn(model: Model): number {
  const facts = createFacts(model);
  const found = [...model.nodes()].flatMap((node) => lackingOpset(node, facts) ?? []);
  return found.filter(({ compound }) => fusionOf(compound)?.takes(compound)).length;
}

/** The operators that are left by passes in this order, and the bytes of the constants. */
async function leftBy(
  passes: readonly Pass[],
  model: Model,
): Promise<{ operators: string[]; bytes: number }> {
  const { model: result } = await rewriteModel(model, { passes }, { evaluate });
  const graphs = [...result.graphs()];
  const initializers = graphs.flatMap((graph) => [...graph.initializers]);
  return {
    operators: graphs.flatMap((graph) => [...graph.nodes()].map(({ opType }) => opType)),
    bytes: initializers.reduce((bytes, { tensor }) => bytes + (tensor?.byteLength ?? 0), 0),
  };
}

describe("the order of the passes", () => {
  it.each(PASSES)(
    "$name says which passes it follows and precedes, or that any place will do",
    ({ order }) => {
      expect(order, 'give the pass an order: { after, before }, or "any place"').toBeDefined();
      if (order !== "any place")
        expect(
          Object.keys({ ...order?.after, ...order?.before }),
          'name a pass in after or before, or write "any place"',
        ).not.toEqual([]);
    },
  );

  it("names only passes that exist, and gives each constraint once", () => {
    for (const { first, second, reason } of CONSTRAINTS) {
      for (const name of [first, second])
        expect(NAMES, "an order names a pass that is not in passes/index.ts").toContain(name);
      expect(reason, `give the reason for ${pair({ first, second })}`).not.toBe("");
    }
    const pairs = CONSTRAINTS.map(pair);
    const twice = pairs.filter((each, index) => pairs.indexOf(each) !== index);
    expect(twice, "say it in one of the two passes").toEqual([]);
  });

  // An order that keeps all constraints also proves that they form no cycle.
  it.each(CONSTRAINTS)("$first comes before $second: $reason", ({ first, second }) => {
    expect(NAMES.indexOf(first), "move one of the two in passes/index.ts").toBeLessThan(
      NAMES.indexOf(second),
    );
  });

  const [forFusions, others] = [true, false].map((wanted) =>
    CONSTRAINTS.filter(({ first, second }) => [first, second].includes(KEEPS_FUSIONS) === wanted),
  );

  it.each(forFusions ?? [])("matters to the runtime: $first before $second", async (constraint) => {
    const text = FUSION_WITNESSES[pair(constraint)];
    if (text === undefined) expect.unreachable("no graph shows that it does; add one to FUSION_WITNESSES");
    const [kept, reverse] = [PASSES, reversed(constraint)].map(async (passes) => {
      const { model } = await rewriteModel(modelOf(text), { passes }, { evaluate });
      return fusionsIn(model);
    });
    expect(await kept).toBe(1);
    expect(await reverse, "both orders leave it; give another graph in FUSION_WITNESSES").toBe(0);
  });

  it.each(others ?? [])("matters: $first before $second", async (constraint) => {
    const text = WITNESSES[pair(constraint)];
    if (text === undefined) expect.unreachable("no graph shows that it does; add one to WITNESSES");
    // Tensors as they come from a file: those of a text are computed, and large ones are not compared then.
    const model = decodeModel(memorySource(encodeToBytes(modelOf(text))));
    const [kept, reverse] = [await leftBy(PASSES, model), await leftBy(reversed(constraint), model)];
    expect(reverse, "both orders leave the same; give another graph in WITNESSES").not.toEqual(kept);
    const more = reverse.operators.length - kept.operators.length;
    const isWorse = more > 0 || (more === 0 && reverse.bytes >= kept.bytes);
    expect(isWorse, "the other order leaves less; give another graph in WITNESSES").toBe(true);
  });

  it("has a witness for each stated constraint and no other", () => {
    const idle = Object.keys({ ...WITNESSES, ...FUSION_WITNESSES }).filter(
      (key) => !CONSTRAINTS.map(pair).includes(key),
    );
    expect(idle, "remove the graph from WITNESSES, or give a pass this order").toEqual([]);
  });
});
