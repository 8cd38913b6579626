import { NormfoldError } from "../base/errors.js";
import { nearest } from "../base/nearest.js";
import type { Model } from "../ir/model.js";
import { check } from "../library/check.js";
import { type OptimizeOptions, optimize } from "../library/optimize.js";
import { selectPasses } from "../library/select-passes.js";
import { lazyRuntime, type RuntimeOptions } from "../library/staging.js";
import { encodeToBytes } from "../proto/encode.js";
import { isCrash } from "../runtime/errors.js";
import { probeFeeds } from "../runtime/feeds.js";
import { describeInputs } from "../runtime/inputs.js";
import type { OptimizationLevel } from "../runtime/runtime.js";
import { errors } from "./errors.js";
import type { Observe } from "./search.js";

/** Something that can be wrong with a model, and how it is seen. */
export interface Predicate {
  /** Says what is wrong with a model. */
  readonly observe: Observe;
  /** What happens where nothing is wrong, as a clause. */
  readonly nothing: string;
  /** The last line that was printed in the last try. */
  readonly said?: () => string | undefined;
}

/** What can be wrong with a model, by the first words of predicateOf. */
export const PREDICATES: readonly string[] = ["check-differs", "undone", "pass", "crash", "error"];

/**
 * The predicate of a text:
 *
 *   check-differs   what optimize makes of the model without a check gives other outputs
 *   undone[:pass]   optimize undoes a rewrite (of that pass), because it changes the outputs
 *   pass:<name>     the pass changes the model
 *   crash           onnxruntime crashes when it loads or runs the model as it is, with its own optimizations
 *   error           onnxruntime refuses to load or run it so, with the same message, names and numbers apart
 *
 * Throws NormfoldError "usage" for other texts.
 */
export function predicateOf(text: string, options: OptimizeOptions = {}): Predicate {
  const predicate = named(text, options);
  // A pass applies or not, whatever onnxruntime does.
  const isRun = !text.startsWith("pass:");
  return isRun && options.isolation === "process" ? inFreshProcesses(predicate) : predicate;
}

function named(text: string, options: OptimizeOptions): Predicate {
  const [word = "", ...rest] = text.split(":");
  const pass = rest.length === 0 ? undefined : rest.join(":");
  const takesPass = word === "undone" || word === "pass";
  const isKnown = PREDICATES.includes(word);
  if (pass !== undefined && isKnown && !takesPass) throw errors.predicateTakesNoPass(word);
  if (pass !== undefined && isKnown) selectPasses([pass]);
  switch (word) {
    case "check-differs":
      return optimizedDiffers(options);
    case "undone":
      return undoesRewrite(pass, options);
    case "pass":
      if (pass === undefined) throw errors.predicateNeedsPass();
      return passApplies(pass, options);
    case "crash":
      return runtimeCrashes(options);
    case "error":
      return runtimeFails(options);
    default:
      throw errors.unknownPredicate(text, PREDICATES, nearest(word, PREDICATES));
  }
}

/** A process of onnxruntime that a model has damaged may crash on the next one, so that each try gets a new one. */
function inFreshProcesses({ observe, nothing }: Predicate): Predicate {
  return {
    nothing,
    observe: async (model, signal) => {
      const { renewRuntime } = await import("../isolation/isolated-runtime.js");
      try {
        return await observe(model, signal);
      } finally {
        await renewRuntime();
      }
    },
  };
}

/** Optimize undoes a rewrite, of the pass where one is given: the rewrite changes the outputs. */
export function undoesRewrite(pass: string | undefined, options: OptimizeOptions = {}): Predicate {
  const what = pass === undefined ? "a rewrite" : `a rewrite of ${pass}`;
  return {
    nothing: `optimize does not undo ${what}`,
    observe: async (model, signal) => {
      const { report } = await optimize(model, { ...options, signal });
      const isFound = report.rolledBack.some((record) => pass === undefined || record.pass === pass);
      return isFound ? `optimize undoes ${what}` : undefined;
    },
  };
}

/** What optimize makes of the model unchecked gives other outputs. */
export function optimizedDiffers(options: OptimizeOptions = {}): Predicate {
  return {
    nothing: "what optimize makes unchecked gives the same outputs",
    observe: async (model, signal) => {
      const result = await optimize(model, { ...options, check: false });
      const { status } = await check(model, result.model, { ...options, signal });
      return status === "differs" ? "what optimize makes unchecked gives other outputs" : undefined;
    },
  };
}

/** The pass makes a rewrite. */
export function passApplies(pass: string, options: OptimizeOptions = {}): Predicate {
  return {
    nothing: `the pass ${pass} does not apply`,
    observe: async (model) => {
      const { report } = await optimize(model, { ...options, check: false });
      return report.rewrites.some((record) => record.pass === pass) ? `the pass ${pass} applies` : undefined;
    },
  };
}

/** onnxruntime crashes on the model as it is. */
export function runtimeCrashes(options: RuntimeOptions = {}): Predicate {
  return {
    nothing: "onnxruntime does not crash",
    observe: (model) => failing(model, options, (failure) => (isCrash(failure) ? "crashes" : undefined)),
  };
}

/** onnxruntime refuses the model, with the same message each time. */
export function runtimeFails(options: RuntimeOptions = {}): Predicate {
  return {
    nothing: "onnxruntime loads and runs the model",
    observe: (model) => failing(model, options, ({ message }) => withoutPlaces(message)),
  };
}

/** How onnxruntime fares with a model as it is, first without its own optimizations and then with all of them. */
async function failing(
  model: Model,
  options: RuntimeOptions,
  describe: (failure: NormfoldError) => string | undefined,
): Promise<string | undefined> {
  for (const level of ["disabled", "all"] as const) {
    const failure = await failureAt(level, model, options);
    const description = failure && describe(failure);
    if (description !== undefined) return `onnxruntime (level ${level}): ${description}`;
  }
  return undefined;
}

/** What onnxruntime says against a model when it loads or runs it. */
async function failureAt(
  level: OptimizationLevel,
  model: Model,
  options: RuntimeOptions,
): Promise<NormfoldError | undefined> {
  const runtime = await lazyRuntime(model, { isolation: "process", ...options })();
  try {
    const session = await runtime.open({ kind: "bytes", bytes: encodeToBytes(model) }, { level });
    try {
      await probeFeeds(session, describeInputs(model), { seed: 0 });
    } finally {
      await session.close();
    }
    return undefined;
  } catch (error) {
    if (error instanceof NormfoldError && error.code !== "internal") return error;
    throw error;
  }
}

/** A message without the names and numbers that are of one model. */
export function withoutPlaces(message: string): string {
  return message
    .replace(/"[^"]*"|'[^']*'|\{[^{}]*\}|\[[^[\]]*\]/g, "...")
    .replace(/\b(node|name|output|input)( \w+)?:\s*\S*/gi, "$1: ...")
    .replace(/\d+/g, "0");
}
