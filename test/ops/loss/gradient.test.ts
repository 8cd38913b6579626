import { describe, expect, it } from "vitest";
import { checkGradient, expectRuleRefuses, modelOf } from "../../support/gradient.js";

const LOSSES = ["SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"];
const labels = (_: unknown, index: number): number => (index * 7) % 4;

interface LossCase {
  readonly sizes?: readonly number[];
  readonly attributes?: string;
  readonly weighted?: boolean;
  readonly dtype?: string;
}

function lossText(op: string, of: LossCase): string {
  const { sizes = [5, 4], attributes = "", weighted = false, dtype = "int64" } = of;
  const places = sizes.filter((_, axis) => axis !== 1).join();
  const y = attributes.includes("none") ? `float[${places}] y` : "float y";
  const head = attributes === "" ? op : `${op} <${attributes}>`;
  const inputs = `float[${sizes.join()}] x, ${dtype}[${places}] l${weighted ? ", float[4] w" : ""}`;
  return `g (${inputs}) => (${y}) { y = ${head} (x, l${weighted ? ", w" : ""}) }`;
}

const CASES: readonly (readonly [string, LossCase])[] = [
  ["mean", {}],
  ["sum", { attributes: 'reduction = "sum"' }],
  ["none", { attributes: 'reduction = "none"' }],
  ["mean, class weights", { weighted: true }],
  ["sum, class weights", { weighted: true, attributes: 'reduction = "sum"' }],
  ["none, class weights", { weighted: true, attributes: 'reduction = "none"' }],
  ["mean, an ignored class", { attributes: "ignore_index = 2" }],
  ["none, an ignored class", { attributes: 'ignore_index = 2, reduction = "none"' }],
  ["mean, class weights and an ignored class", { weighted: true, attributes: "ignore_index = 0" }],
  ["mean over places", { sizes: [2, 4, 3, 2] }],
  [
    "none over places, class weights, an ignored class",
    {
      sizes: [2, 4, 3],
      weighted: true,
      attributes: 'ignore_index = 1, reduction = "none"',
    },
  ],
  ["labels of 32 bits", { dtype: "int32", attributes: "ignore_index = 3" }],
];

describe.each(LOSSES)("%s", (op) => {
  it.each(CASES)("%s", async (_, of) => {
    const w = (_random: unknown, index: number): number => 0.5 + index / 3;
    await checkGradient(lossText(op, of), {
      wrt: ["x"],
      feeds: of.weighted === true ? { l: labels, w } : { l: labels },
    });
  });

  it("leaves rows out whose label is ignored and no class", async () => {
    const text = lossText(op, { sizes: [3, 4], attributes: "ignore_index = -100" });
    const gradients = await checkGradient(text, { wrt: ["x"], feeds: { l: [1, -100, 3] } });
    expect([...(gradients.get("x_grad")?.data.slice(4, 8) ?? [])].map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it("refuses gradients of class weights", () => {
    expectRuleRefuses(modelOf(lossText(op, { weighted: true })), "y", "w", "class-weights-have-no-gradient");
  });
});

it("goes through the logarithms of the probabilities too", async () => {
  const text = `g (float[5,4] x, int64[5] l) => (float[5,4] y)
    { loss, p = SoftmaxCrossEntropyLoss (x, l)  y = Add (p, loss) }`;
  await checkGradient(text, { wrt: ["x"], feeds: { l: labels } });
  const alone = "g (float[5,4] x, int64[5] l) => (float[5,4] p) { loss, p = SoftmaxCrossEntropyLoss (x, l) }";
  await checkGradient(alone, { wrt: ["x"], feeds: { l: labels } });
});
