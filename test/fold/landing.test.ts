import { expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal } from "../../src/base/refusal.js";
import { readerOf } from "../../src/fold/landing.js";
import { liftAffine } from "../../src/ops/affine.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

it("a map is read at one input, or at every input where all are the same value", () => {
  const readers = ["Mul (k, x)", "Add (x, x)", "Neg (x)"].map((node) => {
    const model = modelOf(graphText("float[2,3] x", ["float k = {2}"], `y = ${node}`));
    const lifted = model.graph.first && liftAffine(model.graph.first, createFacts(model));
    if (lifted === undefined || isRefusal(lifted)) return undefined;
    const { index, everyInput } = readerOf(lifted);
    return [index, everyInput];
  });
  expect(readers).toEqual([
    [1, undefined],
    [0, true],
    [0, undefined],
  ]);
});
