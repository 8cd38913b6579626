import fc from "fast-check";
import { expect } from "vitest";
import { PASSES } from "../../passes/index.js";
import type { Numerics } from "../../src/base/numerics.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { type RewriteResult, rewriteModel } from "../../src/library/rewrite-model.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { describeInputs, precisionOf } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import { parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";
import { evaluate } from "./rewrite.js";

/** For random graphs: the pipeline, or some of its passes in any order. */
export const pipelines: fc.Arbitrary<readonly string[] | undefined> = fc.option(
  fc.shuffledSubarray(
    PASSES.map((pass) => pass.name),
    { minLength: 2 },
  ),
  { nil: undefined, freq: 2 },
);

export interface Outcome {
  readonly original: Model;
  readonly result: RewriteResult;
  readonly status: CheckReport["status"];
}

/**
 * Asserts that the passes, by default all, leave the model sound and its outputs equal, and that a second run changes
 * nothing.
 */
export async function expectSameFunction(text: string, passes?: readonly string[]): Promise<Outcome> {
  const original = parseModel(text);
  expect(verify(original), "the graph itself is unsound").toEqual([]);
  const options = { verifyEach: true, ...(passes === undefined ? {} : { passes }) };
  const result = await rewriteModel(original, options, { evaluate });
  expect(result.rolledBack).toEqual([]);
  expect(verify(result.model)).toEqual([]);
  const second = await rewriteModel(result.model, options, { evaluate });
  expect(
    second.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`),
    "a second run still changes something",
  ).toEqual([]);
  const kinds = new Set(result.rewrites.map(({ numerics }) => numerics));
  const numerics: Numerics = kinds.has("approximate")
    ? "approximate"
    : kinds.has("rounding")
      ? "rounding"
      : "exact";
  const report = await compare(original, result.model, numerics);
  const log = result.rewrites.map(({ pass, summary }) => `${pass}: ${summary}`).join("\n");
  expect(report.status, `${report.reason}\n${log}\n${printModel(result.model)}`).not.toBe("differs");
  return { original, result, status: report.status };
}

const SEED = 7;

async function compare(original: Model, result: Model, numerics: Numerics): Promise<CheckReport> {
  const checker = await createChecker(
    { kind: "bytes", bytes: encodeToBytes(original) },
    {
      runtime: await defaultRuntime(),
      seed: SEED,
      inputs: describeInputs(original),
      precision: precisionOf(original),
      noisy: (run) =>
        Promise.resolve({
          model: { kind: "bytes", bytes: encodeToBytes(perturbWeights(original, SEED + run)) },
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
