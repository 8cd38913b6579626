import { readRange } from "../base/bytes.js";
import type { Attribute, SparseTensor } from "../ir/attribute.js";
import type { Graph, MetadataEntry, Node, Value, ValueInfo } from "../ir/graph.js";
import type { FunctionDef, Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { entryTexts, type HeaderEntry, messageText, optionalQuoted, pairsText } from "./header.js";
import { quoted } from "./number.js";
import { type TensorPrinter, wordText } from "./words.js";

// Notes say what ONNX's syntax has no words for. They stand behind "#:", which ONNX's own reader takes for a comment, so that it
// reads the rest of the model; a note is one line.

/** Begins a note; a plain "#" begins a comment. */
export const NOTE = "#:";

interface Noted {
  readonly docString?: string | undefined;
  readonly metadata?: readonly MetadataEntry[] | undefined;
  readonly unknown?: Uint8Array | undefined;
}

function about({ docString, metadata, unknown }: Noted): HeaderEntry[] {
  return [
    ["doc_string", docString === "" ? undefined : optionalQuoted(docString)],
    ["metadata_props", pairsText(metadata)],
    ["unknown", messageText(unknown)],
  ];
}

/** A note with entries; none without any. */
function note(subject: string, entries: readonly HeaderEntry[]): readonly string[] {
  const texts = entryTexts(entries);
  return texts.length === 0 ? [] : [`${NOTE} ${subject} <${texts.join(", ")}>`];
}

/** Training information and fields that normfold does not read. */
export function modelNotes({ trainingInfo, unknown }: Model): readonly string[] {
  const messages = trainingInfo.map(({ wire }) => messageText(wire)).join(", ");
  return note("model", [
    ["training_info", messages === "" ? undefined : `[${messages}]`],
    ["unknown", messageText(unknown)],
  ]);
}

/** The notes at the start of a graph's body: about the graph, its values and constants, and its annotations. */
export function graphNotes(graph: Graph, tensorText: TensorPrinter): readonly string[] {
  const lines = [...note("graph", about(graph))];
  for (const value of graph.initializers) {
    const { name, sparse, tensor } = value;
    if (sparse !== undefined)
      lines.push(`${NOTE} initializer ${wordText(name)} = ${sparseText(sparse, tensorText)}`);
    const meta = (tensor ?? sparse?.values)?.meta;
    lines.push(
      ...note(`tensor ${wordText(name)}`, [
        ["doc_string", meta?.docString ? quoted(meta.docString) : undefined],
        ["wire", tensor === undefined ? undefined : unreadText(tensor)],
      ]),
    );
  }
  return [...lines, ...valueNotes(graph), ...annotationNotes(graph)];
}

/** A tensor whose element type is newer than this version, as it was read. */
function unreadText({ dtype, meta: { wire } }: Tensor): string | undefined {
  return dtype === "undefined" && wire !== undefined ? messageText(readRange(wire)) : undefined;
}

/** The notes of a function: those of its body, and its metadata. Its header has the doc string. */
export function functionNotes(fn: FunctionDef): readonly string[] {
  return [...note("graph", about({ metadata: fn.metadata, unknown: fn.unknown })), ...valueNotes(fn.body)];
}

function* valuesOf(graph: Graph): Generator<Value, void, undefined> {
  yield* graph.inputs;
  for (const value of graph.initializers) if (!value.isGraphInput) yield value;
  for (const node of graph.nodes()) for (const value of node.outputs) if (value !== null) yield value;
}

function valueNotes(graph: Graph): readonly string[] {
  const infos: (readonly [subject: string, info: ValueInfo | undefined])[] = [
    ...[...valuesOf(graph)].map((value) => [`value ${wordText(value.name)}`, value.info] as const),
    ...[...graph.outputInfo].map(([value, info]) => [`output ${wordText(value.name)}`, info] as const),
  ];
  return infos.flatMap(([subject, info]) =>
    info === undefined ? [] : note(subject, [...about(info), ["type", messageText(info.type?.wire)]]),
  );
}

function annotationNotes({ annotations }: Graph): readonly string[] {
  const nameOf = (value: Value | string): string => (typeof value === "string" ? value : value.name);
  return annotations.map(({ tensor, parameters }) => {
    const pairs = parameters.map(({ key, value }) => ({ key, value: nameOf(value) }));
    const entries = entryTexts([["quant_parameters", pairsText(pairs) ?? "[]"]]);
    return `${NOTE} annotation ${wordText(nameOf(tensor))} <${entries.join(", ")}>`;
  });
}

/** The notes before a node: about the node, and of attributes. */
export function nodeNotes(node: Node, tensorText: TensorPrinter): readonly string[] {
  const attributes = [...node.attributes.values()];
  // Attributes that are notes altogether are read behind the others, so they are printed in that order.
  const ordered = [...attributes.filter((attr) => !isNote(attr)), ...attributes.filter(isNote)];
  return [...note("node", about(node)), ...ordered.flatMap((attr) => attributeNotes(attr, tensorText))];
}

function isNote({ kind }: Attribute): boolean {
  return kind === "sparse_tensor" || kind === "sparse_tensors" || kind === "unknown";
}

function attributeNotes(attr: Attribute, tensorText: TensorPrinter): readonly string[] {
  const subject = `attribute ${wordText(attr.name)}`;
  const docs: HeaderEntry[] = [
    ["doc_string", attr.docString ? quoted(attr.docString) : undefined],
    ["unknown", messageText(attr.unknown)],
  ];
  switch (attr.kind) {
    case "sparse_tensor":
      return [`${NOTE} ${subject} = ${sparseText(attr.value, tensorText)}`, ...note(subject, docs)];
    case "sparse_tensors": {
      const items = attr.value.map((sparse) => sparseText(sparse, tensorText));
      return [`${NOTE} ${subject} = [${items.join(", ")}]`, ...note(subject, docs)];
    }
    case "unknown":
      return note(subject, [["wire", messageText(attr.wire)]]);
    case "tensor": {
      if (attr.value.dtype === "undefined") return note(subject, [["wire", messageText(attr.wire)]]);
      const doc = attr.value.meta.docString;
      return note(subject, [...docs, ["tensor_doc_string", doc ? quoted(doc) : undefined]]);
    }
    case "type":
      return note(subject, [...docs, ["type", messageText(attr.value.wire)]]);
    default:
      return note(subject, docs);
  }
}

/** `sparse_tensor(float[3,4]) float[2] {1.0, 2.0} int64[2] {0, 5}`: its type, its values and their places. */
function sparseText({ values, indices, dims }: SparseTensor, tensorText: TensorPrinter): string {
  const type = `sparse_tensor(${values.dtype}${dims.length === 0 ? "" : `[${dims.join(",")}]`})`;
  return `${type} ${tensorText(values)} ${tensorText(indices)}`;
}
