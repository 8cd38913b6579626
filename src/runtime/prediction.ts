import { type Estimate, estimateRun } from "../analysis/estimate.js";
import { createFacts } from "../analysis/fact-table.js";
import type { NormfoldError } from "../base/errors.js";
import { Calls } from "../ir/calls.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/** Why a run on inputs of these dims, by name, is not worth a try; undefined where nothing speaks against it. */
export type Objection = (inputs: ReadonlyMap<string, readonly number[]>) => NormfoldError | undefined;

/** The most operations on inputs whose sizes can be chosen: half a minute or more. */
const MOST_OPERATIONS = 2 ** 40;

/** From so many operations on one set of inputs is enough: on one core such a run takes seconds. */
export const HEAVY_RUN: number = 2 ** 35;

/** What is known of runs on inputs of these dims, by name, before they are tried. */
export interface Prediction {
  readonly objection: Objection;
  /** The least that a run takes in operations. */
  readonly operations: (inputs: ReadonlyMap<string, readonly number[]>) => number;
}

/**
 * Objects to runs that need more than `memory` bytes, weights included, by the least that inferred sizes say, and to sizes that
 * could be smaller where a run would take minutes.
 */
export function objectionTo(model: Model, memory: number, parameterBytes: number): Objection {
  return predict(model, memory, parameterBytes).objection;
}

/** As objectionTo, with the operations of a run. */
export function predict(model: Model, memory: number, parameterBytes: number): Prediction {
  const facts = createFacts(model);
  const { inputs, outputs } = model.graph;
  // Infers all now, while a runtime in a process of its own loads.
  for (const output of outputs) facts.typeOf(output);
  const isFree = inputs.some(
    ({ type }) => type?.kind === "tensor" && type.shape?.some((dim) => typeof dim !== "number") !== false,
  );
  const known = new Map<string, Estimate>();
  const estimated = (dims: ReadonlyMap<string, readonly number[]>): Estimate => {
    const key = JSON.stringify([...dims]);
    const estimate = known.get(key) ?? estimateRun(model, facts, dims);
    known.set(key, estimate);
    return estimate;
  };
  return {
    objection: (dims) => {
      const estimate = estimated(dims);
      const bytes = estimate.bytes + parameterBytes;
      if (bytes > memory) return errors.runNeedsTooMuchMemory(bytes, memory);
      if (isFree && estimate.operations > MOST_OPERATIONS)
        return errors.runTakesTooManyOperations(estimate.operations, MOST_OPERATIONS);
      return undefined;
    },
    operations: (dims) => estimated(dims).operations,
  };
}

/** onnxruntime takes ten seconds for 50,000 nodes that come from functions, and four times as long for twice as many. */
const MOST_INLINED = 200_000;

/** Why the runtime is not given the model to load; undefined where nothing speaks against it. */
export function objectionToLoading(model: Model): NormfoldError | undefined {
  if (model.functions.length === 0) return undefined;
  const nodes = new Calls(model).inAll();
  return nodes <= MOST_INLINED ? undefined : errors.callsMakeTooManyNodes(nodes, MOST_INLINED);
}
