import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SHARED } from "../runtime/support.js";
import { judgeBackendTest, nameOf, type Outcome, testsIn } from "./support.js";

/** NORMFOLD_ALL=1 for all of them, about a thousand; every eighth otherwise. */
const ALL = process.env["NORMFOLD_ALL"] === "1";
const STRIDE = ALL ? 1 : 8;

interface Tally {
  readonly failures: string[];
  readonly counts: Record<Outcome, number>;
}

async function judgeFolder(folder: string, inlineFunctions: boolean): Promise<Tally> {
  const tally: Tally = { failures: [], counts: { stored: 0, raised: 0, like: 0, unrun: 0 } };
  for (const path of testsIn(join(SHARED ?? "", folder)).filter((_, index) => index % STRIDE === 0)) {
    try {
      tally.counts[await judgeBackendTest(path, inlineFunctions)]++;
    } catch (error) {
      tally.failures.push(`${nameOf(path)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (ALL) console.log(folder, tally.counts);
  return tally;
}

describe.skipIf(SHARED === undefined)(
  "ONNX's backend tests, optimized (skipped without ../shared/models; NORMFOLD_ALL=1 for all of them)",
  () => {
    it.each([
      ["onnx-node", false, 0.8],
      ["onnx-backend/pytorch-converted", false, 0.8],
      ["onnx-backend/simple", false, 0.4],
      ["onnx-backend/simple", true, 0.4],
    ] as const)(
      "%s (functions inlined: %s): the stored outputs",
      async (folder, inlined, least) => {
        const { failures, counts } = await judgeFolder(folder, inlined);
        expect(failures).toEqual([]);
        // Most of them run here: a test that compares nothing would pass too.
        const held = counts.stored + counts.raised;
        expect(held / (held + counts.like + counts.unrun)).toBeGreaterThan(least);
      },
      600_000,
    );
  },
);
