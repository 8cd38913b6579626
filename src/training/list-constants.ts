import { createFacts } from "../analysis/fact-table.js";
import type { Refusal } from "../base/refusal.js";
import { ownNormalizations } from "../batchnorm/layers.js";
import { untieConstants } from "../batchnorm/own-constants.js";
import { raiseForGradients } from "../gradient/raise-for-gradients.js";
import { cloneModel } from "../ir/clone.js";
import type { DType } from "../ir/dtype.js";
import type { Model } from "../ir/model.js";
import { judgeConstants, type Selection } from "./parameters.js";
import type { Role } from "./roles.js";
import { outputNamed } from "./step.js";

/** A constant of a network: what it is, and whether training changes it. Plain data. */
export interface ListedConstant {
  /** The name of the initializer. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: DType;
  /** Its shape. */
  readonly dims: readonly number[];
  /** The number of its elements. */
  readonly size: number;
  /** What it is to the operators that read it. */
  readonly role: Role;
  /** True where weight decay applies to it, if it is trained. */
  readonly decays: boolean;
  /** Why training leaves it as it is; undefined where it is trained. */
  readonly refusal: Refusal | undefined;
}

/** What to list, as a training would have it. */
export interface ListOptions extends Selection {
  /** The output that the loss is of. Default: all outputs. */
  readonly output?: string;
  /** Names of constants that are parted first; see TrainOptions. */
  readonly untie?: readonly string[];
}

/**
 * Every initializer of a model with its role, and whether training changes it. The model stays as it is. Throws NormfoldError
 * "usage" for an output or a pattern that the model does not have, "unsupported" for a model that cannot be raised to opset 18.
 */
export function listConstants(model: Model, options: ListOptions = {}): readonly ListedConstant[] {
  const copy = cloneModel(model);
  ownNormalizations(copy);
  if (options.untie !== undefined) untieConstants(copy, options.untie);
  const { graph } = copy;
  // Raising makes constants of attributes, which are not the model's.
  const own = new Set([...graph.initializers].map(({ name }) => name));
  raiseForGradients(copy);
  const targets = options.output === undefined ? graph.outputs : [outputNamed(graph, options.output)];
  const judged = judgeConstants(graph, targets, createFacts(copy), options);
  return judged
    .filter(({ value }) => own.has(value.name))
    .map(({ value: { name }, tensor: { dtype, dims, size }, role, decays, refusal }) => ({
      name,
      dtype,
      dims,
      size,
      role,
      decays,
      refusal,
    }));
}
