import fc from "fast-check";
import { expect } from "vitest";
import type { Model } from "../../../src/ir/model.js";
import { expectSameFunction, pipelines } from "../../support/judge.js";
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

interface Tally {
  unchecked: number;
  folded: number;
}

async function holds(text: string, passes: readonly string[] | undefined, tally: Tally): Promise<void> {
  const { original, result, status } = await expectSameFunction(text, { passes });
  expect(count(result.model), "there are more nodes than before").toBeLessThanOrEqual(count(original));
  tally.folded += result.rewrites.filter(({ pass }) => pass.startsWith("fold-affine")).length;
  if (status === "unchecked") tally.unchecked++;
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
