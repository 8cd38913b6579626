import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { modelOf, type Recipe } from "./draft.js";
import { holds, type Tally } from "./holds.js";
import { OPERATORS } from "./structure.js";

/** `npm run fuzz` sets these for long runs. */
const MODELS = Number(process.env["NORMFOLD_MODELS"] ?? 2000);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1);
/** Where to write what runs, so that a crash of the runtime has a model. */
const RUNNING = process.env["NORMFOLD_RUNNING"];

const OPSETS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24] as const;

const recipes: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.nat(1 << 20),
  opset: fc.constantFrom(...OPSETS),
  ir: fc.constantFrom(3, 8, 8, 10),
  symbolic: fc.boolean(),
  steps: fc.array(
    fc.record({
      operator: fc.nat(OPERATORS.length - 1),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(5)),
      choice: fc.nat(1 << 20),
    }),
    { minLength: 1, maxLength: 12, size: "max" },
  ),
});

it(
  `${MODELS} random models of whatever a model may hold compute the same after optimizing (npm run fuzz for more)`,
  async () => {
    const tally: Tally = { run: 0, checked: 0, rewrites: 0 };
    await fc.assert(
      fc.asyncProperty(recipes, async (recipe) => {
        const drafted = modelOf(recipe, OPERATORS);
        if (RUNNING !== undefined) writeFileSync(RUNNING, drafted.text);
        try {
          await holds(drafted, recipe.seed, tally);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`${reason}\nfor\n${drafted.text}`, { cause: error });
        }
      }),
      { numRuns: MODELS, seed: SEED, unbiased: true },
    );
    // Models that do not run, or have nothing to rewrite, would test nothing.
    expect(tally.run).toBeGreaterThan(MODELS * 0.7);
    expect(tally.checked).toBeGreaterThan(tally.run * 0.8);
    expect(tally.rewrites).toBeGreaterThan(MODELS);
  },
  60_000 + MODELS * 1000,
);
