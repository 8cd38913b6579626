import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import { plural } from "../base/plural.js";

const SENTENCES = {
  // The numbers of a training
  trainingHasNoLength: [
    "usage",
    (): string => "the length of the training is given by steps or by epochs; give one of the two",
  ],
  stepsPerCallAreNotWhole: [
    "usage",
    (steps: number): string => `there are ${steps} steps in a call; give a whole number from 1 on`,
  ],
  scheduleNeedsSteps: [
    "usage",
    (): string =>
      "the data does not say how many samples it has; give the length in steps where there is a schedule",
  ],
  adamNumbersOutsideRange: [
    "usage",
    (): string => "Adam takes betas from 0 to below 1 and an epsilon above 0; give such numbers",
  ],
  clipNormOutsideRange: [
    "usage",
    (limit: number): string => `the limit of the gradient norm is ${limit}; give a number above 0`,
  ],
  warmupIsNotWhole: [
    "usage",
    (steps: number): string => `the warm-up takes ${steps} steps; give a whole number from 0 on`,
  ],
  scheduleIntervalOutsideRange: [
    "usage",
    (kind: string, every: number): string =>
      `the schedule ${kind} falls every ${every} steps; give a number above 0`,
  ],
  scheduleFactorOutsideRange: [
    "usage",
    (factor: number): string => `the factor of the schedule is ${factor}; give a number above 0`,
  ],

  // The loss
  lossNeedsFloatOutput: [
    "usage",
    (dtype: string | undefined): string =>
      `the loss needs a floating-point output, and this one is ${dtype ?? "of unknown type"}; name another output`,
  ],
  crossEntropyNeedsClasses: [
    "unsupported",
    (axis: number): string =>
      `cross-entropy needs an output of at least two axes with a known number of classes along axis ${axis}; name another output, or another axis`,
  ],
  classWeightsDoNotMatch: [
    "usage",
    (weights: number, classes: number): string =>
      `there are ${plural(weights, "class weight")} for ${classes} classes; give one each`,
  ],
  classWeightOutsideRange: [
    "usage",
    (weight: number): string => `a class weight is ${weight}; give numbers from 0 on, not all of them 0`,
  ],
  softLabelsHaveNoIgnoredClass: [
    "usage",
    (): string => "probabilities have no label to ignore; leave ignoreIndex out, or give such samples zeros",
  ],
  labelSmoothingOutsideRange: [
    "usage",
    (smoothing: number): string => `label smoothing is ${smoothing}; give a number from 0 to 1`,
  ],
  huberDeltaOutsideRange: [
    "usage",
    (delta: number): string => `the delta of the Huber loss is ${delta}; give a number above 0`,
  ],

  // Labels
  dataHasNoLabels: [
    "usage",
    (field: string): string => `the data has no labels; give them as its field "${field}", or with --labels`,
  ],
  labelsAreText: ["usage", (): string => "the labels are text; give numbers"],
  labelShapeDiffers: [
    "usage",
    (given: readonly number[], wanted: string): string =>
      `labels are [${given}], and the loss wants [${wanted}]; give such labels (softLabels for probabilities of classes, classesAxis where the classes lie elsewhere)`,
  ],
  labelIsNoProbability: [
    "invalid",
    (sample: string, value: number): string =>
      `the label of ${sample} has ${value}, which is no probability; give numbers from 0 to 1`,
  ],
  labelIsNotWhole: [
    "usage",
    (label: number): string =>
      `a label is ${label}, and classes are whole numbers; give the number of the class`,
  ],
  labelIsNoClass: [
    "invalid",
    (sample: string, label: number, classes: number): string =>
      `the label of ${sample} is ${label}, and there are ${classes} classes (0 to ${classes - 1}); correct it, or name it as the label to ignore`,
  ],

  // The network
  noSuchOutput: [
    "usage",
    (whose: string, name: string | undefined, known: readonly string[]): string =>
      `${whose} has no ${name === undefined ? "output" : `output "${name}"`}; it has ${known.join(", ") || "none"}`,
  ],
  nothingToTrain: [
    "usage",
    (): string => "no parameter is left to train; freeze fewer, or give a network with weights",
  ],
  runningStatisticIsNotConstant: [
    "unsupported",
    (which: "mean" | "variance"): string =>
      `its running ${which} is no constant, so training cannot update it; make it an initializer`,
  ],
  runningStatisticIsShared: [
    "unsupported",
    (which: "mean" | "variance", name: string): string =>
      `it shares its running ${which} "${name}" with another; give it its own`,
  ],

  // The run
  checkpointOfOtherTraining: [
    "usage",
    (): string =>
      "the checkpoint is of another training: data sizes, options or parameters differ; start anew",
  ],
  checkpointLacksTensor: [
    "invalid",
    (name: string): string =>
      `the checkpoint lacks "${name}" in the type and size of this training; it is damaged, start anew`,
  ],
  trainedStatisticsDiverged: [
    "check",
    (): string =>
      "training diverged: with the trained parameters its activations are NaN, infinite, or too large for their variance; lower the learning rate",
  ],
  trainingDiverged: [
    "check",
    (batches: number, step: number): string =>
      `training diverged: the last ${batches} batches up to step ${step} gave no finite loss; lower the learning rate`,
  ],

  // Ensembles
  ensembleNeedsTwoModels: ["usage", (): string => "an ensemble needs at least two models; give another"],
  ensembleWeightsDoNotMatch: [
    "usage",
    (models: number): string =>
      `the weights of an ensemble are ${models} numbers from 0 on, one of them above 0; give such weights`,
  ],
  memberHasFunctions: [
    "unsupported",
    (model: string): string =>
      `${model} has functions of its own; inline them first (normfold optimize --inline-functions)`,
  ],
  membersUseOtherVersions: [
    "usage",
    (domain: string, first: number, second: number): string =>
      `the models use versions ${first} and ${second} of domain "${domain}"; bring them to one`,
  ],
  memberInputsDiffer: [
    "usage",
    (input: string, model: string): string =>
      `input "${input}" of ${model} is of another type or size than before; use models with equal inputs`,
  ],
  memberClassesDiffer: [
    "usage",
    (model: string): string =>
      `${model} has another number of classes than model 1; use models of the same classes`,
  ],
  classesNeedSecondDimension: [
    "unsupported",
    (): string => "an output has its classes in the second dimension, and this one has no such; name another",
  ],
  ensembleDiffersFromMembers: [
    "check",
    (difference: number): string =>
      `the ensemble is ${difference} off the mean of its members; nothing was written`,
  ],
  ensembleInputShapeIsUnknown: [
    "unsupported",
    (): string =>
      "its shape is not known, so no data can be made for it; --no-check writes the ensemble without a check",
  ],
  ensembleInputsAreTooLarge: [
    "unsupported",
    (elements: number): string =>
      `its inputs take ${elements.toExponential(1)} elements, too many to generate; --no-check writes the ensemble without a check`,
  ],
  outputHoldsNoNumbers: [
    "unsupported",
    (name: string): string => `output "${name}" holds no numbers; name another output`,
  ],

  // ONNX's preview operators for training
  previewOperatorInFunction: [
    "unsupported",
    (opType: string, name: string): string =>
      `${opType} is in function ${name}; inline functions first (normfold optimize --inline-functions)`,
  ],
  previewOperatorIsUnknown: [
    "unsupported",
    (opType: string, known: readonly string[]): string =>
      `${opType} is none of ${known.join(", ")}, which can be lowered; take it out`,
  ],
  previewOutputIsPinned: [
    "unsupported",
    (name: string): string => `"${name}" is held by an annotation or a training binding; take that out first`,
  ],
  optimizerInputsDoNotMatch: [
    "invalid",
    (opType: string, perVariable: number, inputs: number): string =>
      `${opType} takes R, T and ${perVariable} tensors for each variable, and has ${inputs} inputs; correct the model`,
  ],
  momentumAttributesAreMissing: [
    "invalid",
    (): string => 'Momentum needs alpha, beta and a mode, "standard" or "nesterov"; correct the model',
  ],
  gradientInputsDoNotMatch: [
    "invalid",
    (inputs: number, names: number): string =>
      `Gradient has ${inputs} inputs for ${names} names in xs and zs; correct the model`,
  ],
  gradientInputIsMissing: [
    "invalid",
    (index: number): string => `input ${index} of Gradient is missing; correct the model`,
  ],
  gradientNameIsUnknown: [
    "invalid",
    (name: string): string => `nothing before Gradient in its graph is called "${name}"; correct the model`,
  ],
  gradientNeedsCopyOfBodies: [
    "unsupported",
    (opType: string): string =>
      `Gradient at other values than the model's needs a copy of ${opType}, which has bodies; take it at the model's own values`,
  ],

  // training_info
  modelHasNoTrainingInfo: [
    "usage",
    (): string => "the model has no training_info; write one (normfold train --training-info)",
  ],
  noSuchTrainingInfo: [
    "usage",
    (count: number, index: number): string =>
      `the model has ${count} training_info, and none of number ${index}; count from 0`,
  ],
  trainingBindingIsUnknown: [
    "invalid",
    (initializer: string, output: string): string =>
      `its training_info binds "${initializer}" to "${output}", and there is no such initializer or output; correct the model`,
  ],
} as const;

/** Errors of training, evaluation, ensembles and the lowering of training operators. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
