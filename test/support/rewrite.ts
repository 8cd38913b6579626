import { expect } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Numerics } from "../../src/base/numerics.js";
import { SPECIAL_VALUES, type SpecialValue, unionOf } from "../../src/base/special-values.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import {
  type Judge,
  type RewriteOptions,
  type RewriteResult,
  type RewriteServices,
  rewriteModel,
} from "../../src/library/rewrite-model.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import type { Evaluate } from "../../src/rewrite/pass.js";
import { createChecker } from "../../src/runtime/check.js";
import type { CheckReport } from "../../src/runtime/check-report.js";
import { evaluateConstants } from "../../src/runtime/evaluate.js";
import { describeInputs, precisionOf } from "../../src/runtime/inputs.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { takesSpecialValues } from "../../src/runtime/special-values.js";
import { parseGraph, parseModel } from "../../src/text/parse.js";
import { printModel } from "../../src/text/print.js";
import { misreadable } from "./readers.js";
import { sketch } from "./text.js";

export interface RewriteCase
  extends Pick<
    RewriteOptions,
    "passes" | "growthLimit" | "freezeInitializers" | "inlineFunctions" | "preserveNonfinite" | "target"
  > {
  /** The opset of a text without a model header. */
  readonly opset?: number;
  /**
   * False where onnxruntime has no kernel for the original, which is asserted too; "maybe" where that depends on the
   * machine (float16).
   */
  readonly runnable?: boolean | "maybe";
  /** Sizes of inputs by name, where trying would not find them. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

export interface Outcome extends RewriteResult {
  readonly original: Model;
  /** One line per node: see sketch. */
  readonly ops: readonly string[];
  readonly refusalText: string;
}

/** A model from text: with a header as it is, without one as a graph of `opset`. */
export function modelOf(text: string, opset = 17): Model {
  return text.trimStart().startsWith("<") ? parseModel(text) : parseGraph(text, { opset });
}

/** Constant folding as the product does it. */
export const evaluate: Evaluate = async (constants) => {
  const names = constants.graph.outputs.map((value) => value.name);
  const tensors = await evaluateConstants(await defaultRuntime(), constants, names);
  return names.flatMap((name) => tensors.get(name) ?? []);
};

/**
 * Rewrites, and asserts what must hold of any rewriting: the original is untouched, the result is sound, the same input
 * gives the same bytes, a second run changes nothing, and onnxruntime gives the same outputs, also of NaN, infinity and -0 as
 * far as the rewrites claim it.
 */
export async function rewrite(before: string | Model, options: RewriteCase = {}): Promise<Outcome> {
  const { opset, runnable = true, shapes, ...rest } = options;
  const original = typeof before === "string" ? modelOf(before, opset) : before;
  const flaws = verify(original);
  expect(flaws, "the case itself is unsound").toEqual([]);
  const bytes = encodeToBytes(original);
  const settings: RewriteOptions = { ...rest, verifyEach: true };
  const result = await rewriteModel(original, settings, { evaluate });
  expect(result.rolledBack).toEqual([]);
  expect(Buffer.compare(encodeToBytes(original), bytes), "the original was changed").toBe(0);
  expect(verify(result.model)).toEqual([]);
  expect(misreadable(original, result.model), "other readers misread what a pass has written").toEqual([]);
  const known = contradictions(original);
  const fresh = contradictions(result.model).filter((message) => !known.includes(message));
  expect(fresh, "declared types contradict what is computed").toEqual([]);
  const rewritten = encodeToBytes(result.model);

  const again = await rewriteModel(original, settings, { evaluate });
  expect(Buffer.compare(encodeToBytes(again.model), rewritten), "two runs differ").toBe(0);
  const second = await rewriteModel(result.model, settings, { evaluate });
  expect(
    second.rewrites.map((record) => record.summary),
    "a second run still changes something",
  ).toEqual([]);

  const mayChange = unionOf(result.rewrites.map((record) => record.mayChange));
  const report = await compare(original, result.model, weakest(result), shapes, mayChange);
  const expected = runnable === "maybe" ? ["equal", "unchecked"] : [runnable ? "equal" : "unchecked"];
  if (!expected.includes(report.status)) {
    expect.unreachable(
      `${report.status}: ${report.reason}\n${printModel(original)}\nbecame\n${printModel(result.model)}`,
    );
  }
  const refusalText = result.refusals
    .map(({ pass, node, id, reason }) => `${pass}, ${node}: ${reason} [${id}]`)
    .join("\n");
  return { ...result, original, ops: sketch(result.model), refusalText };
}

/** Where declarations contradict what follows from the model, as ONNX's strict shape inference would find. */
function contradictions(model: Model): readonly string[] {
  const facts = createFacts(model);
  for (const graph of model.graphs()) {
    for (const node of graph.nodes())
      for (const output of node.outputs) if (output !== null) facts.typeOf(output);
  }
  return facts.conflicts.map(({ element, message }) => `${element}: ${message}`);
}

/** The rewrite leaves exactly these nodes, in the form of sketch(). */
export async function expectRewrite(
  before: string,
  after: readonly string[],
  options: RewriteCase = {},
): Promise<Outcome> {
  const outcome = await rewrite(before, options);
  expect(outcome.ops).toEqual(after);
  return outcome;
}

/**
 * Nothing is rewritten, and a refusal says why: one of this id, or of a sentence like this. Without a reason, the pass
 * passes over the node without a refusal.
 */
export async function expectRefused(
  before: string,
  reason?: string | RegExp,
  options: RewriteCase = {},
): Promise<Outcome> {
  const outcome = await rewrite(before, options);
  expect(
    outcome.rewrites.map(({ summary }) => summary),
    "nothing may be rewritten",
  ).toEqual([]);
  expectRefusal(outcome, reason);
  return outcome;
}

/** A refusal of this id, or of a sentence like this, is among those of a rewriting. */
export function expectRefusal({ refusals, refusalText }: Outcome, reason: string | RegExp | undefined): void {
  if (typeof reason === "string") expect(refusals.map(({ id }) => id)).toContain(reason);
  else if (reason !== undefined) expect(refusalText).toMatch(reason);
}

/** As many nodes as before: none may have been folded into another, though constants may have been tidied up. */
export async function expectKept(
  before: string,
  reason?: string | RegExp,
  options: RewriteCase = {},
): Promise<void> {
  const { ops, original, refusalText } = await rewrite(before, options);
  expect(ops).toHaveLength([...original.nodes()].length);
  if (reason !== undefined) expect(refusalText).toMatch(reason);
}

function weakest({ rewrites }: RewriteResult): Numerics {
  if (rewrites.some(({ numerics }) => numerics === "approximate")) return "approximate";
  return rewrites.some(({ numerics }) => numerics === "rounding") ? "rounding" : "exact";
}

/** Compares in onnxruntime with its graph optimizations off, on seeded inputs. */
export async function compare(
  original: Model,
  result: Model,
  numerics: Numerics,
  shapes?: RewriteCase["shapes"],
  mayChange: readonly SpecialValue[] = SPECIAL_VALUES,
): Promise<CheckReport> {
  const checker = await checkerOf(original, shapes);
  try {
    return await checker.compare({ kind: "bytes", bytes: encodeToBytes(result) }, numerics, mayChange);
  } finally {
    await checker.close();
  }
}

async function checkerOf(
  original: Model,
  shapes?: RewriteCase["shapes"],
): Promise<Awaited<ReturnType<typeof createChecker>>> {
  return createChecker(
    { kind: "bytes", bytes: encodeToBytes(original) },
    {
      runtime: await defaultRuntime(),
      seed: 7,
      inputs: describeInputs(original),
      precision: precisionOf(original),
      takesSpecialValues: takesSpecialValues(original),
      ...(shapes === undefined ? {} : { shapes }),
    },
  );
}

/** A judge over onnxruntime, as the product has it. Close it. */
export async function judgeOf(original: Model): Promise<{ judge: Judge; close: () => Promise<void> }> {
  const checker = await checkerOf(original);
  return {
    judge: (candidate, numerics, mayChange) =>
      checker.compare({ kind: "bytes", bytes: encodeToBytes(candidate) }, numerics, mayChange),
    close: () => checker.close(),
  };
}

/** rewriteModel with a real judge. */
export async function judged(
  original: Model,
  options: RewriteOptions,
  services: RewriteServices = { evaluate },
): Promise<RewriteResult> {
  const { judge, close } = await judgeOf(original);
  try {
    return await rewriteModel(original, options, { ...services, judge });
  } finally {
    await close();
  }
}
