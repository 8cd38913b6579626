import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SHARED } from "../../support/runtime.js";
import { judgeBackendTest, judgeLight, lightModelsIn, nameOf, type Outcome, testsIn } from "./support.js";

/** NORMFOLD_ALL=1 for all of them, about a thousand; every eighth otherwise. */
const ALL = process.env["NORMFOLD_ALL"] === "1";
const STRIDE = ALL ? 1 : 8;

interface Tally {
  readonly failures: string[];
  readonly named: Readonly<Record<Outcome, string[]>>;
}

async function judgeFolder(folder: string, inlineFunctions: boolean): Promise<Tally> {
  const tally: Tally = { failures: [], named: { stored: [], raised: [], like: [], unrun: [] } };
  for (const path of testsIn(join(SHARED ?? "", folder)).filter((_, index) => index % STRIDE === 0)) {
    try {
      tally.named[await judgeBackendTest(path, inlineFunctions)].push(nameOf(path));
    } catch (error) {
      tally.failures.push(`${nameOf(path)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (ALL) console.log(`${folder}\n${summary(tally)}`);
  return tally;
}

/** The number of tests by outcome, and the tests that do not give the stored outputs. */
function summary({ named, failures }: Tally): string {
  const { stored, raised, like, unrun } = named;
  return [
    `${stored.length} as stored, ${raised.length} as stored once raised, ${failures.length} failed`,
    `${like.length} where onnxruntime gives other numbers for the original too: ${like.join(", ")}`,
    `${unrun.length} that onnxruntime does not run or its JavaScript interface does not carry: ${unrun.join(", ")}`,
  ].join("\n");
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
        const { failures, named } = await judgeFolder(folder, inlined);
        expect(failures).toEqual([]);
        // Most of them run here: a test that compares nothing would pass too.
        const held = named.stored.length + named.raised.length;
        expect(held / (held + named.like.length + named.unrun.length)).toBeGreaterThan(least);
      },
      600_000,
    );

    it("light topologies: the stored outputs", async () => {
      const paths = lightModelsIn(join(SHARED ?? "", "onnx-backend/light"));
      expect(paths).not.toEqual([]);
      for (const path of paths) if (ALL || /squeezenet|shufflenet/.test(path)) await judgeLight(path);
    }, 600_000);
  },
);
