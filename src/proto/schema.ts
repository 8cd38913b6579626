/**
 * Field numbers of onnx.proto (proto2), IR version 14. Messages that are only ever kept as bytes (device
 * configurations, sharding) are not listed.
 */

export const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  domain: 4,
  modelVersion: 5,
  docString: 6,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
  trainingInfo: 20,
  functions: 25,
} as const;

export const OPSET = { domain: 1, version: 2 } as const;

export const ENTRY = { key: 1, value: 2 } as const;

export const GRAPH = {
  node: 1,
  name: 2,
  initializer: 5,
  docString: 10,
  input: 11,
  output: 12,
  valueInfo: 13,
  annotation: 14,
  sparseInitializer: 15,
  metadata: 16,
} as const;

export const NODE = {
  input: 1,
  output: 2,
  name: 3,
  opType: 4,
  attribute: 5,
  docString: 6,
  domain: 7,
  overload: 8,
  metadata: 9,
} as const;

export const ATTRIBUTE = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  docString: 13,
  typeProto: 14,
  typeProtos: 15,
  type: 20,
  refName: 21,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;

/** AttributeProto.AttributeType, by its code. */
export const ATTRIBUTE_KINDS = [
  undefined,
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
  "strings",
  "tensors",
  "graphs",
  "sparse_tensor",
  "sparse_tensors",
  "type",
  "types",
] as const;

export const FUNCTION = {
  name: 1,
  input: 4,
  output: 5,
  attribute: 6,
  node: 7,
  docString: 8,
  opsetImport: 9,
  domain: 10,
  attributeDefault: 11,
  valueInfo: 12,
  overload: 13,
  metadata: 14,
} as const;

export const VALUE_INFO = { name: 1, type: 2, docString: 3, metadata: 4 } as const;

export const TENSOR = {
  dims: 1,
  dataType: 2,
  segment: 3,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  docString: 12,
  externalData: 13,
  dataLocation: 14,
  metadata: 16,
} as const;

export const SPARSE = { values: 1, indices: 2, dims: 3 } as const;

export const TYPE = {
  tensor: 1,
  sequence: 4,
  map: 5,
  denotation: 6,
  opaque: 7,
  sparse: 8,
  optional: 9,
} as const;
export const TYPE_TENSOR = { elemType: 1, shape: 2 } as const;
export const TYPE_MAP = { key: 1, value: 2 } as const;
export const SHAPE = { dim: 1 } as const;
export const DIMENSION = { value: 1, param: 2 } as const;

export const ANNOTATION = { tensor: 1, parameter: 2 } as const;

export const TRAINING = {
  initialization: 1,
  algorithm: 2,
  initializationBinding: 3,
  updateBinding: 4,
} as const;
