import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";

const DAMAGED = "the file is damaged or not an ONNX model";

const SENTENCES = {
  // The file as a whole.
  modelFileIsEmpty: [
    "invalid",
    (): string => "there is nothing in it; fetch the model again, or look at what wrote it",
  ],
  fileIsGitLfsPointer: [
    "invalid",
    (): string => "this is a Git LFS pointer, not the model; run `git lfs pull`",
  ],
  fileIsWebPage: ["invalid", (): string => "this is a web page, not a model; download the raw file"],
  fileIsText: [
    "invalid",
    (): string =>
      "this is text but no model, because a model as text begins with <ir_version: ...>; give that or the .onnx file",
  ],
  objectPackageIsMissing: [
    "unsupported",
    (): string =>
      'objects are read by the package onnx-proto, which is not installed; "npm install onnx-proto"',
  ],
  objectIsNotModel: [
    "invalid",
    (): string => "this is not a ModelProto object; give one of the onnx-proto package, or the model's bytes",
  ],
  fileChangedWhileRead: ["io", (): string => "the file changed while it was read; run again"],

  // Protocol Buffers.
  fieldHeaderIsMalformed: ["invalid", (): string => `a field header is malformed or cut off; ${DAMAGED}`],
  fieldTagIsInvalid: ["invalid", (): string => `a field has no valid tag; ${DAMAGED}`],
  fieldIsLongerThanMessage: [
    "invalid",
    (field: number, bytes: number): string =>
      `field ${field} is ${bytes} bytes longer than the message it is in; the file is cut off or damaged`,
  ],
  wireTypeIsWrong: [
    "invalid",
    (field: number, wireType: number): string =>
      `field ${field} cannot have wire type ${wireType}; ${DAMAGED}`,
  ],
  groupNeverBegan: ["invalid", (): string => `a group ends that never began; ${DAMAGED}`],
  groupNeverEnds: ["invalid", (): string => `a group does not end; ${DAMAGED}`],
  messagesAreNestedTooDeep: [
    "invalid",
    (limit: number): string => `messages are nested more than ${limit} deep; no ONNX reader accepts that`,
  ],
  integerIsOutOfRange: [
    "invalid",
    (what: string, value: bigint): string => `${what} is ${value}, out of range; ${DAMAGED}`,
  ],
  textIsNotUtf8: ["invalid", (what: string): string => `${what} is not valid UTF-8; the file is damaged`],
  packedListIsMalformed: [
    "invalid",
    (): string => `a packed list is malformed or ends inside a number; ${DAMAGED}`,
  ],

  // The model and its functions.
  modelTakesTooMuchMemory: [
    "unsupported",
    (limit: number): string =>
      `its nodes, values and attributes take more than ${Number((limit / 2 ** 20).toPrecision(4))} MiB of memory, weights not counted; --model-memory gives it more`,
  ],
  modelLacksPart: [
    "invalid",
    (part: "IR version" | "graph"): string => `it has no ${part}; is this an ONNX model?`,
  ],
  modelImportsNoOpset: ["invalid", (): string => "it imports no operator set; the model is incomplete"],
  irVersionIsTooOld: [
    "unsupported",
    (version: number, oldest: number): string =>
      `IR version ${version} is older than ${oldest}; convert the model with a newer ONNX first`,
  ],
  graphIsGivenTwice: ["invalid", (): string => "it has two graphs; the file is damaged"],
  functionHasNoName: ["invalid", (): string => "a function has no name; the model is damaged"],
  functionIsDefinedTwice: ["invalid", (): string => "it is defined twice; remove one of the definitions"],
  attributeDefaultIsGraph: [
    "unsupported",
    (name: string): string =>
      `the default of attribute "${name}" is a graph; give the attribute where the function is called`,
  ],
  modelIsTooLargeForOneFile: [
    "usage",
    (): string =>
      "the model takes 2 GB or more in one file, which no ONNX reader accepts; write it with --external-data",
  ],

  // Graphs and nodes.
  inputHasNoName: ["invalid", (): string => "an input has no name; give it one"],
  inputIsDeclaredTwice: [
    "invalid",
    (name: string): string => `input "${name}" is declared twice; remove one of the declarations`,
  ],
  initializerHasNoName: ["invalid", (): string => "an initializer has no name; give it one"],
  initializerIsDefinedTwice: [
    "invalid",
    (name: string): string => `initializer "${name}" is defined twice; remove one of the definitions`,
  ],
  outputIsProducedByNoNode: [
    "invalid",
    (name: string): string => `output "${name}" is produced by no node; the model is incomplete or damaged`,
  ],
  nodeHasNoOperatorType: ["invalid", (): string => "a node has no operator type; the model is damaged"],
  outputIsDefinedAlready: [
    "invalid",
    (name: string): string => `output "${name}" is defined already; every value needs a name of its own`,
  ],
  inputIsNotDefined: [
    "invalid",
    (name: string): string => `input "${name}" is not defined; the model is incomplete or damaged`,
  ],
  nodesFormCycle: [
    "invalid",
    (labels: readonly string[]): string =>
      `nodes form a cycle: ${labels.join(" -> ")}; a node cannot need its own output`,
  ],
  attributeHasNoName: ["invalid", (): string => `an attribute has no name; ${DAMAGED}`],
  attributeHasNoGraph: [
    "invalid",
    (name: string): string => `attribute "${name}" is of type graph and holds none; ${DAMAGED}`,
  ],
  attributeTypeIsNotGraph: [
    "invalid",
    (name: string): string => `attribute "${name}" holds a graph but says it is something else; ${DAMAGED}`,
  ],

  // Tensors.
  tensorIsInSegments: [
    "unsupported",
    (): string => "tensors in segments are not supported; save the tensor in one piece",
  ],
  rankIsTooHigh: ["invalid", (rank: number): string => `a rank of ${rank} is too high; the model is damaged`],
  dimIsNegative: [
    "invalid",
    (dim: bigint, dims: readonly bigint[]): string =>
      `dimension ${dim} of [${dims}] is negative; the model is damaged`,
  ],
  dimsOverflow: [
    "invalid",
    (dims: readonly bigint[]): string => `dims [${dims}] overflow; no machine holds such a tensor`,
  ],
  stringsAreRaw: [
    "invalid",
    (): string => "a string tensor has raw or external data; only string_data holds text",
  ],
  rawDataSizeDiffers: [
    "invalid",
    (given: number, dtype: DType, dims: readonly number[], needed: number): string =>
      `${given} bytes of data for ${dtype}[${dims}], which takes ${needed}; the model is damaged`,
  ],
  elementTypeIsMissing: ["invalid", (): string => "it has no element type; the model is damaged"],
  dataIsInWrongField: [
    "invalid",
    (dtype: DType, found: number, right: number): string =>
      `${dtype} data is in field ${found} instead of ${right}; the model is damaged`,
  ],
  entryCountDiffers: [
    "invalid",
    (found: number, dims: readonly number[], needed: number): string =>
      `${found === 0 ? "no data" : `${found} entries of data`} for dims [${dims}], which need ${needed}; the model is damaged`,
  ],
  computedSizeDiffers: [
    "internal",
    (name: string, promised: number, given: number): string =>
      `tensor "${name}" promised ${promised} bytes and gave ${given}`,
  ],
  sparseTensorIsIncomplete: [
    "invalid",
    (): string => "a sparse tensor lacks its values or indices; the model is damaged",
  ],
  sparseValuesAreNoVector: [
    "invalid",
    (rank: number): string => `sparse values have rank ${rank}; they must have rank 1`,
  ],
  sparseIndicesDoNotFit: [
    "invalid",
    (shape: readonly number[], count: number, rank: number): string =>
      `sparse indices of shape [${shape}] do not fit ${count} values of a rank ${rank} tensor; the model is damaged`,
  ],

  // External data.
  externalLocationIsMissing: [
    "invalid",
    (): string => "external data without a location; the model is damaged",
  ],
  externalNumberIsMalformed: [
    "invalid",
    (key: string, text: string): string =>
      `external data ${key} "${text}" is not a number of bytes; the model is damaged`,
  ],
  externalLengthDiffers: [
    "invalid",
    (declared: number, needed: number): string =>
      `external data is declared ${declared} bytes long, but the dims need ${needed}; the model is damaged`,
  ],
  externalFileIsNotGiven: [
    "io",
    (location: string): string =>
      `its data is in "${location}", which was not given; load the model from its file or pass "external"`,
  ],
  externalFileIsTooShort: [
    "invalid",
    (end: number, location: string, size: number): string =>
      `its data would end at byte ${end} of "${location}", which has ${size}; the file is cut off or not the model's`,
  ],
} as const;

/** The errors of reading and writing ModelProto bytes. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
