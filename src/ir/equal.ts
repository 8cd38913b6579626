import { assertNever } from "../base/assert.js";
import type { Attribute, SparseTensor } from "./attribute.js";
import { type Difference, differ, differBytes, differLists, differNamed, differOptional } from "./differ.js";
import type { Graph, MetadataEntry, Node, QuantizationAnnotation, Value, ValueInfo } from "./graph.js";
import type { FunctionDef, Model, OpsetImport } from "./model.js";
import type { Tensor } from "./tensor.js";
import type { ValueType } from "./type.js";

/** How two models are compared. */
export interface EqualOptions {
  /**
   * Leaves out what computes nothing and stands in notes of the textual syntax: doc strings and metadata below the model,
   * unknown fields, annotations, training information.
   */
  readonly ignoreNotes?: boolean;
}

interface Context {
  readonly notes: boolean;
  /** Values of the one model and their counterparts in the other, as far as they have been compared. */
  readonly twins: Map<Value, Value>;
}

/**
 * The first difference between two models, in words; undefined when they are the same: structure, names, types,
 * attributes, and tensors by element type, dims and bytes. The order of initializers and attributes, which means
 * nothing, may differ, and so may the stored form of anything ("" for a name not given, typed or raw data).
 */
export function modelsEqual(a: Model, b: Model, options: EqualOptions = {}): Difference {
  const context: Context = { notes: options.ignoreNotes !== true, twins: new Map() };
  return (
    differ("ir_version", a.irVersion, b.irVersion) ??
    differ("producer_name", a.producerName ?? "", b.producerName ?? "") ??
    differ("producer_version", a.producerVersion ?? "", b.producerVersion ?? "") ??
    differ("domain", a.domain ?? "", b.domain ?? "") ??
    differ("model_version", a.modelVersion ?? 0n, b.modelVersion ?? 0n) ??
    differ("doc_string", a.docString ?? "", b.docString ?? "") ??
    differ("opset_import", importsText(a.opsetImports), importsText(b.opsetImports)) ??
    differ("metadata_props", metadataText(a.metadata), metadataText(b.metadata)) ??
    (context.notes ? differBytes("unknown fields", a.unknown, b.unknown) : undefined) ??
    (context.notes ? differTraining(a, b) : undefined) ??
    differGraphs("graph", a.graph, b.graph, context) ??
    differLists("functions", a.functions, b.functions, (path, x, y) => differFunctions(path, x, y, context))
  );
}

function differTraining(a: Model, b: Model): Difference {
  return differLists("training_info", a.trainingInfo, b.trainingInfo, (path, x, y) =>
    differBytes(path, x.wire, y.wire),
  );
}

function importsText(imports: readonly OpsetImport[]): string {
  return imports.map(({ domain, version }) => `"${domain ?? ""}" : ${version}`).join(", ");
}

function metadataText(metadata: readonly MetadataEntry[] | undefined): string {
  return (metadata ?? []).map(({ key, value }) => `"${key}" : "${value}"`).join(", ");
}

interface Noted {
  readonly docString?: string | undefined;
  readonly metadata?: readonly MetadataEntry[] | undefined;
  readonly unknown?: Uint8Array | undefined;
}

function differNotes(path: string, a: Noted, b: Noted, { notes }: Context): Difference {
  if (!notes) return undefined;
  return (
    differ(`${path} doc_string`, a.docString ?? "", b.docString ?? "") ??
    differ(`${path} metadata_props`, metadataText(a.metadata), metadataText(b.metadata)) ??
    differBytes(`${path} unknown fields`, a.unknown, b.unknown)
  );
}

function differFunctions(path: string, a: FunctionDef, b: FunctionDef, context: Context): Difference {
  const named = <T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
    new Map(items.map((item) => [item.name, item]));
  return (
    differ(`${path} name`, a.name, b.name) ??
    differ(`${path} domain`, a.domain ?? "", b.domain ?? "") ??
    differ(`${path} overload`, a.overload ?? "", b.overload ?? "") ??
    differ(`${path} opset_import`, importsText(a.opsetImports), importsText(b.opsetImports)) ??
    differ(`${path} attributes`, a.attributeNames.join(), b.attributeNames.join()) ??
    differNamed(`${path} default`, named(a.attributeDefaults), named(b.attributeDefaults), (at, x, y) =>
      differAttributes(at, x, y, context),
    ) ??
    differNotes(path, a, b, context) ??
    differGraphs(path, a.body, b.body, context)
  );
}

function differGraphs(path: string, a: Graph, b: Graph, context: Context): Difference {
  const initializers = (graph: Graph): ReadonlyMap<string, Value> =>
    new Map([...graph.initializers].map((value) => [value.name, value]));
  return (
    differ(`${path} name`, a.name ?? "", b.name ?? "") ??
    differLists(`${path} inputs`, a.inputs, b.inputs, (at, x, y) => differDefined(at, x, y, context)) ??
    differNamed(`${path} initializer`, initializers(a), initializers(b), (at, x, y) =>
      differInitializers(at, x, y, context),
    ) ??
    differLists(`${path} nodes`, [...a.nodes()], [...b.nodes()], (at, x, y) =>
      differNodes(at, x, y, context),
    ) ??
    differLists(
      `${path} outputs`,
      a.outputs,
      b.outputs,
      (at, x, y) =>
        differOperands(at, x, y, context) ??
        differInfo(at, a.outputInfo.get(x) ?? x.info, b.outputInfo.get(y) ?? y.info, context),
    ) ??
    differLists(`${path} value_info`, a.strayInfo, b.strayInfo, (at, x, y) =>
      differInfo(at, x, y, context),
    ) ??
    differAnnotations(path, a, b, context) ??
    differNotes(path, a, b, context)
  );
}

/** Pairs two values at their definitions. */
function differDefined(path: string, a: Value, b: Value, context: Context): Difference {
  context.twins.set(a, b);
  return differ(path, a.name, b.name) ?? differInfo(`"${a.name}"`, a.info, b.info, context);
}

function differInitializers(path: string, a: Value, b: Value, context: Context): Difference {
  return (
    differDefined(path, a, b, context) ??
    differOptional(path, a.tensor, b.tensor, differTensors) ??
    differOptional(path, a.sparse, b.sparse, differSparse)
  );
}

function differInfo(
  path: string,
  a: ValueInfo | undefined,
  b: ValueInfo | undefined,
  context: Context,
): Difference {
  return differTypes(path, a?.type, b?.type) ?? differNotes(path, a ?? {}, b ?? {}, context);
}

function differTypes(path: string, a: ValueType | undefined, b: ValueType | undefined): Difference {
  return differ(`${path} type`, typeKey(a), typeKey(b));
}

/** A text that tells types apart. */
function typeKey(type: ValueType | undefined): string {
  switch (type?.kind) {
    case undefined:
      return "none";
    case "tensor":
    case "sparse_tensor":
      return `${type.kind} ${type.dtype}${type.shape === undefined ? "" : JSON.stringify(type.shape)}`;
    case "sequence":
    case "optional":
      return `${type.kind}(${typeKey(type.element)})`;
    case "map":
      return `map(${type.key}, ${typeKey(type.value)})`;
    case "opaque":
      return "opaque";
  }
}

function differNodes(path: string, a: Node, b: Node, context: Context): Difference {
  return (
    differ(`${path} operator`, a.opType, b.opType) ??
    differ(`${path} domain`, a.domain ?? "", b.domain ?? "") ??
    differ(`${path} overload`, a.overload ?? "", b.overload ?? "") ??
    differ(`${path} name`, a.name ?? "", b.name ?? "") ??
    differLists(`${path} ${a.opType} inputs`, a.inputs, b.inputs, (at, x, y) =>
      differOperands(at, x, y, context),
    ) ??
    differNamed(`${path} ${a.opType} attribute`, a.attributes, b.attributes, (at, x, y) =>
      differAttributes(at, x, y, context),
    ) ??
    differLists(`${path} ${a.opType} outputs`, a.outputs, b.outputs, (at, x, y) =>
      x === null || y === null ? differ(at, x?.name, y?.name) : differDefined(at, x, y, context),
    ) ??
    differNotes(path, a, b, context)
  );
}

function differOperands(path: string, a: Value | null, b: Value | null, context: Context): Difference {
  const difference = differ(path, a?.name, b?.name);
  if (difference !== undefined || a === null || b === null) return difference;
  return context.twins.get(a) === b ? undefined : `${path}: two values are named "${a.name}"`;
}

function differAttributes(path: string, a: Attribute, b: Attribute, context: Context): Difference {
  const notes = context.notes
    ? differ(`${path} doc_string`, a.docString ?? "", b.docString ?? "")
    : undefined;
  return notes ?? differPayloads(path, a, b, context);
}

/** Whether two attributes have the same value. Graphs in them must be the same down to the names. */
export function attributesEqual(a: Attribute, b: Attribute): boolean {
  return differPayloads(a.name, a, b, { notes: false, twins: new Map() }) === undefined;
}

function differPayloads(path: string, a: Attribute, b: Attribute, context: Context): Difference {
  switch (a.kind) {
    case "float":
      return a.kind === b.kind ? differFloats(path, a.value, b.value) : otherKind(path, a, b);
    case "int":
      return a.kind === b.kind ? differ(path, a.value, b.value) : otherKind(path, a, b);
    case "string":
      return a.kind === b.kind ? differBytes(path, a.value, b.value) : otherKind(path, a, b);
    case "tensor":
      return a.kind === b.kind ? differTensors(path, a.value, b.value) : otherKind(path, a, b);
    case "graph":
      return a.kind === b.kind ? differGraphs(path, a.value, b.value, context) : otherKind(path, a, b);
    case "sparse_tensor":
      return a.kind === b.kind ? differSparse(path, a.value, b.value) : otherKind(path, a, b);
    case "type":
      return a.kind === b.kind ? differTypes(path, a.value, b.value) : otherKind(path, a, b);
    case "floats":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differFloats) : otherKind(path, a, b);
    case "ints":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differ) : otherKind(path, a, b);
    case "strings":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differBytes) : otherKind(path, a, b);
    case "tensors":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differTensors) : otherKind(path, a, b);
    case "graphs":
      return a.kind === b.kind
        ? differLists(path, a.value, b.value, (at, x, y) => differGraphs(at, x, y, context))
        : otherKind(path, a, b);
    case "sparse_tensors":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differSparse) : otherKind(path, a, b);
    case "types":
      return a.kind === b.kind ? differLists(path, a.value, b.value, differTypes) : otherKind(path, a, b);
    case "ref":
      if (a.kind !== b.kind) return otherKind(path, a, b);
      return differ(path, a.ref, b.ref) ?? differ(`${path} kind`, a.type, b.type);
    case "unknown":
      return a.kind === b.kind ? differBytes(path, a.wire, b.wire) : otherKind(path, a, b);
    default:
      return assertNever(a, "attribute");
  }
}

function otherKind(path: string, a: Attribute, b: Attribute): Difference {
  return differ(`${path} kind`, a.kind, b.kind);
}

/** FLOAT attributes hold float32. */
function differFloats(path: string, a: number, b: number): Difference {
  return differ(path, Math.fround(a), Math.fround(b));
}

function differTensors(path: string, a: Tensor, b: Tensor): Difference {
  if (a === b) return undefined;
  const difference = differ(path, `${a.dtype}[${a.dims}]`, `${b.dtype}[${b.dims}]`);
  if (difference !== undefined) return difference;
  const [x, y] = [a.data, b.data];
  if (x.kind === "missing" || y.kind === "missing") return differ(path, placeOf(a), placeOf(b));
  if (x.kind === "strings" && y.kind === "strings") return differLists(path, x.values, y.values, differBytes);
  if (x.kind === "strings" || y.kind === "strings") return differ(`${path} data`, x.kind, y.kind);
  const [left, right] = [a.bytes(), b.bytes()];
  if (left.length !== right.length) return `${path}: ${left.length}, ${right.length} bytes`;
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? undefined : `${path}: the bytes differ from byte ${at} on`;
}

/** The place of the data, for tensors whose data is missing. */
function placeOf({ data }: Tensor): string {
  const external = data.kind === "missing" || data.kind === "range" ? data.external : undefined;
  return external === undefined ? "data in the model" : `"${external.location}" from byte ${external.offset}`;
}

function differSparse(path: string, a: SparseTensor, b: SparseTensor): Difference {
  return (
    differ(`${path} dims`, a.dims.join(), b.dims.join()) ??
    differTensors(`${path} values`, a.values, b.values) ??
    differTensors(`${path} indices`, a.indices, b.indices)
  );
}

function differAnnotations(path: string, a: Graph, b: Graph, { notes }: Context): Difference {
  const text = ({ tensor, parameters }: QuantizationAnnotation): string =>
    [tensor, ...parameters.flatMap(({ key, value }) => [key, value])]
      .map((item) => (typeof item === "string" ? item : item.name))
      .join(" ");
  if (!notes) return undefined;
  return differ(`${path} annotations`, a.annotations.map(text).join(), b.annotations.map(text).join());
}
