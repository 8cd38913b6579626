import { describe, it } from "vitest";
import type { Random } from "../../../src/base/random.js";
import { checkGradient, expectRuleRefuses } from "../../support/gradient.js";

const GATES: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };
const [STEPS, BATCH, WIDTH, HIDDEN] = [3, 2, 2, 3];

/** Small weights: a gate that is saturated has a gradient of rounding errors. */
const small = (random: Random): number => random.normal() / 3;
const OPTIONS = { rankless: false, feeds: { w: small, r: small } };

interface Layer {
  readonly op: string;
  readonly directions?: number;
  readonly attributes?: string;
  /** The inputs after x, w and r: b, h and c, or some of them. */
  readonly inputs?: string;
  /** The node that reads Y, Y_h and Y_c. */
  readonly result?: string;
}

function textOf({ op, directions = 1, attributes = "", inputs = "bhc", result = "y" }: Layer): string {
  const rows = (GATES[op] ?? 1) * HIDDEN;
  const state = `float[${directions},${BATCH},${HIDDEN}]`;
  const ports = [
    `float[${STEPS},${BATCH},${WIDTH}] x`,
    `float[${directions},${rows},${WIDTH}] w`,
    `float[${directions},${rows},${HIDDEN}] r`,
    ...(inputs.includes("b") ? [`float[${directions},${2 * rows}] b`] : []),
    ...(inputs.includes("h") ? [`${state} h`] : []),
    ...(inputs.includes("c") && op === "LSTM" ? [`${state} c`] : []),
  ];
  const has = (name: string): string => (inputs.includes(name) ? name : "");
  const cell = op === "LSTM" ? `, ${has("c")}` : "";
  const given = `x, w, r, ${has("b")}, , ${has("h")}${cell}`.replace(/[, ]+$/, "");
  const head = `${op} <hidden_size = ${HIDDEN}${attributes === "" ? "" : `, ${attributes}`}>`;
  const last = op === "LSTM" ? ", yc" : "";
  const body = result === "y" ? "" : `y = ${result}`;
  const outputs = result === "y" ? "y" : `ys, yh${last}`;
  const dims = result === "y" ? "[s,d,n,k]" : "[s,n,k]";
  return `g (${ports.join(", ")}) => (float${dims} y) { ${outputs} = ${head} (${given}) ${body} }`;
}

describe.each(["RNN", "LSTM", "GRU"])("%s", (op) => {
  const bidirectional = { directions: 2, attributes: 'direction = "bidirectional"' };
  it.each<readonly [string, Omit<Layer, "op">]>([
    ["forward", {}],
    ["in reverse", { attributes: 'direction = "reverse"' }],
    ["bidirectional", bidirectional],
    ["without bias and first states", { inputs: "" }],
    ["to its last state alone", { result: "Tanh (yh)" }],
    ["to all outputs", { ...bidirectional, result: "ReduceSum <keepdims = 0> (ys, axis)" }],
  ])("%s", async (_, layer) => {
    const { result } = layer;
    let text = textOf({ op, ...layer });
    if (result?.startsWith("ReduceSum") === true) {
      const rest = op === "LSTM" ? "t = Mul (yh, yc) y = Add (u, t)" : "y = Add (u, yh)";
      text = text.replace(`y = ${result}`, `axis = Constant <value = int64[1] {0}> () u = ${result} ${rest}`);
    }
    await checkGradient(text, OPTIONS);
  });
});

describe("forms", () => {
  it("GRU resets after its product", async () => {
    await checkGradient(textOf({ op: "GRU", attributes: "linear_before_reset = 1" }), OPTIONS);
    const both = 'linear_before_reset = 1, direction = "bidirectional"';
    await checkGradient(textOf({ op: "GRU", directions: 2, attributes: both, inputs: "" }), OPTIONS);
  });

  it("RNN with Relu", async () => {
    await checkGradient(textOf({ op: "RNN", attributes: 'activations = ["Relu"]' }), { ...OPTIONS, seed: 4 });
  });

  it("the default activations by name", async () => {
    const attributes = 'activations = ["Sigmoid", "Tanh", "Tanh"]';
    await checkGradient(textOf({ op: "LSTM", attributes, inputs: "" }), { ...OPTIONS, wrt: ["w"] });
  });

  it.each([
    ["clip", "LSTM", "clip = 3.0", "cell-is-clipped"],
    ["activations", "LSTM", 'activations = ["Sigmoid", "Relu", "Tanh"]', "activations-are-not-default"],
    ["layout", "RNN", "layout = 1", "layout-is-batch-first"],
    ["input_forget", "LSTM", "input_forget = 1", "gates-are-coupled"],
  ])("refuses %s", (_, op, attributes, id) => {
    expectRuleRefuses(textOf({ op, attributes, inputs: "" }), "y", "x", id);
  });

  it("refuses lengths and peepholes", () => {
    const text = textOf({ op: "LSTM", inputs: "" });
    const lengths = text.replace("(float", "(int32[2] l, float").replace("(x, w, r)", "(x, w, r, , l)");
    expectRuleRefuses(lengths, "y", "x", "sequences-have-lengths");
    const peepholes = text
      .replace("(float", "(float[1,9] p, float")
      .replace("(x, w, r)", "(x, w, r, , , , , p)");
    expectRuleRefuses(peepholes, "y", "x", "cell-has-peepholes");
  });
});
