import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal } from "../../src/base/refusal.js";
import { planParts, wideReader } from "../../src/fold/parts.js";
import type { Model } from "../../src/ir/model.js";
import { liftAffine } from "../../src/ops/affine.js";
import type { LiftedAffine } from "../../src/rules/affine/facet.js";
import type { Facts } from "../../src/rules/facts.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf } from "../support/facts.js";
import { rewrite } from "../support/rewrite.js";

/** As many parts of one channel each as make a Concat wide. */
const PARTS = 1500;

const each = (line: (i: number) => string): string =>
  Array.from({ length: PARTS }, (_, i) => line(i)).join(" ");
const list = (name: (i: number) => string): string =>
  Array.from({ length: PARTS }, (_, i) => name(i)).join(", ");

/** Part i comes from the i-th channel, and is scaled by i + 2 unless `other` says what it is. */
function text(
  other: (i: number) => string | undefined = () => undefined,
  outputs = "y",
  weight = "w",
): string {
  const nodes = each((i) => other(i) ?? `s${i} = Mul (p${i}, k${i})`);
  return `g (float[1,${PARTS},2,2] x) => (${outputs}) <
      ${list((i) => `float[1,1,1] k${i} = {${i + 2}}`)}, float[1,${PARTS},1,1] ${weight} = {${list((i) => `${(i % 5) + 1}`)}}> {
    ${list((i) => `p${i}`)} = Split <axis = 1> (x)
    ${nodes} c = Concat <axis = 1> (${list((i) => `s${i}`)}) y = Conv (c, w) }`;
}

function liftedAt(model: Model, output: string, facts: Facts): LiftedAffine {
  const lifted = liftAffine(nodeOf(model, output), facts);
  if (lifted === undefined || isRefusal(lifted)) throw new Error(`${output} is no map`);
  return lifted;
}

describe("parts of a wide Concat", () => {
  it("go together into the Conv behind it, those that are maps", async () => {
    const relu = (i: number): string | undefined => (i === 3 ? "s3 = Relu (p3)" : undefined);
    const { model, rewrites } = await rewrite(text(relu), {
      passes: ["fold-affine-down", "eliminate-dead"],
    });
    expect(rewrites.filter(({ pass }) => pass === "fold-affine-down").map(({ summary }) => summary)).toEqual([
      `Conv "y" absorbs ${PARTS - 1} parts of Concat "c"`,
    ]);
    const weight = nodeOf(model, "y").input(1)?.tensor?.toFloat64() ?? [];
    expect([...weight.slice(0, 5)]).toEqual([2, 6, 12, 4, 30]);
  });

  it("are planned once, by the first of them", () => {
    const model = parseGraph(text(), { opset: 17 });
    const facts = createFacts(model);
    const [first, second] = ["s0", "s1"].map((name) => liftedAt(model, name, facts));
    const reader = wideReader(nodeOf(model, "s0").outputs[0] ?? fail(), facts);
    if (first === undefined || second === undefined || reader === undefined) throw new Error("not wide");
    expect(planParts(second, reader, facts)).toBeUndefined();
    expect(planParts(first, reader, facts)).toMatchObject({
      parts: { length: PARTS },
      landings: [{ node: {} }],
    });
  });

  it("leave out a part that others read, and stay where nothing behind takes a map", () => {
    const shared = parseGraph(text(undefined, "y, s7"), { opset: 17 });
    const facts = createFacts(shared);
    const reader = nodeOf(shared, "c");
    const plan = planParts(liftedAt(shared, "s0", facts), reader, facts);
    expect(plan).toMatchObject({ parts: { length: PARTS - 1 } });
    const output = parseGraph(text(undefined, "y, c"), { opset: 17 });
    const refused = planParts(
      liftedAt(output, "s0", createFacts(output)),
      nodeOf(output, "c"),
      createFacts(output),
    );
    expect(refused).toMatchObject({ id: "value-is-graph-output" });
  });
});

function fail(): never {
  throw new Error("no output");
}
