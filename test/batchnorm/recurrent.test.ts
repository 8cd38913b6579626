import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { memorySource } from "../../src/base/bytes.js";
import { calibrate } from "../../src/batchnorm/calibrate.js";
import { freeze } from "../../src/batchnorm/freeze.js";
import { insertBatchNorm } from "../../src/batchnorm/insert.js";
import type { InsertOptions } from "../../src/batchnorm/insert-options.js";
import { findRecurrent } from "../../src/batchnorm/recurrent.js";
import { attribute } from "../../src/ir/attribute.js";
import type { Model } from "../../src/ir/model.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { decodeModel } from "../../src/proto/decode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { printModel } from "../../src/text/print.js";
import { trainableParameters } from "../../src/training/parameters.js";
import { trainModel } from "../../src/training/train.js";
import { compare, evaluate, modelOf } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";
import {
  byChannel,
  dataOf,
  distance,
  meanOf,
  numbersOf,
  run,
  samples,
  tensor,
  varianceOf,
} from "./support.js";

const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const [STEPS, BATCH, WIDTH, HIDDEN] = [5, 3, 2, 4];

interface Layer {
  readonly op?: keyof typeof GATES;
  readonly direction?: "forward" | "reverse" | "bidirectional";
  readonly attributes?: string;
  /** Which of B, initial_h, initial_c and P it has. */
  readonly inputs?: string;
  readonly weight?: "constant" | "input";
  readonly sequence?: string;
}

/** y = op(x) for sequences in the data's order, [batch, steps, width]. */
function network({
  op = "LSTM",
  direction = "forward",
  attributes = "",
  inputs = "B",
  weight = "constant",
  sequence = "",
}: Layer = {}): string {
  const directions = direction === "bidirectional" ? 2 : 1;
  const rows = GATES[op] * HIDDEN;
  const weights = { low: -0.7, high: 0.7 };
  const extra = [
    ["B", [directions, 2 * rows]],
    ["h0", [directions, 1, HIDDEN]],
    ["c0", [directions, 1, HIDDEN]],
    ["P", [directions, 3 * HIDDEN]],
  ] as const;
  const has = (name: string): string => (inputs.split(" ").includes(name) ? name : "");
  const given = `s, W, R, ${has("B")}, ${sequence}, , , ${has("P")}`.replace(/[, ]+$/, "");
  const w = `float[${directions},${rows},${WIDTH}] W`;
  return graphText(
    `float[N,${STEPS},${WIDTH}] x${weight === "input" ? `, ${w}` : ""}`,
    [
      ...(weight === "input" ? [] : [constant("W", [directions, rows, WIDTH], weights)]),
      constant("R", [directions, rows, HIDDEN], weights),
      ...extra.filter(([name]) => has(name) !== "").map(([name, dims]) => constant(name, dims)),
      ...(sequence === "" ? [] : [`int32[${BATCH}] lengths = {5, 2, 4}`]),
    ],
    `s = Transpose <perm = [1, 0, 2]> (x)
     y, h = ${op} <hidden_size = ${HIDDEN}, direction = "${direction}"${attributes}> (${given})`,
    "y, h",
  );
}

const DATA = dataOf({ x: samples("sequences", [BATCH, STEPS, WIDTH]) });
const opTypes = (model: Model): string[] => [...model.nodes()].map((node) => node.opType);

async function back(model: Model): Promise<Model> {
  return (await rewriteModel(freeze(model).model, {}, { evaluate })).model;
}

async function insert(text: string, options: InsertOptions = {}): ReturnType<typeof insertBatchNorm> {
  return insertBatchNorm(modelOf(text), { data: DATA, recurrent: true, ...options });
}

const CASES: readonly (readonly [name: string, layer: Layer])[] = [
  ...(["LSTM", "GRU", "RNN"] as const).flatMap((op) =>
    (["forward", "reverse", "bidirectional"] as const).map(
      (direction) => [`${op}, ${direction}`, { op, direction }] as const,
    ),
  ),
  ["LSTM without a bias", { inputs: "" }],
  ["LSTM with peepholes", { inputs: "B P", direction: "bidirectional" }],
  ["GRU whose reset comes before the product", { op: "GRU", attributes: ", linear_before_reset = 1" }],
];

describe("the input term of recurrent layers", () => {
  it.each(CASES)("%s: normalized, the function stays, and back again", async (_, layer) => {
    const text = network(layer);
    const { model, report } = await insert(text);
    expect(report.check?.status).toBe("equal");
    expect(opTypes(model).filter((op) => op === "BatchNormalization")).toHaveLength(1);
    const [site] = report.sites;
    const channels = (layer.direction === "bidirectional" ? 2 : 1) * GATES[layer.op ?? "LSTM"] * HIDDEN;
    expect(site).toMatchObject({ channels, axis: -1, statistics: "measured", opType: "MatMul" });
    expect(site?.bias).toBe(layer.inputs === "" ? "none" : "taken over");
    const optimized = await back(model);
    expect(opTypes(optimized)).toEqual(["Transpose", layer.op ?? "LSTM"]);
    expect((await compare(modelOf(text), optimized, "rounding")).status).toBe("equal");
  });

  it.each(CASES.filter(([, { direction }]) => direction !== "forward" && direction !== "reverse"))(
    "%s: a normalization that does something folds into W and B",
    async (_, layer) => {
      const { model: fresh } = await insert(network(layer), { init: "fresh" });
      const { model: calibrated } = await calibrate(fresh, DATA);
      const frozen = freeze(calibrated);
      expect(frozen.report.neutral).toEqual([]);
      const optimized = await back(calibrated);
      expect(opTypes(optimized)).toEqual(["Transpose", layer.op ?? "LSTM"]);
      expect((await compare(calibrated, optimized, "rounding")).status).toBe("equal");
      expect((await compare(modelOf(network(layer)), optimized, "rounding")).status).toBe("differs");
    },
  );

  it.each(["LSTM", "GRU", "RNN"] as const)("%s trains with the statistics of batch and time", async (op) => {
    const text = network({ op, direction: "bidirectional", inputs: "" });
    const channels = 2 * GATES[op] * HIDDEN;
    for (const decompose of [false, true]) {
      const { model, report } = await insert(text, {
        init: "fresh",
        form: "training",
        decompose,
        momentum: 0,
      });
      const others = samples("others", [BATCH, STEPS, WIDTH]);
      const outputs = await run(model, new Map([["x", others]]));
      const [mean, variance] = report.sites[0]?.runningOutputs ?? [];
      // W x of all steps and samples. Their order, which the statistics do not see, is that of the data.
      const stored = [...modelOf(text).graph.initializers].find((value) => value.name === "W");
      const w = stored?.tensor?.toFloat64() ?? [];
      const x = numbersOf(others);
      const terms = Array.from({ length: STEPS * BATCH }, (_, row) =>
        Array.from({ length: channels }, (_, c) =>
          Array.from({ length: WIDTH }, (_, i) => (w[c * WIDTH + i] ?? NaN) * (x[row * WIDTH + i] ?? NaN)),
        ).map((products) => products.reduce((sum, product) => sum + product, 0)),
      ).flat();
      const lists = byChannel(terms, channels, 1);
      expect(distance(outputs.get(mean ?? ""), lists.map(meanOf))).toBeLessThan(1e-5);
      expect(distance(outputs.get(variance ?? ""), lists.map(varianceOf))).toBeLessThan(1e-5);
      expect(outputs.get("y")?.every(Number.isFinite)).toBe(true);
      expect(opTypes(await back(model))).toEqual(["Transpose", op]);
    }
  });

  it("leaves the W that only picks out of training", async () => {
    const { model } = await insert(network(), { init: "fresh", form: "training" });
    const output = model.graph.outputs[0];
    if (output === undefined) throw new Error("no output");
    const parameters = trainableParameters(model.graph, output, createFacts(model), {}).map(
      ({ value }) => value,
    );
    const roles = parameters.flatMap(({ uses }) =>
      [...uses].map((use) => (use.kind === "node" ? `${use.node.opType} ${use.index}` : use.kind)),
    );
    expect(roles.sort()).toEqual([
      "BatchNormalization 1",
      "BatchNormalization 2",
      "LSTM 2",
      "LSTM 3",
      "MatMul 1",
    ]);
  });
});

/** Two in a row, of which the second reads both directions of the first; steps and batch are symbols. */
const STACKED = graphText(
  `float[N,T,${WIDTH}] x`,
  [
    constant("W", [2, 3 * HIDDEN, WIDTH]),
    constant("R", [2, 3 * HIDDEN, HIDDEN]),
    constant("B", [2, 6 * HIDDEN]),
    constant("W2", [1, 12, 2 * HIDDEN]),
    constant("R2", [1, 12, 3]),
    constant("D", [3, 3]),
    `int64[3] sizes = {0, 0, ${2 * HIDDEN}}, int64[1] first = {0}`,
  ],
  `s = Transpose <perm = [1, 0, 2]> (x)
   a, b = GRU <hidden_size = ${HIDDEN}, direction = "bidirectional"> (s, W, R, B)
   t = Transpose <perm = [0, 2, 1, 3]> (a)
   u = Reshape (t, sizes)
   c, d = LSTM <hidden_size = 3> (u, W2, R2)
   e = Squeeze (d, first)
   y = MatMul (e, D)`,
  "y",
);
const STACKED_OPS = ["Transpose", "GRU", "Transpose", "Reshape", "LSTM", "Squeeze", "MatMul"];

describe("two recurrent layers in a row", () => {
  it.each([13, 17])("come back, frozen or not, from opset %i", async (opset) => {
    const plain = modelOf(STACKED, opset);
    const { model, report } = await insertBatchNorm(plain, { data: DATA, recurrent: true });
    expect(report.sites.map(({ activations }) => activations[0]?.opType)).toEqual(["GRU", "LSTM"]);
    expect(report.check?.status).toBe("equal");
    for (const optimized of [await back(model), (await rewriteModel(model, {}, { evaluate })).model]) {
      expect(opTypes(optimized)).toEqual(STACKED_OPS);
      expect((await compare(plain, optimized, "rounding")).status).toBe("equal");
    }
  });

  it("learn, and fold away with their trained parameters", async () => {
    const x = samples("sequences", [24, STEPS, WIDTH]);
    const { model } = await insertBatchNorm(modelOf(STACKED), {
      data: dataOf({ x }),
      recurrent: true,
      form: "training",
    });
    // Whether the first feature is mostly positive.
    const values = numbersOf(x);
    const sums = Array.from({ length: 24 }, (_, i) =>
      meanOf(values.slice(i * STEPS * WIDTH, (i + 1) * STEPS * WIDTH).filter((_, at) => at % WIDTH === 0)),
    );
    const classes = sums.map((sum) => (sum > 0 ? 1 : 0));
    const labels = tensor([24], classes, "int64");
    const losses: number[] = [];
    const trained = await trainModel(model, {
      data: dataOf({ x, labels }),
      batchSize: 12,
      epochs: 30,
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "momentum" },
      learningRate: 0.1,
      runtime: await defaultRuntime(),
      onStep: ({ loss }) => losses.push(loss),
    });
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    const optimized = await back(trained.model);
    expect(opTypes(optimized)).toEqual(STACKED_OPS);
    const inference = freeze(trained.model).model;
    expect((await compare(inference, optimized, "rounding")).status).toBe("equal");
  });
});

describe("a convolutional recurrent network", () => {
  it("is normalized at its LSTM too, once optimize has made W constant, and comes back", async () => {
    const file = readFileSync(new URL("../../models/zoo/crnn_small.onnx", import.meta.url));
    const exported = decodeModel(memorySource(file));
    const { model: plain } = await rewriteModel(exported, {}, { evaluate });
    const data = dataOf({ input: samples("images", [3, 1, 32, 50]) });
    const { model, report } = await insertBatchNorm(plain, { data, recurrent: true, form: "training" });
    expect(report.sites.map(({ activations }) => activations[0]?.opType)).toEqual(["Relu", "Relu", "LSTM"]);
    const optimized = await back(model);
    expect(opTypes(optimized)).toEqual(opTypes(plain));
    expect((await compare(plain, optimized, "rounding")).status).toBe("equal");
  });
});

/** An RNN in one branch of an If. */
const IN_BODY = graphText(
  `float[N,${STEPS},${WIDTH}] x, bool c`,
  [constant("W", [1, HIDDEN, WIDTH]), constant("R", [1, HIDDEN, HIDDEN])],
  `y = If (c) <
     then_branch = t () => (ty) {
       s = Transpose <perm = [1, 0, 2]> (x)
       ts, ty = RNN <hidden_size = ${HIDDEN}> (s, W, R)
     },
     else_branch = e () => (ey) { ey = Transpose <perm = [1, 0, 2]> (x) }
   >`,
  "y",
);

describe("a layer in a body", () => {
  it("is normalized when asked, with statistics that change nothing", async () => {
    const text = IN_BODY;
    const { model, report } = await insertBatchNorm(modelOf(text), { recurrent: true, bodies: true });
    expect(report.sites).toMatchObject([{ statistics: "neutral", channels: HIDDEN }]);
    expect((await compare(modelOf(text), model, "rounding")).status).toBe("equal");
  });

  it.each<readonly [string, InsertOptions, string]>([
    ["unasked", {}, "is-in-body"],
    ["in training form", { bodies: true, form: "training" }, "body-gives-no-statistics"],
  ])("is passed over %s", async (_, options, id) => {
    const { report } = await insertBatchNorm(modelOf(IN_BODY), {
      recurrent: true,
      init: "fresh",
      ...options,
    });
    expect(report.sites).toEqual([]);
    expect(report.passedOver.map((each) => each.id)).toEqual([id]);
  });
});

describe("layers that are passed over", () => {
  type Row = readonly [name: string, text: string, options: InsertOptions, id: string, reason: RegExp];
  const REFUSED: readonly Row[] = [
    [
      "layout 1",
      network({ attributes: ", layout = 1" }),
      {},
      "recurrent-layout-is-batch-first",
      /layout is 1/,
    ],
    [
      "a weight that callers give",
      network({ weight: "input" }),
      {},
      expect.any(String),
      /weight W "W" is a graph input/,
    ],
    [
      "a weight that is computed",
      network().replace("s = Transpose", "V = Neg (W) s = Transpose").replace("(s, W,", "(s, V,"),
      {},
      "recurrent-weight-is-computed",
      /"V" is computed by Neg "V"; optimize first/,
    ],
    [
      "sequences of several lengths",
      network({ sequence: "lengths" }),
      {},
      "sequences-differ-in-length",
      /count the padding/,
    ],
    [
      "an unknown rank",
      network().replace(`float[N,${STEPS},${WIDTH}] x`, "float x").replace("perm = [1, 0, 2]", "x = 1"),
      {},
      "recurrent-input-is-not-rank3",
      /rank of its input/,
    ],
    ["excluded by operator", network(), { exclude: ["LSTM"] }, "is-excluded", /LSTM/],
    ["not included", network(), { include: ["conv*"] }, "is-not-included", /include/],
  ];

  it.each(REFUSED)("%s", async (_, text, options, id, reason) => {
    const { model, report } = await insert(text, { init: "fresh", ...options });
    expect(report.sites).toEqual([]);
    expect(report.passedOver).toEqual([
      { node: expect.any(String), opType: "LSTM", id, reason: expect.stringMatching(reason) },
    ]);
    expect(opTypes(model).filter((op) => op !== "Neg")).toEqual(["Transpose", "LSTM"]);
  });

  it("normalizes no recurrent layer unasked, nor one twice", async () => {
    const plain = await insert(network(), { recurrent: false });
    expect(plain.report).toMatchObject({ sites: [], passedOver: [] });
    const { model } = await insert(network(), { init: "fresh" });
    const again = await insertBatchNorm(model, { init: "fresh", recurrent: true });
    expect(again.report.sites).toEqual([]);
    expect(again.report.passedOver.map(({ id }) => id)).toContain("recurrent-input-term-is-split-already");
  });

  it("lists without a change", async () => {
    const original = modelOf(network());
    const { model, report } = await insertBatchNorm(original, { recurrent: true, dryRun: true });
    expect(report.sites).toHaveLength(1);
    expect(printModel(model)).toBe(printModel(original));
  });
});

describe("layers whose form is not the usual one", () => {
  const rnn = (weight: string, rows: number): string =>
    `g (float[T,N,2] x) => (y) <float[1,${rows},2] W = {${weight}}, float[1,2,2] R = {1, 2, 3, 4}>
     { y = LSTM <hidden_size = 2> (x, W, R) }`;
  const passedOver = (model: Model): readonly string[] =>
    findRecurrent(model, {}, createFacts(model)).passedOver.map(({ id }) => id);

  it("are passed over: opset 6, a part of a gate, an attribute of the caller", () => {
    const eight = new Array<number>(16).fill(0.5).join();
    expect(passedOver(modelOf(rnn(eight, 8), 6))).toEqual(["recurrent-form-is-old"]);
    expect(passedOver(modelOf(rnn(new Array<number>(12).fill(0.5).join(), 6)))).toEqual([
      "recurrent-weight-has-part-of-gate",
    ]);
    const model = modelOf(rnn(eight, 8));
    const [node] = model.nodes();
    node?.set(attribute("hidden_size", { kind: "ref", ref: "given", type: "int" }));
    expect(passedOver(model)).toEqual(["attribute-belongs-to-caller"]);
  });

  it("is one that was split before only where each row picks one feature of as many", () => {
    // As many ones in the places that rows of two features would have, if they were only as many.
    const picks = "1,0,0,1,0,0,1,0,0,1,0,0,1,0,0,1";
    const model = modelOf(rnn(picks, 8));
    const { layers } = findRecurrent(model, {}, createFacts(model));
    expect(layers).toHaveLength(1);
  });
});
