import fc from "fast-check";
import { expect, it } from "vitest";
import { expectSameFunction, pipelines } from "../../support/judge.js";
import { CHAINS } from "./chains.js";
import { graphOf, type Recipe } from "./draft.js";
import { ELEMENTWISE } from "./elementwise.js";
import { MOVEMENT } from "./movement.js";
import { STRUCTURE } from "./structure.js";

/** NORMFOLD_GRAPHS=5000 for a long run; NORMFOLD_SEED for other ones. */
const GRAPHS = Number(process.env["NORMFOLD_GRAPHS"] ?? 200);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1);

const OPERATORS = [...ELEMENTWISE, ...MOVEMENT, ...STRUCTURE, ...CHAINS];

const recipes: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.nat(1 << 20),
  symbolic: fc.boolean(),
  opset: fc.constantFrom(13, 17, 18, 20, 22),
  steps: fc.array(
    fc.record({
      operator: fc.nat(OPERATORS.length - 1),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(4)),
      choice: fc.nat(1 << 20),
    }),
    { minLength: 2, maxLength: 16, size: "max" },
  ),
});

it(
  `${GRAPHS} random graphs of all kinds of operators compute the same after optimizing (NORMFOLD_GRAPHS sets how many)`,
  async () => {
    const tally = { unchecked: 0, rewrites: 0 };
    await fc.assert(
      fc.asyncProperty(recipes, pipelines, async (recipe, passes) => {
        const text = graphOf(recipe, OPERATORS);
        try {
          const { result, status } = await expectSameFunction(text, { passes });
          tally.rewrites += result.rewrites.length;
          if (status === "unchecked") tally.unchecked++;
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`${reason}\npasses ${passes?.join(" ")}\n${text}`, { cause: error });
        }
      }),
      { numRuns: GRAPHS, seed: SEED, unbiased: true },
    );
    // Graphs that do not run, or have nothing to rewrite, would test nothing.
    expect(tally.unchecked).toBeLessThan(GRAPHS / 20 + 3);
    expect(tally.rewrites).toBeGreaterThan(2 * GRAPHS);
  },
  60_000 + GRAPHS * 1000,
);
