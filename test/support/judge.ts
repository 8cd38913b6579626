import fc from "fast-check";
import { expect } from "vitest";
import { PASSES } from "../../passes/index.js";
import type { Numerics } from "../../src/base/numerics.js";
import { type SpecialValue, unionOf } from "../../src/base/special-values.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { type RewriteResult, rewriteModel } from "../../src/library/rewrite-model.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { createChecker } from "../../src/runtime/check.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { describeInputs, precisionOf } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { perturbWeights } from "../../src/runtime/perturb.js";
import { takesSpecialValues } from "../../src/runtime/special-values.js";
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
  /** What was equal on special values. */
  readonly special: CheckReport["special"];
}

/** How a graph is optimized; by default by all passes. */
export interface Optimizing {
  readonly passes?: readonly string[] | undefined;
  readonly preserveNonfinite?: boolean;
}

/**
 * Asserts that the passes leave the model sound and its outputs equal, those of special values as far as the rewrites claim
 * it, and that a second run changes nothing.
 */
export async function expectSameFunction(
  before: string | Model,
  { passes, preserveNonfinite = false }: Optimizing = {},
): Promise<Outcome> {
  const original = typeof before === "string" ? parseModel(before) : before;
  expect(verify(original), "the graph itself is unsound").toEqual([]);
  const options = { verifyEach: true, preserveNonfinite, ...(passes === undefined ? {} : { passes }) };
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
  const mayChange = unionOf(result.rewrites.map((record) => record.mayChange));
  const report = await compare(original, result.model, numerics, mayChange);
  const log = result.rewrites
    .map(({ pass, summary, mayChange }) => `${pass}: ${summary} (${mayChange})`)
    .join("\n");
  expect(report.status, `${report.reason}\n${log}\n${printModel(result.model)}`).not.toBe("differs");
  return { original, result, status: report.status, special: report.special };
}

const SEED = 7;

async function compare(
  original: Model,
  result: Model,
  numerics: Numerics,
  mayChange: readonly SpecialValue[],
): Promise<CheckReport> {
  const checker = await createChecker(
    { kind: "bytes", bytes: encodeToBytes(original) },
    {
      runtime: await defaultRuntime(),
      seed: SEED,
      inputs: describeInputs(original),
      precision: precisionOf(original),
      takesSpecialValues: takesSpecialValues(original),
      noisy: (run) =>
        Promise.resolve({
          model: { kind: "bytes", bytes: encodeToBytes(perturbWeights(original, SEED + run)) },
          dispose: () => Promise.resolve(),
        }),
    },
  );
  try {
    return await checker.compare({ kind: "bytes", bytes: encodeToBytes(result) }, numerics, mayChange);
  } finally {
    await checker.close();
  }
}
