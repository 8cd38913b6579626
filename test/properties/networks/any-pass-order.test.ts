import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PASSES } from "../../../passes/index.js";
import { rewrite } from "../../support/rewrite.js";
import { randomNetwork } from "./random-network.js";

/** NORMFOLD_GRAPHS=2000 for a long run; NORMFOLD_SEED for other ones. */
const GRAPHS = Number(process.env["NORMFOLD_GRAPHS"] ?? 150);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1);
const NAMES = PASSES.map((pass) => pass.name);

const passes = fc.oneof(
  fc.constant<readonly string[]>(NAMES),
  fc.shuffledSubarray(NAMES, { minLength: NAMES.length }),
  fc.shuffledSubarray(NAMES, { minLength: 1 }),
);

describe("random networks, random passes in random order", () => {
  it(`${GRAPHS} of them: sound, the same outputs, the same bytes twice, nothing left for a second run`, async () => {
    let rewrites = 0;
    let rounds = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), passes, async (seed, names) => {
        const text = randomNetwork(seed);
        try {
          const outcome = await rewrite(text, { passes: names });
          rewrites += outcome.rewrites.length;
          rounds = Math.max(rounds, outcome.rounds);
        } catch (error) {
          throw new Error(`seed ${seed}, passes ${names.join(" ")}:\n${text}\n${String(error)}`, {
            cause: error,
          });
        }
      }),
      { numRuns: GRAPHS, seed: SEED, endOnFailure: true },
    );
    // The networks are worth something only when there is something to rewrite in them.
    expect(rewrites).toBeGreaterThan(GRAPHS);
    expect(rounds).toBeLessThan(16);
  }, 1_800_000);
});
