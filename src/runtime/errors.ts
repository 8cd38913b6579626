import { type ErrorCatalogue, errorCatalogue, NormfoldError } from "../base/errors.js";
import { binarySize } from "../base/sizes.js";

const SENTENCES = {
  // onnxruntime
  runtimeIsMissing: [
    "unsupported",
    (): string =>
      'onnxruntime-node is not installed; "npm install onnxruntime-node" installs it, behind a closed network with ONNXRUNTIME_NODE_INSTALL=skip; optimize needs it only for its check, which --no-check leaves out',
  ],
  runtimeDoesNotLoad: [
    "unsupported",
    (reason: string): string =>
      `onnxruntime-node does not load here (${reason}); reinstall it; optimize needs it only for its check`,
  ],
  providerIsAbsent: [
    "unsupported",
    (provider: string, available: readonly string[], reason: string): string =>
      `onnxruntime has no provider "${provider}" here${reason === "" ? "" : ` (${reason})`}; it has ${available.join(", ")}`,
  ],
  webRuntimeIsMissing: [
    "unsupported",
    (): string =>
      'the provider "wasm" is onnxruntime-web, which is not installed; "npm install onnxruntime-web" installs it',
  ],
  webRuntimeDoesNotLoad: [
    "unsupported",
    (reason: string): string => `onnxruntime-web does not load here (${reason}); reinstall it`,
  ],
  runtimeLacksPart: ["unsupported", (what: Doing, reason: string): string => `${what}: ${reason}`],
  runtimeProcessEnded: [
    "unsupported",
    (how: string): string =>
      `the process of onnxruntime does not start (${how}); --isolation none runs it in normfold's own`,
  ],
  runtimeCrashes: [
    "unsupported",
    (what: Doing, how: string, said: string): string =>
      `${what}: it crashes (${said === "" ? how : `${how}: ${said}`})`,
  ],
  runtimeTakesTooLong: [
    "unsupported",
    (what: Doing, seconds: number): string => `${what} within ${seconds} seconds; --timeout gives it more`,
  ],
  runtimeTakesTooMuch: [
    "unsupported",
    (what: Doing, bytes: number): string =>
      `${what} within ${binarySize(bytes)} of memory; --memory-limit gives it more`,
  ],
  noOutputHasScores: [
    "unsupported",
    (): string => "no output that both models have holds scores, float[N, classes]; leave out --top-k (topK)",
  ],
  scoresDifferInSize: [
    "invalid",
    (): string => "the two models give scores of other sizes for the same samples; compare without --top-k",
  ],
  labelsDoNotFitSamples: [
    "usage",
    (labels: number, samples: number): string =>
      `there are ${labels} labels for ${samples} samples; give one for each`,
  ],
  labelsAreNoNumbers: ["usage", (): string => "the labels are text; give the numbers of classes"],
  labelIsNotWholeNumber: [
    "usage",
    (label: number): string => `label ${label} is no whole number; give the numbers of classes`,
  ],
  sessionIsOfAnother: [
    "usage",
    (): string => "the session is of another runtime, which has to measure it; open it with this one",
  ],
  callsMakeTooManyNodes: [
    "unsupported",
    (nodes: number, limit: number): string =>
      `onnxruntime cannot load the model: it puts functions in the place of their calls, which makes ${count(nodes)} nodes, more than ${limit} take minutes`,
  ],
  runtimeRejectsModel: ["invalid", (what: Doing, reason: string): string => `${what}: ${reason}`],
  modelHasNoTensorOutput: ["unsupported", (): string => "the model has no tensor outputs to run"],
  inputCannotBeFed: [
    "unsupported",
    (input: string): string => `input "${input}" is no tensor, and cannot be fed`,
  ],
  inputIsNotFed: ["usage", (input: string): string => `there is no data for input "${input}"; give it`],
  runtimeTakesNoSuchType: [
    "unsupported",
    (dtype: string, input: string): string => `onnxruntime-node takes no ${dtype} tensors (input "${input}")`,
  ],
  runtimeRejectsTensor: [
    "usage",
    (input: string, dtype: string, dims: readonly number[], reason: string): string =>
      `input "${input}" of ${dtype}[${dims}] is refused (${reason}); give other data`,
  ],
  outputIsNoTensor: [
    "unsupported",
    (output: string): string => `output "${output}" is not a tensor that onnxruntime-node gives`,
  ],
  outputIsNotInMemory: ["unsupported", (output: string): string => `output "${output}" is not in memory`],

  // The check
  resultLacksOutput: ["invalid", (output: string): string => `output "${output}" is missing`],
  shapeHasAnotherRank: [
    "usage",
    (input: string, axes: number, given: number): string =>
      `input "${input}" has ${axes} axes, not ${given}; give that many sizes`,
  ],
  shapeIsForNoInput: [
    "usage",
    (input: string, known: readonly string[]): string =>
      `there is no input "${input}" to give a shape; ${
        known.length === 0 ? "leave it out" : `choose among ${known.map((name) => `"${name}"`).join(", ")}`
      }`,
  ],
  runNeedsTooMuchMemory: [
    "unsupported",
    (bytes: number, limit: number): string =>
      `a run needs at least ${binarySize(bytes)} of memory, more than the limit of ${binarySize(limit)}; --memory-limit gives it more, or --input-shape smaller inputs`,
  ],
  runTakesTooManyOperations: [
    "unsupported",
    (operations: number, limit: number): string =>
      `a run takes ${operations.toExponential(1)} operations on all sizes that were tried, more than ${limit.toExponential(1)}; give smaller ones with --input-shape, or data`,
  ],
  inputsAreTooLarge: [
    "unsupported",
    (elements: number): string =>
      `its inputs take ${elements.toExponential(1)} elements, too many to generate; give smaller sizes with --input-shape, or data`,
  ],
  generatedInputsDoNotSuit: [
    "unsupported",
    (reason: string): string =>
      `it runs on none of the generated inputs (${reason}); give some that suit it with --check-inputs`,
  ],
  constantModelHasInputs: ["internal", (): string => "a model to evaluate as a constant has inputs"],
} as const;

function count(nodes: number): string {
  return nodes < 1e15 ? String(nodes) : nodes.toExponential(1);
}

type Doing = "onnxruntime cannot load the model" | "onnxruntime cannot run the model";

/** The errors of running models, and of generating inputs for them. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);

/** Whether the model ended the process of the runtime, or was ended: such an error says nothing about its outputs. */
export function endedTheRuntime(error: unknown): boolean {
  const { runtimeCrashes, runtimeTakesTooLong, runtimeTakesTooMuch } = errors;
  const kinds = [runtimeCrashes, runtimeTakesTooLong, runtimeTakesTooMuch];
  return error instanceof NormfoldError && kinds.some(({ id }) => id === error.id);
}

/** Whether the model crashed the runtime. */
export function isCrash(error: unknown): boolean {
  return error instanceof NormfoldError && error.id === errors.runtimeCrashes.id;
}
