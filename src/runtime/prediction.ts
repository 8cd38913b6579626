import { estimateRun } from "../analysis/estimate.js";
import { createFacts } from "../analysis/fact-table.js";
import type { NormfoldError } from "../base/errors.js";
import { Calls } from "../ir/calls.js";
import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";

/** Why a run on inputs of these dims, by name, is not worth a try; undefined where nothing speaks against it. */
export type Objection = (inputs: ReadonlyMap<string, readonly number[]>) => NormfoldError | undefined;

/** The most operations on inputs whose sizes can be chosen: half a minute or more. */
const MOST_OPERATIONS = 2 ** 40;

/**
 * Objects to runs that need more than `memory` bytes, weights included, by the least that inferred sizes say, and to sizes that
 * could be smaller where a run would take minutes.
 */
export function objectionTo(model: Model, memory: number, parameterBytes: number): Objection {
  const facts = createFacts(model);
  const { inputs, outputs } = model.graph;
  // Infers all now, while a runtime in a process of its own loads.
  for (const output of outputs) facts.typeOf(output);
  const isFree = inputs.some(
    ({ type }) => type?.kind === "tensor" && type.shape?.some((dim) => typeof dim !== "number") !== false,
  );
  return (dims) => {
    const estimate = estimateRun(model, facts, dims);
    const bytes = estimate.bytes + parameterBytes;
    if (bytes > memory) return errors.runNeedsTooMuchMemory(bytes, memory);
    if (isFree && estimate.operations > MOST_OPERATIONS)
      return errors.runTakesTooManyOperations(estimate.operations, MOST_OPERATIONS);
    return undefined;
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
