import fc from "fast-check";
import { expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import { isFloat } from "../../../src/ir/dtype.js";
import type { Model } from "../../../src/ir/model.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { parseModel } from "../../../src/text/parse.js";
import { printModel } from "../../../src/text/print.js";
import { expectSameFunction, type Optimizing, pipelines } from "../../support/judge.js";
import { graphOf as affineGraphOf } from "../affine/random-graph.js";
import { CHAINS } from "./chains.js";
import { graphOf } from "./draft.js";
import { ELEMENTWISE } from "./elementwise.js";
import { MOVEMENT } from "./movement.js";
import { STRUCTURE } from "./structure.js";

/** NORMFOLD_GRAPHS=5000 for a long run; NORMFOLD_SEED for other ones. */
const GRAPHS = Number(process.env["NORMFOLD_GRAPHS"] ?? 200);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1);

const OPERATORS = [...ELEMENTWISE, ...MOVEMENT, ...STRUCTURE, ...CHAINS];

const recipes = fc.record({
  seed: fc.nat(1 << 20),
  equal: fc.boolean(),
  symbolic: fc.boolean(),
  opset: fc.constantFrom(13, 17, 18, 21),
  /** A graph of affine maps and the operators around them, or of all operators. */
  affine: fc.boolean(),
  /** Constants get special values too. */
  spoiled: fc.boolean(),
  preserveNonfinite: fc.boolean(),
  steps: fc.array(
    fc.record({
      operator: fc.nat(1000),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(4)),
      choice: fc.nat(1 << 20),
    }),
    { minLength: 3, maxLength: 10, size: "max" },
  ),
});

const SPECIALS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  2 ** -140,
  -(2 ** -140),
  -1,
  1e-30,
];

/** Special values in the place of one in eight elements of float constants. */
function spoil(model: Model, seed: number): void {
  const random = createRandom(seed);
  for (const value of model.graph.initializers) {
    const { tensor } = value;
    if (tensor === undefined || !isFloat(tensor.dtype)) continue;
    const numbers = tensor
      .toFloat64()
      .map((number) =>
        random.uniform() < 1 / 8 ? (SPECIALS[random.integer(0, SPECIALS.length)] ?? 0) : number,
      );
    value.tensor = tensorFromNumbers(tensor.dtype, tensor.dims, numbers);
  }
}

it(
  `${GRAPHS} random graphs keep what their rewrites claim to keep of special values (NORMFOLD_GRAPHS sets how many)`,
  async () => {
    const tally = { compared: 0, exact: 0, rewrites: 0, preserved: 0 };
    await fc.assert(
      fc.asyncProperty(recipes, pipelines, async (recipe, passes) => {
        const { affine, spoiled, seed, preserveNonfinite } = recipe;
        const model = parseModel(affine ? affineGraphOf(recipe) : graphOf(recipe, OPERATORS));
        if (spoiled) spoil(model, seed);
        const options: Optimizing = { passes: seed % 4 === 0 ? passes : undefined, preserveNonfinite };
        try {
          const { result, special } = await expectSameFunction(model, options);
          if (special === undefined) return;
          tally.compared++;
          tally.rewrites += result.rewrites.length;
          if (special.exact) tally.exact++;
          if (preserveNonfinite) tally.preserved += result.rewrites.length;
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`${reason}\n${JSON.stringify(options)}\n${printModel(model)}`, { cause: error });
        }
      }),
      { numRuns: GRAPHS, seed: SEED, unbiased: true },
    );
    // Graphs in which nothing is compared, or nothing rewritten, would test nothing.
    expect(tally.compared).toBeGreaterThan(GRAPHS / 3);
    expect(tally.exact).toBeGreaterThan(GRAPHS / 10);
    expect(tally.rewrites).toBeGreaterThan(GRAPHS);
    expect(tally.preserved).toBeGreaterThan(GRAPHS / 3);
  },
  60_000 + GRAPHS * 1000,
);
