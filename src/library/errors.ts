import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const NO_MODEL = "give a path, bytes or a model object";

const SENTENCES = {
  sourceIsNoModel: ["usage", (source: unknown): string => `${String(source)} is no model; ${NO_MODEL}`],
  argumentIsNoModel: [
    "usage",
    (argument: unknown): string => {
      const hint = argument instanceof Promise ? "await it first" : "loadModel and parse give one";
      return `${String(argument)} is no model; ${hint}`;
    },
  ],
  inputCannotHaveSize: [
    "usage",
    (input: string, size: number): string =>
      `input "${input}" cannot have size ${size}; give whole numbers from 0 on`,
  ],
  sizeContradictsModel: [
    "usage",
    (input: string, declared: unknown, axis: number, given: unknown): string =>
      `${contradiction(input, declared, axis, given)} is given; leave it as it is`,
  ],
  dataContradictsModel: [
    "invalid",
    (input: string, declared: unknown, axis: number, given: unknown, set: string): string =>
      `${contradiction(input, declared, axis, given)} in ${set}; give other data`,
  ],
  dataIsEmpty: ["usage", (): string => "data is empty; give a set of inputs, or leave it out"],
  inputsDiffer: [
    "usage",
    (input: string): string =>
      `input "${input}" is not one of the other model's; compare models with the same inputs`,
  ],
  unknownPass: [
    "usage",
    (name: string, near: string | undefined): string =>
      `there is no pass "${name}"; ${near === undefined ? '"normfold passes" lists them' : `did you mean "${near}"?`}`,
  ],
  spellingsDiffer: [
    "usage",
    (name: string, before: string, after: string): string =>
      `the texts of "${name}" have other inputs and outputs (${before}; ${after}); give both the same, and one output`,
  ],
  spellingHasNoNode: [
    "usage",
    (name: string): string =>
      `no standard operator gives the output of "${name}"; let one of one output do so in both texts`,
  ],
  passNameIsTaken: [
    "usage",
    (name: string): string => `the pass "${name}" has the name of another; give it a name of its own`,
  ],
  renamedPass: [
    "usage",
    (name: string, now: readonly string[]): string =>
      `pass "${name}" has another name now; give ${now.map((each) => `"${each}"`).join(" and ")} instead`,
  ],
  nothingToKeep: [
    "usage",
    (name: string): string => `there is no value or node "${name}" to keep; "normfold print" shows them`,
  ],
  tooManyRollbacks: [
    "check",
    (count: number, reason: string): string =>
      `${count} rewrites were undone and the outputs still differ; ${reason}`,
  ],
  modelDiffersFromItself: [
    "check",
    (reason: string): string => `the model differs from itself before any rewrite; ${reason}`,
  ],
  foldedModelIsNotProven: [
    "check",
    (reason: string): string => `the folded model is not proven: ${reason}; leave out --fold`,
  ],
  // Cutting a model, and fixing the sizes of its inputs.
  partCannotKeepTrainingInfo: [
    "unsupported",
    (): string =>
      "the model carries training information that names its values; a part of the model cannot keep it",
  ],
  unknownValue: [
    "usage",
    (name: string): string => `there is no value "${name}" in the graph; "normfold print" shows them`,
  ],
  borderIsNamedTwice: ["usage", (what: Border, name: string): string => `${what} "${name}" is named twice`],
  bordersAreEmpty: ["usage", (what: Border): string => `no ${what} is named; name one at least`],
  outputsNeedAnotherInput: [
    "usage",
    (outputs: string, input: string): string =>
      `the outputs ${outputs} also need input "${input}"; name it too`,
  ],
  borderTypeIsUnknown: [
    "unsupported",
    (): string => "its type is not known, and a model's inputs and outputs need one; cut elsewhere",
  ],
  unknownInput: [
    "usage",
    (name: string, inputs: readonly string[]): string =>
      `there is no input "${name}"; there are ${inputs.slice(0, 8).join(", ")}`,
  ],
  inputIsNoTensor: ["usage", (name: string): string => `input "${name}" is no tensor; leave it as it is`],
  inputHasAnotherRank: [
    "usage",
    (name: string, declared: number, given: number): string =>
      `input "${name}" has ${declared} dimensions, not ${given}; give a size for each`,
  ],
  inputHasAnotherSize: [
    "usage",
    (name: string, known: unknown, given: number): string =>
      `input "${name}" has size ${known} where ${given} was given; leave it as it is`,
  ],
} as const;

type Border = "input" | "output";

function contradiction(input: string, declared: unknown, axis: number, given: unknown): string {
  return `input "${input}" has size ${declared} in dimension ${axis} and ${given}`;
}

/** The errors of opening, cutting, optimizing, checking and saving models. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
