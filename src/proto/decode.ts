import type { ByteSource } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import type { Attribute } from "../ir/attribute.js";
import { Graph, type MetadataEntry, type Value } from "../ir/graph.js";
import { type FunctionDef, Model, type OpsetImport, TRAINING_PIN } from "../ir/model.js";
import { Allowance, COST } from "./allowance.js";
import { errors } from "./errors.js";
import type { ExternalFiles, TensorContext } from "./external.js";
import { linkGraph } from "./link.js";
import { type CapturedNames, capturedNames } from "./order.js";
import { readAttribute } from "./read-attribute.js";
import { emptyGraph, readGraph, readNode } from "./read-graph.js";
import { readDoc, readEntry, readMetadata, readOpset, readValueInfo, UnknownFields } from "./read-leaf.js";
import type { GraphRecord } from "./records.js";
import { FUNCTION, MODEL, TRAINING } from "./schema.js";
import { Cursor } from "./wire.js";

/** The oldest IR version whose models can be read: opset imports came with it. */
const OLDEST_IR = 3;

export interface DecodeOptions {
  /** Name of the file, for messages. */
  readonly file?: string;
  /** Opens external data files. Without it, tensors stored there have no data ("missing"). */
  readonly external?: ExternalFiles;
  /** Takes external data that cannot be opened as "missing" instead of failing, for callers that only look at a model. */
  readonly allowMissingExternal?: boolean;
  /** Counts the parts of the model; without it there may be any number. */
  readonly allowance?: Allowance | undefined;
}

/**
 * Reads an ONNX model (ModelProto, IR version 3 and later). Tensor elements stay in `source`, which must stay readable
 * for as long as the model is used. Throws NormfoldError: "invalid" for bytes that are no consistent model,
 * "unsupported" for older versions, "io" when external data cannot be opened.
 */
export function decodeModel(source: ByteSource, options: DecodeOptions = {}): Model {
  const { file, allowance = new Allowance() } = options;
  try {
    if (source.size === 0) throw errors.modelFileIsEmpty();
    return readModel(new Cursor({ source, offset: 0, length: source.size }, allowance), {
      external: options.external,
      allowMissing: options.allowMissingExternal ?? false,
    });
  } catch (error) {
    if (!(error instanceof NormfoldError)) throw error;
    const better = error.code === "invalid" ? (explainText(source) ?? error) : error;
    throw file === undefined ? better : better.at({ file });
  }
}

const LOOKED_AT = 512;

/** The error for a file that holds text instead of a model, as failed downloads do; undefined for a binary file. */
function explainText(source: ByteSource): NormfoldError | undefined {
  const start = source.read(0, Math.min(LOOKED_AT, source.size));
  const binary = start.some((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127);
  if (binary || start.length === 0) return undefined;
  const text = new TextDecoder().decode(start).trimStart();
  if (text.startsWith("version https://git-lfs")) {
    return errors.fileIsGitLfsPointer();
  }
  if (/^<(!doctype|html|\?xml)/i.test(text)) {
    return errors.fileIsWebPage();
  }
  return errors.fileIsText();
}

interface FunctionRecord {
  readonly def: Omit<FunctionDef, "body">;
  readonly body: GraphRecord;
}

interface ModelFields {
  irVersion: number | undefined;
  graph: GraphRecord | undefined;
  producerName: string | undefined;
  producerVersion: string | undefined;
  domain: string | undefined;
  modelVersion: bigint | undefined;
  docString: string | undefined;
  readonly opsets: OpsetImport[];
  readonly metadata: MetadataEntry[];
  readonly training: { readonly wire: Uint8Array; readonly names: ReadonlySet<string> }[];
  readonly functions: FunctionRecord[];
}

function readModel(cursor: Cursor, context: TensorContext): Model {
  const fields: ModelFields = {
    irVersion: undefined,
    graph: undefined,
    producerName: undefined,
    producerVersion: undefined,
    domain: undefined,
    modelVersion: undefined,
    docString: undefined,
    opsets: [],
    metadata: [],
    training: [],
    functions: [],
  };
  const unknown = new UnknownFields();
  while (cursor.next()) readModelField(cursor, fields, unknown, context);
  const { graph: record, irVersion } = fields;
  if (irVersion === undefined || record === undefined) {
    throw errors.modelLacksPart(irVersion === undefined ? "IR version" : "graph");
  }
  if (fields.opsets.length === 0) throw errors.modelImportsNoOpset();
  const graph = new Graph(record.name);
  const model = new Model(graph, fields.opsets, irVersion);
  const values = linkGraph(record, graph);
  model.producerName = fields.producerName;
  model.producerVersion = fields.producerVersion;
  model.domain = fields.domain;
  model.modelVersion = fields.modelVersion;
  model.docString = fields.docString;
  model.metadata = fields.metadata;
  model.functions = linkFunctions(fields.functions);
  model.trainingInfo = fields.training.map(({ wire }) => ({ wire }));
  model.unknown = unknown.bytes;
  for (const { names } of fields.training) pinAll(names, values);
  return model;
}

function readModelField(
  cursor: Cursor,
  fields: ModelFields,
  unknown: UnknownFields,
  context: TensorContext,
): void {
  switch (cursor.field) {
    case MODEL.irVersion:
      fields.irVersion = cursor.integer("the IR version");
      if (fields.irVersion < OLDEST_IR) {
        throw errors.irVersionIsTooOld(fields.irVersion, OLDEST_IR);
      }
      break;
    case MODEL.producerName:
      fields.producerName = cursor.string("the producer's name");
      break;
    case MODEL.producerVersion:
      fields.producerVersion = cursor.string("the producer's version");
      break;
    case MODEL.domain:
      fields.domain = cursor.string("the model's domain");
      break;
    case MODEL.modelVersion:
      fields.modelVersion = cursor.bigint();
      break;
    case MODEL.docString:
      fields.docString = readDoc(cursor, unknown);
      break;
    case MODEL.graph:
      if (fields.graph !== undefined) throw errors.graphIsGivenTwice().at({ offset: cursor.start });
      fields.graph = readGraph(cursor, context);
      break;
    case MODEL.opsetImport:
      fields.opsets.push(readOpset(cursor));
      break;
    case MODEL.metadata:
      readMetadata(cursor, fields.metadata, unknown);
      break;
    case MODEL.trainingInfo:
      fields.training.push({ wire: cursor.bytes(), names: readTrainingNames(cursor) });
      break;
    case MODEL.functions:
      fields.functions.push(readFunction(cursor, context));
      break;
    default:
      unknown.keep(cursor.raw());
  }
}

function readFunction(cursor: Cursor, context: TensorContext): FunctionRecord {
  cursor.allowance.take(COST.function);
  const body = emptyGraph();
  const opsetImports: OpsetImport[] = [];
  const attributeNames: string[] = [];
  const attributeDefaults: Attribute[] = [];
  const metadata: MetadataEntry[] = [];
  const unknown = new UnknownFields();
  const { start } = cursor;
  let name: string | undefined;
  let domain: string | undefined;
  let overload: string | undefined;
  let docString: string | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    switch (cursor.field) {
      case FUNCTION.name:
        name = cursor.string("the name of a function");
        break;
      case FUNCTION.input:
        cursor.allowance.take(COST.declaration);
        body.inputs.push({ name: cursor.string("the input of a function") });
        break;
      case FUNCTION.output:
        cursor.allowance.take(COST.declaration);
        body.outputs.push({ name: cursor.string("the output of a function") });
        break;
      case FUNCTION.attribute:
        attributeNames.push(cursor.string("the attribute of a function"));
        break;
      case FUNCTION.attributeDefault: {
        const attr = readAttribute(cursor, context, readGraph);
        if ("bodies" in attr) throw errors.attributeDefaultIsGraph(attr.name);
        attributeDefaults.push(attr);
        break;
      }
      case FUNCTION.node:
        body.nodes.push(readNode(cursor, context));
        break;
      case FUNCTION.docString:
        docString = readDoc(cursor, unknown);
        break;
      case FUNCTION.opsetImport:
        opsetImports.push(readOpset(cursor));
        break;
      case FUNCTION.domain:
        domain = cursor.string("the domain of a function");
        break;
      case FUNCTION.overload:
        overload = cursor.string("the overload of a function");
        break;
      case FUNCTION.valueInfo:
        body.valueInfo.push(readValueInfo(cursor, body.valueInfo.length));
        break;
      case FUNCTION.metadata:
        readMetadata(cursor, metadata, unknown);
        break;
      default:
        unknown.keep(cursor.raw());
    }
  }
  cursor.leave(outer);
  if (!name) throw errors.functionHasNoName().at({ offset: start });
  const def = {
    name,
    domain,
    overload,
    docString,
    opsetImports,
    attributeNames,
    attributeDefaults,
    valueInfo: body.valueInfo,
    metadata,
    unknown: unknown.bytes,
  };
  return { def, body };
}

function linkFunctions(records: readonly FunctionRecord[]): FunctionDef[] {
  const seen = new Set<string>();
  return records.map(({ def, body: record }) => {
    const id = `${def.domain ?? ""}:${def.name}:${def.overload ?? ""}`;
    const element = `function "${def.name}"`;
    if (seen.has(id)) throw errors.functionIsDefinedTwice().at({ element });
    seen.add(id);
    const body = new Graph();
    body.isFunctionBody = true;
    try {
      linkGraph(record, body);
    } catch (error) {
      throw error instanceof NormfoldError ? error.at({ element }) : error;
    }
    return { ...def, body };
  });
}

/** The names in a TrainingInfoProto that may refer to values of the main graph. */
function readTrainingNames(cursor: Cursor): ReadonlySet<string> {
  const names = new Set<string>();
  const known: CapturedNames = new Map();
  // Only names are read here: the message is kept as bytes, so its external files need not be there.
  const context: TensorContext = { external: undefined, allowMissing: true };
  const outer = cursor.enter();
  while (cursor.next()) {
    switch (cursor.field) {
      case TRAINING.initialization:
      case TRAINING.algorithm:
        for (const name of capturedNames(readGraph(cursor, context), known)) names.add(name);
        break;
      case TRAINING.initializationBinding:
      case TRAINING.updateBinding: {
        const [key, value] = readEntry(cursor, "a training binding");
        names.add(key).add(value);
        break;
      }
    }
  }
  cursor.leave(outer);
  return names;
}

function pinAll(names: ReadonlySet<string>, values: ReadonlyMap<string, Value>): void {
  for (const name of names) {
    values.get(name)?.addUse({ kind: "pin", reason: TRAINING_PIN });
  }
}
