import fc from "fast-check";
import { expect } from "vitest";
import { PASSES } from "../../passes/index.js";
import type { Numerics } from "../../src/base/numerics.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { rewriteModel } from "../../src/optimize.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { type CheckReport, createChecker } from "../../src/runtime/check.js";
import { describeInputs, precisionOf } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import { parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";
import { evaluate } from "../support/rewrite.js";
import { graphOf, type Recipe } from "./random-graph.js";

const recipes: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.nat(1 << 20),
  equal: fc.boolean(),
  symbolic: fc.boolean(),
  opset: fc.constantFrom(13, 17, 18, 21),
  steps: fc.array(
    fc.record({
      operator: fc.nat(1000),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(4)),
      choice: fc.nat(1 << 20),
    }),
    { minLength: 2, maxLength: 20, size: "max" },
  ),
});

const names = PASSES.map((pass) => pass.name);
/** The pipeline, or some of its passes in any order. */
const pipelines: fc.Arbitrary<readonly string[] | undefined> = fc.option(
  fc.shuffledSubarray(names, { minLength: 2 }),
  { nil: undefined },
);

interface Tally {
  unchecked: number;
  folded: number;
}

async function holds(text: string, passes: readonly string[] | undefined, tally: Tally): Promise<void> {
  const original = parseModel(text);
  expect(verify(original), "the random graph is unsound").toEqual([]);
  const options = { verifyEach: true, ...(passes === undefined ? {} : { passes }) };
  const result = await rewriteModel(original, options, { evaluate });
  expect(result.rolledBack).toEqual([]);
  expect(verify(result.model)).toEqual([]);
  expect(count(result.model), "there are more nodes than before").toBeLessThanOrEqual(count(original));
  const second = await rewriteModel(result.model, options, { evaluate });
  expect(
    second.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`),
    "a second run still changes something",
  ).toEqual([]);
  tally.folded += result.rewrites.filter(({ pass }) => pass.startsWith("fold-affine")).length;

  const numerics = result.rewrites.every((record) => record.numerics === "exact") ? "exact" : "rounding";
  const report = await compareTwice(original, result.model, numerics);
  if (report.status === "unchecked") tally.unchecked++;
  const log = result.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`).join("\n");
  expect(report.status, `${report.reason}\n${text}\n${log}\n${printModel(result.model)}`).not.toBe("differs");
}

/**
 * The noise of an output of one element, measured once, can be small by chance where terms cancel. What is wrong is
 * wrong on other inputs too.
 */
async function compareTwice(original: Model, result: Model, numerics: Numerics): Promise<CheckReport> {
  const first = await compareOn(7, original, result, numerics);
  return first.status === "differs" ? compareOn(8, original, result, numerics) : first;
}

async function compareOn(
  seed: number,
  original: Model,
  result: Model,
  numerics: Numerics,
): Promise<CheckReport> {
  const checker = await createChecker(
    { kind: "bytes", bytes: encodeToBytes(original) },
    {
      runtime: await defaultRuntime(),
      seed,
      inputs: describeInputs(original),
      precision: precisionOf(original),
      noisy: () =>
        Promise.resolve({
          model: { kind: "bytes", bytes: encodeToBytes(perturbWeights(original, seed)) },
          dispose: () => Promise.resolve(),
        }),
    },
  );
  try {
    return await checker.compare({ kind: "bytes", bytes: encodeToBytes(result) }, numerics);
  } finally {
    await checker.close();
  }
}

function count(model: Model): number {
  return [...model.nodes()].length;
}

/**
 * Folds `graphs` random graphs and asserts that they compute the same, are sound, have no more nodes and fold no further. A
 * failure is shrunk and told with its text.
 */
export async function foldRandomGraphs(graphs: number, seed: number): Promise<void> {
  const tally: Tally = { unchecked: 0, folded: 0 };
  await fc.assert(
    fc.asyncProperty(recipes, pipelines, async (recipe, passes) => {
      const text = graphOf(recipe);
      try {
        await holds(text, passes, tally);
      } catch (error) {
        throw new Error(
          `${error instanceof Error ? error.message : String(error)}\npasses ${passes?.join(" ")}\n${text}`,
        );
      }
    }),
    { numRuns: graphs, seed, unbiased: true },
  );
  // A generator whose graphs do not run, or have nothing to fold, would test nothing.
  expect(tally.unchecked).toBeLessThan(graphs / 20 + 3);
  expect(tally.folded).toBeGreaterThan(graphs / 4);
}
