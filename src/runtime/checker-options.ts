import { createFacts } from "../analysis/fact-table.js";
import type { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import type { FloatDType } from "../ir/dtype.js";
import type { Model } from "../ir/model.js";
import type { Bounds } from "./bounds.js";
import { mayRunEmpty } from "./empty-batch.js";
import type { FeedSet } from "./feeds.js";
import { describeInputs, type InputSpec, precisionOf } from "./inputs.js";
import { perturbWeights } from "./perturb.js";
import { type Objection, objectionToLoading, type Prediction } from "./prediction.js";
import { type Flattened, flattenedOutputs, withProbes } from "./probes.js";
import type { Runtime, RuntimeModel } from "./runtime.js";
import { type CutModels, cutModels } from "./second-look.js";
import { takesSpecialValues } from "./special-values.js";

/** How `createChecker` runs the original and whatever is compared with it. */
export interface CheckerOptions {
  readonly runtime: Runtime;
  /** Where the result runs, if elsewhere. */
  readonly resultRuntime?: Runtime;
  /** The tolerance that is given in the place of a measured one. */
  readonly bounds?: Bounds;
  readonly seed: number;
  /** The user's own data. Without it the inputs are generated. */
  readonly feeds?: readonly FeedSet[];
  /** The model's own description of its inputs (describeInputs); without it, the runtime's. */
  readonly inputs?: readonly InputSpec[];
  /** Sizes of generated inputs by name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Try an empty batch too (mayRunEmpty). */
  readonly emptyBatch?: boolean;
  /** Why generated inputs of some sizes are not tried (objectionTo). */
  readonly objection?: Objection;
  /** The operations of a run on inputs of these dims (predict): generated inputs whose runs are long are fewer. */
  readonly operations?: Prediction["operations"];
  /** Why the original cannot be opened (objectionToLoading). */
  readonly unloadable?: NormfoldError;
  /** The coarsest type the model computes in (precisionOf); without it, the coarsest of its inputs and outputs. */
  readonly precision?: FloatDType;
  /**
   * The original with perturbed weights (perturbWeights), made ready to open; others for each number from 0 on. Asked for only
   * while an output differs by more than the measured rounding of the original, NOISE_RUNS times at most. Without it only
   * the inputs are perturbed.
   */
  readonly noisy?: (run: number) => Promise<StagedModel>;
  /** Outputs that the result need not have (probesOf); compared where it has them. */
  readonly optional?: readonly string[];
  /** Outputs that are smooth functions of others (flattenedOutputs): they may move as far as the movement of those explains. */
  readonly flattened?: ReadonlyMap<string, Flattened>;
  /** The original may be fed NaN and infinity (takesSpecialValues). */
  readonly takesSpecialValues?: boolean;
  /** Whether the time for the check is over: then it ends with what has been compared, one set of inputs at least. */
  readonly isSpent?: () => boolean;
  /** Floating-point inputs that the measuring of noise leaves as they are: values that the original decides by. */
  readonly unmoved?: ReadonlySet<string>;
  /** Original and a candidate cut where they decide (cutModels); undefined where nothing decides. */
  readonly cut?: (candidate: Model) => CutModels | undefined;
  /** A declaration of the original that contradicts its operators, as a clause; asked for where it does not load. */
  readonly contradiction?: () => string | undefined;
  readonly signal?: AbortSignal;
}

/** A model where a runtime can open it, until it is disposed of. */
export interface StagedModel {
  readonly model: RuntimeModel;
  readonly dispose: () => Promise<void>;
}

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
    cut: (candidate) => cutModels(original, candidate, { seed, probes, stage }),
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
