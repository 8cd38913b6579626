import type { Attribute, SparseTensor } from "./attribute.js";
import { bitsOf } from "./dtype.js";
import { isStandardDomain } from "./graph.js";
import { type FunctionDef, type OpsetImport, opsetOf } from "./model.js";
import type { Tensor } from "./tensor.js";
import type { ValueType } from "./type.js";
import type { Finding, Survey, SurveyedGraph } from "./verify-survey.js";

/** Every operator's domain is imported, or is that of a local function. */
export function* findMissingImports({ model, graphs }: Survey): Generator<Finding> {
  const local = new Set(model.functions.map((fn) => fn.domain ?? ""));
  const known = new Map<readonly OpsetImport[], Set<string>>();
  for (const { nodes, fn } of graphs) {
    const imports = fn?.opsetImports ?? model.opsetImports;
    const settled = known.get(imports) ?? new Set<string>();
    known.set(imports, settled);
    for (const node of nodes) {
      const domain = node.domain ?? "";
      if (settled.has(domain)) continue;
      settled.add(domain);
      if (opsetOf(imports, domain) !== undefined || local.has(domain)) continue;
      const named = isStandardDomain(domain) ? "of the standard operators" : `"${domain}"`;
      yield { message: `the domain ${named} is not in opset_import`, where: node.label };
    }
  }
}

/** Attributes are kept under their names and hold values that the format has. */
export function* findBadAttributes({ graphs }: Survey): Generator<Finding> {
  for (const { nodes, fn } of graphs) {
    for (const node of nodes) {
      for (const [key, attr] of node.attributes) {
        const fault = attributeFault(key, attr, fn);
        if (fault !== undefined) yield { message: fault, where: node.label };
      }
    }
  }
}

function attributeFault(key: string, attr: Attribute, fn: FunctionDef | undefined): string | undefined {
  if (attr.name === "") return "an attribute has no name";
  if (attr.name !== key) return `attribute "${attr.name}" is kept under the name "${key}"`;
  if (attr.kind === "unknown" && attr.wire === undefined) return `attribute "${key}" has no value`;
  if (attr.kind === "ref" && fn === undefined) {
    return `attribute "${key}" refers to "${attr.ref}", but only the body of a function may do so`;
  }
  // What was read from a file was read from 64 bits; the ints of a tree ensemble are read when something asks for them.
  if (attr.wire !== undefined) return undefined;
  const fits =
    attr.kind === "int" ? isInt64(attr.value) : attr.kind === "ints" ? attr.value.every(isInt64) : true;
  return fits ? undefined : `attribute "${key}" does not fit 64 bits`;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Tensors hold as many elements as their sizes say, of a type that can hold them. */
export function* findBadTensors({ graphs }: Survey): Generator<Finding> {
  for (const { graph, nodes, label } of graphs) {
    for (const { name, tensor, sparse } of graph.initializers) {
      const tensors = [...(tensor === undefined ? [] : [tensor]), ...sparseParts(sparse)];
      for (const part of tensors) yield* faultOf(part, `initializer "${name}"`, label);
    }
    for (const node of nodes) {
      for (const attr of node.attributes.values()) {
        for (const tensor of tensorsOf(attr)) yield* faultOf(tensor, `attribute "${attr.name}"`, node.label);
      }
    }
  }
}

function sparseParts(sparse: SparseTensor | undefined): readonly Tensor[] {
  return sparse === undefined ? [] : [sparse.values, sparse.indices];
}

const NO_TENSORS: readonly Tensor[] = [];

function tensorsOf(attr: Attribute): readonly Tensor[] {
  switch (attr.kind) {
    case "tensor":
      return [attr.value];
    case "tensors":
      return attr.value;
    case "sparse_tensor":
      return sparseParts(attr.value);
    case "sparse_tensors":
      return attr.value.flatMap(sparseParts);
    default:
      return NO_TENSORS;
  }
}

function* faultOf(tensor: Tensor, what: string, where: string): Generator<Finding> {
  const fault = tensorFault(tensor);
  if (fault !== undefined) yield { message: `${what} ${fault}`, where };
}

/** Reads no data: computed tensors are assumed to have the size that they declare. */
function tensorFault(tensor: Tensor): string | undefined {
  const { dtype, dims, data, size } = tensor;
  const type = `${dtype}[${dims}]`;
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(size)) return `has impossible sizes ${type}`;
  if (data.kind === "strings") {
    if (dtype !== "string") return `is ${type} but holds strings`;
    return data.values.length === size ? undefined : `has ${data.values.length} strings for ${type}`;
  }
  if (data.kind !== "range") return undefined;
  if (bitsOf(dtype) === 0) return `is ${type}, which cannot be raw bytes`;
  const { source, offset, length } = data.range;
  if (length !== tensor.byteLength)
    return `has ${length} bytes for ${type}, which takes ${tensor.byteLength}`;
  return offset + length > source.size ? `ends behind its file, which has ${source.size} bytes` : undefined;
}

/** Inputs have a type. Outputs need none, because onnxruntime infers it and real models leave it out. */
export function* findUntyped({ model: { graph } }: Survey): Generator<Finding> {
  for (const value of graph.inputs) {
    if (value.type === undefined) yield { message: `input "${value.name}" has no type`, where: "the graph" };
  }
}

/** What is declared of a constant is what it is: the type of its elements, and each size that is a number. */
export function* findStaleDeclarations({ graphs }: Survey): Generator<Finding> {
  for (const { graph, label } of graphs) {
    for (const { name, tensor, type } of graph.initializers) {
      if (tensor === undefined || type === undefined || fitsType(tensor, type)) continue;
      const held = `${tensor.dtype}[${tensor.dims}]`;
      yield { message: `initializer "${name}" holds ${held} and is declared otherwise`, where: label };
    }
  }
}

function fitsType({ dtype, dims }: Tensor, type: ValueType): boolean {
  if (type.kind !== "tensor") return false;
  if (type.dtype !== "undefined" && type.dtype !== dtype) return false;
  const { shape } = type;
  if (shape === undefined) return true;
  return (
    shape.length === dims.length && shape.every((dim, axis) => typeof dim !== "number" || dim === dims[axis])
  );
}

/** Features of the format, with the IR version that brought them. */
const FEATURES: readonly {
  readonly since: number;
  readonly name: string;
  readonly isUsed: (survey: Survey) => boolean;
}[] = [
  { since: 3, name: "opset_import", isUsed: ({ model }) => model.opsetImports.length > 0 },
  { since: 5, name: "sparse initializers", isUsed: ({ graphs }) => graphs.some(hasSparse) },
  { since: 8, name: "functions", isUsed: ({ model }) => model.functions.length > 0 },
  { since: 10, name: "overloads", isUsed: hasOverloads },
];

function hasSparse({ graph }: SurveyedGraph): boolean {
  for (const value of graph.initializers) if (value.sparse !== undefined) return true;
  return false;
}

function hasOverloads({ model, graphs }: Survey): boolean {
  return (
    model.functions.some((fn) => fn.overload) ||
    graphs.some(({ nodes }) => nodes.some((node) => node.overload))
  );
}

/** The model uses nothing that is newer than its IR version. */
export function* findTooNew(survey: Survey): Generator<Finding> {
  const { irVersion, opsetImports } = survey.model;
  if (irVersion >= 3 && opsetImports.length === 0) {
    yield { message: `IR version ${irVersion} needs opset_import`, where: "the model" };
  }
  for (const { since, name, isUsed } of FEATURES) {
    if (irVersion < since && isUsed(survey)) {
      yield {
        message: `${name} came with IR version ${since}, the model says ${irVersion}`,
        where: "the model",
      };
    }
  }
}
