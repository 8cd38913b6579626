import { memorySource } from "../base/bytes.js";
import type { Attribute, SparseTensor } from "../ir/attribute.js";
import type { Graph, Node, Value, ValueInfo } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { Tensor } from "../ir/tensor.js";
import { staticShape } from "../ir/type.js";
import { parseTypedTensor } from "./attribute.js";
import { errors } from "./errors.js";
import { type Header, type HeaderKey, parseHeader } from "./header.js";
import { type Lexer, listUntil } from "./lex.js";
import { NOTE } from "./notes.js";
import { parseType } from "./type.js";

/** Reads the notes behind a model's header. */
export function parseModelNotes(lexer: Lexer): (model: Model) => void {
  const headers: Header[] = [];
  while (lexer.accept(NOTE)) {
    expectWord(lexer, "model");
    headers.push(parseHeader(lexer, ["training_info", "unknown"]));
  }
  return (model) => {
    for (const { messages } of headers) {
      model.trainingInfo = (messages.get("training_info") ?? []).map((wire) => ({ wire }));
      model.unknown = messages.get("unknown")?.[0];
    }
  };
}

function expectWord(lexer: Lexer, word: string): void {
  if (lexer.peek().text !== word) lexer.unexpected(`"${word}"`);
  lexer.next();
}

const ABOUT: readonly HeaderKey[] = ["doc_string", "metadata_props", "unknown"];
const ABOUT_ATTRIBUTE: readonly HeaderKey[] = ["doc_string", "unknown", "tensor_doc_string", "type", "wire"];
const SUBJECTS = [
  "graph",
  "node",
  "attribute",
  "value",
  "output",
  "tensor",
  "initializer",
  "annotation",
] as const;

/** The values that names mean in the body that is being read. */
export interface NotedNames {
  own(name: string): Value | undefined;
  visible(name: string): Value | undefined;
  /** Claims the name of a constant; undefined where another one has it. */
  define(name: string, value: Value): void;
}

/** What a note says about a graph beside its docs; a function keeps these itself. */
export type GraphNote = Pick<Header, "strings" | "pairs" | "messages">;

/** Collects the notes of a body: those about nodes wait for the node, those about values for the end. */
export class BodyNotes {
  /** What was said about the graph. */
  readonly ofGraph: GraphNote[] = [];
  readonly #lexer: Lexer;
  readonly #names: NotedNames;
  readonly #atEnd: (() => void)[] = [];
  #atNode: ((node: Node) => void)[] = [];

  constructor(lexer: Lexer, names: NotedNames) {
    this.#lexer = lexer;
    this.#names = names;
  }

  /** Reads a note, if one is next. */
  accept(graph: Graph): boolean {
    const lexer = this.#lexer;
    if (!lexer.accept(NOTE)) return false;
    const { text } = lexer.peek();
    const subject = SUBJECTS.find((word) => word === text);
    if (subject === undefined) return lexer.unexpected(`one of ${SUBJECTS.join(", ")}`);
    lexer.next();
    switch (subject) {
      case "graph":
        this.ofGraph.push(parseHeader(lexer, ABOUT));
        break;
      case "node": {
        const { strings, pairs, messages } = parseHeader(lexer, ABOUT);
        this.#atNode.push((node) => {
          node.docString = strings.get("doc_string");
          node.metadata = pairs.get("metadata_props") ?? [];
          node.unknown = messages.get("unknown")?.[0];
        });
        break;
      }
      case "attribute":
        this.#attribute(lexer.name("the name of an attribute"));
        break;
      case "initializer":
        this.#initializer(graph);
        break;
      case "annotation":
        this.#annotation(graph);
        break;
      default:
        this.#value(graph, subject);
    }
    return true;
  }

  /** Gives a node what the notes before it say. */
  finishNode(node: Node): void {
    for (const apply of this.#atNode) apply(node);
    this.#atNode = [];
  }

  /** Gives the values what was said of them; their declarations have been read. */
  finish(): void {
    if (this.#atNode.length > 0) this.#lexer.unexpected("a node behind its note");
    for (const apply of this.#atEnd) apply();
  }

  #attribute(name: string): void {
    const lexer = this.#lexer;
    if (lexer.accept("=")) {
      const attr = parseSparseAttribute(lexer, name);
      this.#atNode.push((node) => node.set(attr));
      return;
    }
    const { strings, messages } = parseHeader(lexer, ABOUT_ATTRIBUTE);
    const wire = messages.get("wire")?.[0];
    this.#atNode.push((node) => {
      const attr = node.attribute(name);
      if (wire !== undefined) node.set({ name, kind: "unknown", wire });
      else if (attr === undefined) lexer.fail(errors.notedAttributeIsNotThere(name));
      else node.set(withNotes(attr, strings, messages));
    });
  }

  #initializer(graph: Graph): void {
    const lexer = this.#lexer;
    const { offset } = lexer.peek();
    const name = lexer.name("the name of a constant");
    lexer.expect("=");
    const sparse = parseSparse(lexer, name);
    const known = this.#names.own(name);
    if (known?.isGraphInput && known.tensor === undefined) graph.setSparseDefault(known, sparse);
    else if (known !== undefined) lexer.fail(errors.nameIsDefinedTwice(name), offset);
    else this.#names.define(name, graph.addSparseInitializer(name, sparse));
  }

  #annotation(graph: Graph): void {
    const name = this.#lexer.name("the name of a value");
    const { pairs } = parseHeader(this.#lexer, ["quant_parameters"]);
    this.#atEnd.push(() => {
      const resolve = (text: string): Value | string => {
        const value = this.#names.visible(text);
        value?.addUse({ kind: "pin", reason: "a quantization annotation names it" });
        return value ?? text;
      };
      const parameters = (pairs.get("quant_parameters") ?? []).map(({ key, value }) => ({
        key,
        value: resolve(value),
      }));
      graph.annotations.push({ tensor: resolve(name), parameters, wire: undefined });
    });
  }

  #value(graph: Graph, subject: "value" | "output" | "tensor"): void {
    const lexer = this.#lexer;
    const { offset } = lexer.peek();
    const name = lexer.name("the name of a value");
    const header = parseHeader(lexer, [...ABOUT, "type", "wire"]);
    this.#atEnd.push(() => {
      const value = subject === "output" ? this.#names.visible(name) : this.#names.own(name);
      if (value === undefined) return lexer.fail(errors.nameIsNotDefined(name), offset);
      if (subject === "tensor") describeTensor(value, header);
      else if (subject === "value") value.info = described(value.info ?? { name }, header);
      else graph.outputInfo.set(value, described(graph.outputInfo.get(value) ?? { name }, header));
    });
  }
}

function described(info: ValueInfo, { strings, pairs, messages }: Header): ValueInfo {
  const wire = messages.get("type")?.[0];
  const type = info.type === undefined || wire === undefined ? info.type : { ...info.type, wire };
  return { ...info, type, docString: strings.get("doc_string"), metadata: pairs.get("metadata_props") };
}

function describeTensor(value: Value, { strings, messages }: Header): void {
  const { tensor, sparse } = value;
  const docString = strings.get("doc_string");
  const wire = messages.get("wire")?.[0];
  if (tensor !== undefined) {
    const { dtype, dims, data, meta } = withDoc(tensor, docString);
    const range = wire && { source: memorySource(wire), offset: 0, length: wire.length };
    value.tensor = new Tensor(dtype, dims, data, { ...meta, wire: range });
  } else if (sparse !== undefined) value.sparse = { ...sparse, values: withDoc(sparse.values, docString) };
}

function withDoc({ dtype, dims, data, meta }: Tensor, docString: string | undefined): Tensor {
  return new Tensor(dtype, dims, data, { ...meta, docString });
}

function withNotes(attr: Attribute, strings: Header["strings"], messages: Header["messages"]): Attribute {
  const noted = { ...attr, docString: strings.get("doc_string"), unknown: messages.get("unknown")?.[0] };
  const [tensorDoc, wire] = [strings.get("tensor_doc_string"), messages.get("type")?.[0]];
  if (noted.kind === "tensor" && tensorDoc !== undefined)
    return { ...noted, value: withDoc(noted.value, tensorDoc) };
  if (noted.kind === "type" && wire !== undefined) return { ...noted, value: { ...noted.value, wire } };
  return noted;
}

function parseSparseAttribute(lexer: Lexer, name: string): Attribute {
  if (!lexer.accept("[")) return { name, kind: "sparse_tensor", value: parseSparse(lexer, undefined) };
  const value: SparseTensor[] = [];
  listUntil(lexer, "]", () => {
    value.push(parseSparse(lexer, undefined));
  });
  return { name, kind: "sparse_tensors", value };
}

function parseSparse(lexer: Lexer, name: string | undefined): SparseTensor {
  const { offset } = lexer.peek();
  const type = parseType(lexer);
  const dims = type.kind === "sparse_tensor" ? staticShape({ ...type, kind: "tensor" }) : undefined;
  if (dims === undefined) return lexer.fail(errors.sparseTensorNeedsSizes(), offset);
  const values = parseTypedTensor(lexer, name);
  return { values, indices: parseTypedTensor(lexer, undefined), dims };
}
