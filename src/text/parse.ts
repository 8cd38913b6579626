import { present } from "../base/assert.js";
import type { Attribute } from "../ir/attribute.js";
import { Graph, type Node, type Value, type ValueInfo } from "../ir/graph.js";
import { type FunctionDef, Model, type OpsetImport } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import type { ValueType } from "../ir/type.js";
import { VisibleNames } from "../ir/visible-names.js";
import type { Allowance } from "../proto/allowance.js";
import { type GraphParser, parseAttribute, parseAttributes } from "./attribute.js";
import { errors } from "./errors.js";
import { type HeaderKey, parseHeader } from "./header.js";
import { Lexer, listUntil } from "./lex.js";
import { BodyNotes, parseModelNotes } from "./parse-notes.js";
import { parseTensorData } from "./tensor.js";
import { atType, parseType } from "./type.js";

/**
 * Reads a model in ONNX's textual syntax (source: onnx/docs/Syntax.md): header, graph, functions. Unlike ONNX's own reader it
 * counts the elements of constants, takes a quoted name wherever a name may stand, and keeps lists of tensors and graphs.
 * Throws NormfoldError "invalid" with line and column, "unsupported" where `allowance` is spent.
 */
export function parseModel(text: string, allowance?: Allowance): Model {
  const lexer = new Lexer(text, allowance);
  if (!lexer.at("<")) {
    lexer.unexpected('the model header, as in <ir_version: 8, opset_import: ["" : 17]>');
  }
  const header = parseHeader(lexer, MODEL_KEYS);
  const takeNotes = parseModelNotes(lexer);
  const irVersion = header.integers.get("ir_version");
  if (irVersion === undefined) lexer.fail(errors.headerHasNoIrVersion());
  const model = parseContent(lexer, header.opsetImports ?? [], Number(irVersion));
  model.producerName = header.strings.get("producer_name");
  model.producerVersion = header.strings.get("producer_version");
  model.domain = header.strings.get("domain");
  model.docString = header.strings.get("doc_string");
  model.modelVersion = header.integers.get("model_version");
  model.metadata = header.pairs.get("metadata_props") ?? [];
  takeNotes(model);
  return model;
}

/**
 * Reads a graph without a model header, and functions behind it. The model uses the standard operators of `opset` (default 17)
 * and IR version 8. Throws NormfoldError "invalid" with line and column.
 */
export function parseGraph(text: string, options: { readonly opset?: number } = {}): Model {
  return parseContent(new Lexer(text), [{ domain: "", version: options.opset ?? 17 }], 8);
}

function parseContent(lexer: Lexer, opsetImports: readonly OpsetImport[], irVersion: number): Model {
  const graph = parseGraphAt(lexer, undefined);
  const model = new Model(graph, opsetImports, irVersion);
  const functions: FunctionDef[] = [];
  while (lexer.peek().kind !== "end") functions.push(parseFunction(lexer, opsetImports));
  model.functions = functions;
  return model;
}

const MODEL_KEYS: readonly HeaderKey[] = [
  "ir_version",
  "opset_import",
  "producer_name",
  "producer_version",
  "domain",
  "model_version",
  "doc_string",
  "metadata_props",
];
const FUNCTION_KEYS: readonly HeaderKey[] = ["opset_import", "doc_string", "domain", "overload"];

/** The graph that is being read, the values that names mean in it so far, and what notes say about it. */
interface OpenGraph {
  readonly graph: Graph;
  readonly names: VisibleNames;
  readonly notes: BodyNotes;
}

function openGraph(lexer: Lexer, graph: Graph, outer: OpenGraph | undefined): OpenGraph {
  const names = new VisibleNames(outer?.names);
  const notes = new BodyNotes(lexer, {
    own: (name) => names.own.get(name),
    visible: (name) => names.get(name),
    define: (name, value) => names.own.set(name, value),
  });
  return { graph, names, notes };
}

interface Name {
  readonly text: string;
  readonly offset: number;
}

function parseName(lexer: Lexer, what: string): Name {
  const { offset } = lexer.peek();
  return { text: lexer.name(what), offset };
}

function define(lexer: Lexer, { names }: OpenGraph, value: Value, name: Name): void {
  if (names.own.has(name.text)) lexer.fail(errors.nameIsDefinedTwice(name.text), name.offset);
  names.own.set(name.text, value);
}

function lookUp(lexer: Lexer, { names }: OpenGraph, name: Name): Value {
  return names.get(name.text) ?? lexer.fail(errors.nameIsNotDefined(name.text), name.offset);
}

/** `name (inputs) => (outputs) <initializers and value_info> { nodes }` */
function parseGraphAt(lexer: Lexer, outer: OpenGraph | undefined): Graph {
  const name = lexer.name("the name of a graph");
  const graph = new Graph(name === "" ? undefined : name, outer?.graph);
  const open = openGraph(lexer, graph, outer);
  if (lexer.accept("(")) {
    listUntil(lexer, ")", () => {
      parseInput(lexer, open);
    });
  }
  lexer.expect("=>");
  const outputs = parseDeclarations(lexer);
  const infos: ValueInfo[] = [];
  if (lexer.accept("<")) {
    listUntil(lexer, ">", () => {
      const declaration = parseDeclaration(lexer);
      if (lexer.accept("=")) parseInitializer(lexer, open, declaration);
      else infos.push({ ...infoOf(declaration), order: infos.length });
    });
  }
  parseNodes(lexer, open);
  for (const output of outputs) {
    const value = lookUp(lexer, open, output.name);
    graph.addOutput(value);
    if (output.type === undefined) continue;
    if (value.graph === graph && value.info === undefined) value.info = infoOf(output);
    else graph.outputInfo.set(value, infoOf(output));
  }
  declareValues(open, infos);
  open.notes.finish();
  for (const { strings, pairs, messages } of open.notes.ofGraph) {
    graph.docString = strings.get("doc_string");
    graph.metadata = pairs.get("metadata_props") ?? [];
    graph.unknown = messages.get("unknown")?.[0];
  }
  return graph;
}

/** Gives values their declarations. Those that name no value, or a declared one, are kept aside. */
function declareValues({ graph, names }: OpenGraph, infos: readonly ValueInfo[]): void {
  for (const info of infos) {
    const value = names.own.get(info.name);
    if (value === undefined || value.type !== undefined) graph.strayInfo.push(info);
    else value.info = info;
  }
}

interface Declaration {
  readonly name: Name;
  readonly type: ValueType | undefined;
}

/** `type? name` */
function parseDeclaration(lexer: Lexer): Declaration {
  const type = atType(lexer) ? parseType(lexer) : undefined;
  return { name: parseName(lexer, type === undefined ? "a type or a name" : "a name"), type };
}

function infoOf({ name, type }: Declaration): ValueInfo {
  return { name: name.text, type };
}

function parseDeclarations(lexer: Lexer): readonly Declaration[] {
  const declarations: Declaration[] = [];
  lexer.expect("(");
  listUntil(lexer, ")", () => {
    declarations.push(parseDeclaration(lexer));
  });
  return declarations;
}

function parseInput(lexer: Lexer, open: OpenGraph): void {
  const declaration = parseDeclaration(lexer);
  const value = open.graph.addInput(infoOf(declaration));
  define(lexer, open, value, declaration.name);
  if (lexer.accept("=")) open.graph.setDefault(value, parseConstant(lexer, declaration));
}

/** Reads a constant, or the default of an input, which older models list among the constants too. */
function parseInitializer(lexer: Lexer, open: OpenGraph, declaration: Declaration): void {
  const tensor = parseConstant(lexer, declaration);
  const { name } = declaration;
  const existing = open.names.own.get(name.text);
  if (existing?.isGraphInput && existing.tensor === undefined) open.graph.setDefault(existing, tensor);
  else define(lexer, open, open.graph.addInitializer(name.text, tensor), name);
}

function parseConstant(lexer: Lexer, { name, type }: Declaration): Tensor {
  if (type === undefined) lexer.fail(errors.constantNeedsType(name.text), name.offset);
  return parseTensorData(lexer, type, { name: name.text });
}

function parseNodes(lexer: Lexer, open: OpenGraph): void {
  lexer.expect("{");
  while (!lexer.accept("}")) {
    if (!open.notes.accept(open.graph)) open.notes.finishNode(parseNode(lexer, open));
  }
}

/** `[label] outputs = domain.Op:overload <attributes> (inputs)`; the attributes may also stand behind the inputs. */
function parseNode(lexer: Lexer, open: OpenGraph): Node {
  const label = lexer.accept("[") ? lexer.name("the name of the node") : undefined;
  if (label !== undefined) lexer.expect("]");
  const outputs = parseOperands(lexer);
  if (!lexer.at("=")) lexer.unexpected(outputs.length === 0 ? 'a node, as in y = Relu(x), or "}"' : '"="');
  lexer.next();
  const path = [lexer.name("an operator")];
  while (lexer.accept(".")) path.push(lexer.name("an operator"));
  const overload = lexer.accept(":") ? lexer.name("an overload") : undefined;
  const bodyParser: GraphParser = () => lexer.nested(() => parseGraphAt(lexer, open));
  const before = parseAttributes(lexer, bodyParser);
  lexer.expect("(");
  const inputs = parseOperands(lexer);
  lexer.expect(")");
  const attributes = before.length > 0 ? before : parseAttributes(lexer, bodyParser);
  const domain = path.slice(0, -1).join(".");
  const node = open.graph.addNode({
    opType: present(path.at(-1), "an operator has a name"),
    domain: domain === "" ? undefined : domain,
    overload,
    name: label,
    inputs: inputs.map((name) => (name.text === "" ? null : lookUp(lexer, open, name))),
    outputs: outputs.map((name) => (name.text === "" ? null : name.text)),
    attributes,
  });
  outputs.forEach((name, index) => {
    const value = node.output(index);
    if (value !== undefined) define(lexer, open, value, name);
  });
  return node;
}

/**
 * Reads names separated by commas. A skipped one is written "" or left out before a comma; a comma at the end adds
 * none.
 */
function parseOperands(lexer: Lexer): readonly Name[] {
  const names: Name[] = [];
  for (;;) {
    const { kind, text, offset } = lexer.peek();
    if (kind === "id" || kind === "string") {
      names.push({ text, offset });
      lexer.next();
    } else if (lexer.at(",")) names.push({ text: "", offset });
    else return names;
    if (!lexer.accept(",")) return names;
  }
}

/** `<domain: "x", opset_import: [...]> name <attributes> (inputs) => (outputs) <value_info> { nodes }` */
function parseFunction(lexer: Lexer, defaultImports: readonly OpsetImport[]): FunctionDef {
  const header = lexer.at("<") ? parseHeader(lexer, FUNCTION_KEYS) : undefined;
  const name = lexer.name("the name of a function");
  const body = new Graph();
  body.isFunctionBody = true;
  const open = openGraph(lexer, body, undefined);
  const attributeNames: string[] = [];
  const attributeDefaults: Attribute[] = [];
  if (lexer.accept("<")) {
    listUntil(lexer, ">", () => {
      const attributeName = lexer.name("the name of an attribute");
      if (!lexer.at(":") && !lexer.at("=")) attributeNames.push(attributeName);
      else {
        attributeDefaults.push(parseAttribute(lexer, attributeName, () => parseGraphAt(lexer, undefined)));
      }
    });
  }
  const valueInfo: ValueInfo[] = [];
  const note = (declaration: Declaration): void => {
    if (declaration.type !== undefined) valueInfo.push({ ...infoOf(declaration), order: valueInfo.length });
  };
  for (const input of parseDeclarations(lexer)) {
    define(lexer, open, body.addInput({ name: input.name.text }), input.name);
    note(input);
  }
  lexer.expect("=>");
  const outputs = parseDeclarations(lexer);
  outputs.forEach(note);
  if (lexer.accept("<")) {
    listUntil(lexer, ">", () => {
      note(parseDeclaration(lexer));
    });
  }
  parseNodes(lexer, open);
  for (const output of outputs) body.addOutput(lookUp(lexer, open, output.name));
  declareValues(open, valueInfo);
  open.notes.finish();
  const said = open.notes.ofGraph[0];
  return {
    name,
    domain: header?.strings.get("domain"),
    overload: header?.strings.get("overload"),
    docString: header?.strings.get("doc_string"),
    opsetImports: header?.opsetImports ?? defaultImports,
    attributeNames,
    attributeDefaults,
    body,
    valueInfo,
    metadata: said?.pairs.get("metadata_props") ?? [],
    unknown: said?.messages.get("unknown")?.[0],
  };
}
