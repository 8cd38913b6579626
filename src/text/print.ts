import { assertNever } from "../base/assert.js";
import type { Attribute, AttributeKind } from "../ir/attribute.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { FunctionDef, Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { staticShape, type ValueType } from "../ir/type.js";
import { kindText } from "./attribute.js";
import { headerText, importsText, optionalQuoted, pairsText } from "./header.js";
import { isSpecialFloat } from "./lex.js";
import { float32NanText } from "./nan.js";
import { functionNotes, graphNotes, modelNotes, nodeNotes } from "./notes.js";
import { float32Text, quoted, quotedBytes } from "./number.js";
import { ELIDED, tensorDataText } from "./tensor.js";
import { isTypeName, typeText } from "./type.js";
import { wordText } from "./words.js";

/** How a model is printed. */
export interface PrintOptions {
  /**
   * Tensors of more elements are printed as `{...}`, which cannot be parsed, without reading their data. Default 16. With
   * Infinity the text parses back to an equal graph.
   */
  readonly maxElements?: number;
}

const WIDTH = 80;

/**
 * The model in ONNX's textual syntax, one node a line. What the syntax has no words for stands in notes behind `#:`, which ONNX's
 * own reader takes for comments: doc strings and metadata below the model, sparse constants, annotations, training
 * information, unknown fields.
 */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const maxElements = limitOf(options);
  const parts = [
    headerText([
      ["ir_version", String(model.irVersion)],
      ["opset_import", importsText(model.opsetImports)],
      ["producer_name", optionalQuoted(model.producerName)],
      ["producer_version", optionalQuoted(model.producerVersion)],
      ["domain", optionalQuoted(model.domain)],
      ["model_version", model.modelVersion?.toString()],
      ["doc_string", optionalQuoted(model.docString)],
      ["metadata_props", pairsText(model.metadata)],
    ]),
    ...modelNotes(model),
    graphText(model.graph, maxElements, ""),
    ...model.functions.map((fn) => functionText(fn, maxElements)),
  ];
  const text = `${parts.join("\n")}\n`;
  return text.includes(ELIDED)
    ? `# Data printed as ${ELIDED} cannot be read back; print all elements for that.\n${text}`
    : text;
}

/** The graph in ONNX's textual syntax without a model header, as parseGraph reads it. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return `${graphText(graph, limitOf(options), "")}\n`;
}

function limitOf(options: PrintOptions): number {
  return options.maxElements ?? 16;
}

function functionText(fn: FunctionDef, maxElements: number): string {
  const header = headerText([
    ["domain", optionalQuoted(fn.domain)],
    ["overload", optionalQuoted(fn.overload)],
    ["opset_import", importsText(fn.opsetImports)],
    ["doc_string", optionalQuoted(fn.docString)],
  ]);
  const defaults = fn.attributeDefaults.flatMap((attr) => attributeText(attr, maxElements, "") ?? []);
  const attributes = [...fn.attributeNames.map(nameText), ...defaults].join(", ");
  const signature = signatureText(
    attributes === "" ? nameText(fn.name) : `${nameText(fn.name)} <${attributes}>`,
    fn.body.inputs.map(({ name, type }) => declarationText(name, type) ?? nameText(name)),
    fn.body.outputs.map(({ name, type }) => declarationText(name, type) ?? nameText(name)),
    "",
  );
  const declared = declaredTexts(fn.body, []);
  const body = `${notesText(functionNotes(fn), "")}${nodesText(fn.body, maxElements, "")}`;
  return `${header}\n${withSection(signature, declared, "")}{\n${body}}`;
}

/** `indent` is that of the line the graph starts on. */
function graphText(graph: Graph, maxElements: number, indent: string): string {
  const constants = [...graph.initializers].filter((value) => !value.isGraphInput);
  // A default that its declaration does not describe stands among the constants, as older models list them.
  const defaults = graph.inputs.filter((value) => value.tensor !== undefined && !isInline(value));
  const signature = signatureText(
    nameText(graph.name ?? ""),
    graph.inputs.map((value) => inputText(value, maxElements)),
    graph.outputs.map((value) => outputText(value, graph)),
    indent,
  );
  const section = [
    ...[...defaults, ...constants].flatMap(({ name, tensor }) =>
      tensor === undefined ? [] : constantText(name, tensor, maxElements),
    ),
    ...declaredTexts(graph, constants),
  ];
  const notes = graphNotes(graph, (tensor) => tensorText(tensor, maxElements));
  const body = `${notesText(notes, indent)}${nodesText(graph, maxElements, indent)}`;
  return `${withSection(signature, section, indent)}{\n${body}${indent}}`;
}

function notesText(notes: readonly string[], indent: string): string {
  return notes.map((note) => `${indent}  ${note}\n`).join("");
}

/** The declarations that are not in the signature. */
function declaredTexts(graph: Graph, constants: readonly Value[]): readonly string[] {
  const told = new Set(graph.outputs);
  const results = [...graph.nodes()].flatMap((node) => node.outputs.filter((value) => value !== null));
  const declared = [...constants, ...results].filter((value) => !told.has(value));
  return [...declared.map(({ name, info }) => ({ ...info, name })), ...graph.strayInfo]
    .sort((a, b) => (a.order ?? Number.POSITIVE_INFINITY) - (b.order ?? Number.POSITIVE_INFINITY) || 0)
    .flatMap(({ name, type }) => declarationText(name, type) ?? []);
}

function outputText(value: Value, graph: Graph): string {
  const { name, type } = value;
  return declarationText(name, graph.outputInfo.get(value)?.type ?? type) ?? nameText(name);
}

function signatureText(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  indent: string,
): string {
  const line = `${name} (${inputs.join(", ")}) => (${outputs.join(", ")})`;
  if (indent.length + line.length <= WIDTH) return line;
  return `${name} ${listText("(", inputs, ")", indent)} => ${listText("(", outputs, ")", indent)}`;
}

/** A list on one line where it fits, else one item a line. */
function listText(open: string, items: readonly string[], close: string, indent: string): string {
  const line = `${open}${items.join(", ")}${close}`;
  if (indent.length + line.length <= WIDTH) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}

/** The head of a graph and its `<initializers and value_info>`, up to the brace. */
function withSection(signature: string, items: readonly string[], indent: string): string {
  if (items.length === 0) return `${signature} `;
  const line = `${signature} <${items.join(", ")}> {`;
  if (!line.includes("\n") && indent.length + line.length <= WIDTH) return line.slice(0, -1);
  return `${signature}\n${indent}<\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}> `;
}

function declarationText(name: string, type: ValueType | undefined): string | undefined {
  return type === undefined ? undefined : `${typeText(type)} ${nameText(name)}`;
}

function inputText(value: Value, maxElements: number): string {
  const { name, type, tensor } = value;
  const declared = declarationText(name, type) ?? nameText(name);
  return tensor === undefined || !isInline(value)
    ? declared
    : `${declared} = ${tensorDataText(tensor, maxElements)}`;
}

/** True for a default whose type is the declared one, so that the two can be written as one. */
function isInline({ type, tensor }: Value): boolean {
  const shape = staticShape(type);
  return type?.kind === "tensor" && type.dtype === tensor?.dtype && shape?.join() === tensor.dims.join();
}

function constantText(name: string, tensor: Tensor, maxElements: number): string {
  return `${tensorTypeText(tensor)} ${nameText(name)} = ${tensorDataText(tensor, maxElements)}`;
}

function tensorTypeText({ dtype, dims }: Tensor): string {
  return typeText({ kind: "tensor", dtype, shape: dims });
}

/** A name, quoted where it would be read as something else. */
function nameText(name: string): string {
  return isTypeName(name) || isSpecialFloat(name) ? quoted(name) : wordText(name);
}

function nodesText(graph: Graph, maxElements: number, indent: string): string {
  const lines: string[] = [];
  for (const node of graph.nodes()) {
    lines.push(
      notesText(
        nodeNotes(node, (tensor) => tensorText(tensor, maxElements)),
        indent,
      ),
    );
    lines.push(`${indent}  ${nodeText(node, maxElements, `${indent}  `)}\n`);
  }
  return lines.join("");
}

function nodeText(node: Node, maxElements: number, indent: string): string {
  const operands = (values: readonly (Value | null)[]): string =>
    values.map((value) => (value === null ? '""' : nameText(value.name))).join(", ");
  const label = node.name ? `[${wordText(node.name)}] ` : "";
  const path = node.domain ? [...node.domain.split("."), node.opType] : [node.opType];
  const overload = node.overload ? `:${wordText(node.overload)}` : "";
  const outputs = operands(node.outputs);
  const head = `${label}${outputs}${outputs === "" ? "" : " "}= ${path.map(wordText).join(".")}${overload}`;
  const nested = node.subgraphs.length > 0;
  const attributes = [...node.attributes.values()].flatMap(
    (attr) => attributeText(attr, maxElements, nested ? `${indent}  ` : indent) ?? [],
  );
  if (attributes.length === 0) return `${head}(${operands(node.inputs)})`;
  if (!nested) return `${head} <${attributes.join(", ")}> (${operands(node.inputs)})`;
  const lines = attributes.map((text) => `${indent}  ${text}`).join(",\n");
  return `${head}(${operands(node.inputs)}) <\n${lines}\n${indent}>`;
}

/** `name = value`, with the kind where the value alone does not show it; undefined where a note has it. */
export function attributeText(attr: Attribute, maxElements: number, indent: string): string | undefined {
  const name = wordText(attr.name);
  const list = <T>(
    kind: AttributeKind,
    items: readonly T[],
    text: (item: T) => string | undefined,
  ): string =>
    items.length === 0 ? `${name}: ${kindText(kind)} = []` : `${name} = [${items.map(text).join(", ")}]`;
  switch (attr.kind) {
    case "float":
      return `${name} = ${floatText(attr.value)}`;
    case "int":
      return `${name} = ${attr.value}`;
    case "string":
      return `${name} = ${quotedBytes(attr.value)}`;
    case "tensor":
      return `${name} = ${tensorText(attr.value, maxElements)}`;
    case "graph":
      return `${name} = ${graphText(attr.value, maxElements, indent)}`;
    case "type":
      return `${name} = ${typeText(attr.value)}`;
    case "floats":
      return list(attr.kind, attr.value, floatText);
    case "ints":
      return list(attr.kind, attr.value, String);
    case "strings":
      return list(attr.kind, attr.value, quotedBytes);
    case "tensors":
      return list(attr.kind, attr.value, (tensor) => tensorText(tensor, maxElements));
    case "graphs":
      return list(attr.kind, attr.value, (graph) => graphText(graph, maxElements, indent));
    case "types":
      return list(attr.kind, attr.value, typeText);
    case "ref":
      return `${name}: ${kindText(attr.type)} = @${wordText(attr.ref)}`;
    case "sparse_tensor":
    case "sparse_tensors":
    case "unknown":
      return undefined;
    default:
      return assertNever(attr, "attribute");
  }
}

function tensorText(tensor: Tensor, maxElements: number): string {
  const name = tensor.meta.name ? ` ${nameText(tensor.meta.name)}` : "";
  const equals = tensor.data.kind === "missing" ? " =" : "";
  return `${tensorTypeText(tensor)}${name}${equals} ${tensorDataText(tensor, maxElements)}`;
}

function floatText(value: number): string {
  return Number.isNaN(value) ? float32NanText(value) : float32Text(value);
}
