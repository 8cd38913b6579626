import { createFacts } from "../analysis/fact-table.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import type { CheckerOptions, StagedModel } from "./check.js";
import { mayRunEmpty } from "./empty-batch.js";
import { describeInputs, precisionOf } from "./inputs.js";
import { perturbWeights } from "./perturb.js";
import { objectionToLoading } from "./prediction.js";
import { flattenedOutputs, withProbes } from "./probes.js";
import type { Runtime, RuntimeModel } from "./runtime.js";
import { takesSpecialValues } from "./special-values.js";

/** How a check runs an original, and what it runs it with. */
export interface OriginalOptions {
  readonly runtime: Runtime;
  readonly seed: number;
  /** Inner values to compare too (probesOf). */
  readonly probes: readonly string[];
  /** Makes a model ready for the runtime to open. */
  readonly stage: (model: Model) => Promise<StagedModel>;
}

/** The options of a check that follow from its original. */
export function optionsFor(
  original: Model,
  { runtime, seed, probes, stage }: OriginalOptions,
): CheckerOptions {
  return {
    runtime,
    seed,
    inputs: describeInputs(original),
    emptyBatch: mayRunEmpty(original),
    precision: precisionOf(original),
    ...defined({ unloadable: objectionToLoading(original) }),
    noisy: (run) => stage(withProbes(perturbWeights(original, seed + run), probes)),
    optional: probes,
    flattened: flattenedOutputs(original),
    contradiction: () => contradictionIn(original),
    takesSpecialValues: takesSpecialValues(original),
  };
}

/** The first declaration of the model that contradicts what its operators give, as a clause. */
function contradictionIn(model: Model): string | undefined {
  const facts = createFacts(model);
  for (const node of model.nodes()) {
    for (const value of node.outputs) if (value !== null) facts.typeOf(value);
  }
  const [first] = facts.conflicts;
  return first === undefined ? undefined : `${first.element}: ${first.message}`;
}

/** A model that a runtime can open as it is. */
export function ready(model: RuntimeModel): StagedModel {
  return { model, dispose: () => Promise.resolve() };
}
