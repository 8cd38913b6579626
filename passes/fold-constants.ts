import { NormfoldError } from "../src/base/errors.js";
import { bitsOf, byteLengthOf, type DType } from "../src/ir/dtype.js";
import { Graph, isStandardDomain, type Node, type Value } from "../src/ir/graph.js";
import { Model, type OpsetImport } from "../src/ir/model.js";
import { Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { constantTensor } from "../src/ops/constants.js";
import { isDeterministic } from "../src/ops/determinism.js";
import type { Facts } from "../src/ops/facts.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";

/**
 * Compute what depends on constants only.
 *
 *   before   <float[3] s> { k = Unsqueeze <axes = [1, 2]> (s)  y = Mul(x, k) }
 *   after    <float[3,1,1] k> { y = Mul(x, k) }
 *
 * Views (Reshape, Unsqueeze, ...), ConstantOfShape and small integers that shape inference knows are made here;
 * everything else that is constant and deterministic is computed by one onnxruntime session for the whole graph.
 *
 * Refuses    random operators; quantization, which would undo the compression; results that make the model grow past
 *            the growth limit, less the constants that go away with them; graph outputs; what onnxruntime cannot run
 * Numerics   rounding: a kernel may sum in another order when its operand is a constant
 */
export const foldConstants: Pass = {
  kind: "procedure",
  name: "fold-constants",
  summary: "What depends on constants only is computed once",
  before: "k = Unsqueeze <axes = [1, 2]> (s)  y = Mul(x, k)  // s is an initializer",
  after: "y = Mul(x, k)  // k is an initializer",
  numerics: "rounding",
  run: async (context) => {
    for (const graph of context.view.model.graphs()) {
      foldKnown(graph, context);
      await foldComputed(graph, context);
    }
  },
};

/** Operators that stay although their inputs are constant: folding them would undo a compression on purpose. */
const KEPT: ReadonlySet<string> = new Set([
  "Constant",
  "DequantizeLinear",
  "QuantizeLinear",
  "DynamicQuantizeLinear",
]);

function isFoldable(node: Node, facts: Facts): boolean {
  return (
    isStandardDomain(node.domain) &&
    !KEPT.has(node.opType) &&
    !node.hasReferences &&
    node.subgraphs.length === 0 &&
    isDeterministic(node, facts)
  );
}

/** Operators whose result is their first input under another shape. */
const VIEWS: ReadonlySet<string> = new Set(["Reshape", "Unsqueeze", "Squeeze", "Flatten"]);
const MADE_HERE: ReadonlySet<string> = new Set([...VIEWS, "ConstantOfShape"]);

/** The value of an output that needs no kernel: a view of a constant, a filled tensor, or small integers that inference knows. */
function knownTensor(node: Node, output: Value, facts: Facts): Tensor | undefined {
  const dtype = facts.dtype(output);
  const isSmallInteger = dtype === "int64" || dtype === "int32";
  if (dtype === undefined || !(isSmallInteger || MADE_HERE.has(node.opType))) return undefined;
  const shape = facts.staticShape(output);
  if (shape === undefined) return undefined;
  if (VIEWS.has(node.opType)) {
    const source = constantTensor(node.input(0));
    const view = source === undefined ? undefined : new Tensor(source.dtype, shape, source.data);
    if (view !== undefined && view.size === source?.size) return view;
  }
  if (node.opType === "ConstantOfShape") return filled(node, dtype, shape);
  if (!isSmallInteger) return undefined;
  const elements = facts.elements(output);
  // Inference rounds integers beyond 2^53, the "to the end" of a Slice for one: those are computed.
  const numbers = elements?.filter((element): element is number => Number.isSafeInteger(element));
  if (elements === undefined || numbers === undefined || numbers.length !== elements.length) return undefined;
  return tensorFromNumbers(dtype, shape, numbers);
}

/** One element repeated; the bytes are made when, and as far as, they are read. */
function filled(node: Node, dtype: DType, shape: readonly number[]): Tensor | undefined {
  const given = node.tensorAttribute("value");
  if (node.attribute("value") !== undefined && given?.size !== 1) return undefined;
  if (bitsOf(dtype) < 8) return undefined;
  const element = given?.bytes() ?? new Uint8Array(byteLengthOf(dtype, 1));
  const size = shape.reduce((product, dim) => product * dim, element.length);
  const readInto = (target: Uint8Array, offset: number): void => {
    for (let i = 0; i < element.length; i++) target[i] = element[(offset + i) % element.length] ?? 0;
    // Twice as many at a time.
    for (let made = element.length; made < target.length; made *= 2) target.copyWithin(made, 0, made);
  };
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    readInto(bytes, offset);
    return bytes;
  };
  const source = { size, read, readInto };
  return new Tensor(dtype, shape, { kind: "range", range: { source, offset: 0, length: size } });
}

function foldKnown(graph: Graph, context: PassContext): void {
  const { facts } = context.view;
  for (const node of graph.nodes()) {
    if (!isFoldable(node, facts)) continue;
    for (const output of node.outputs) {
      if (output === null || output.uses.size === 0 || output.isGraphOutput || output.isPinned) continue;
      const tensor = knownTensor(node, output, facts);
      if (tensor === undefined) continue;
      const growth = tensor.byteLength - freedBytes(node, new Set([node]));
      if (affordable(growth, context)) replace(node, output, tensor, growth, context);
      else context.refused(node, tooLarge(growth, context));
    }
  }
}

async function foldComputed(graph: Graph, context: PassContext): Promise<void> {
  const { facts } = context.view;
  const foldable = new Set<Node>();
  for (const node of graph.nodes()) {
    const constant = node.inputs.every(
      (value) =>
        value === null ||
        constantTensor(value) !== undefined ||
        (value.producer !== undefined && foldable.has(value.producer)),
    );
    if (constant && isFoldable(node, facts)) foldable.add(node);
  }
  const results = frontier(foldable).filter(({ node, value }) => {
    const reason = whyNotFolded(node, value, foldable, context);
    if (reason !== undefined) context.refused(node, reason);
    return reason === undefined;
  });
  if (results.length === 0) return;
  const tensors = await evaluate(results, graph, context);
  for (const { node, value } of results) {
    const tensor = tensors.get(value);
    if (tensor === undefined) continue;
    const growth = tensor.byteLength - freedBytes(node, foldable);
    if (affordable(growth, context)) replace(node, value, tensor, growth, context);
    else context.refused(node, tooLarge(growth, context));
  }
}

interface Result {
  readonly node: Node;
  readonly value: Value;
}

/** The values on the border: computed from constants, and read by something that is not. */
function frontier(foldable: ReadonlySet<Node>): Result[] {
  return [...foldable].flatMap((node) =>
    node.outputs.flatMap((value) => {
      const read = [...(value?.uses ?? [])].some((use) => use.kind !== "node" || !foldable.has(use.node));
      return value !== null && read ? [{ node, value }] : [];
    }),
  );
}

function whyNotFolded(
  node: Node,
  value: Value,
  foldable: ReadonlySet<Node>,
  context: PassContext,
): string | undefined {
  const { facts } = context.view;
  if (value.isGraphOutput) return `"${value.name}" is a graph output`;
  if (value.pinnedBecause !== undefined) return `"${value.name}" stays: ${value.pinnedBecause}`;
  const dtype = facts.dtype(value);
  const shape = facts.staticShape(value);
  if (dtype !== undefined && !EVALUATED.has(dtype)) return `its result is ${dtype}`;
  if (dtype !== undefined && shape !== undefined) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const growth = byteLengthOf(dtype, size) - freedBytes(node, foldable);
    if (!affordable(growth, context)) return tooLarge(growth, context);
  }
  return context.evaluate === undefined ? "no runtime is at hand to compute it" : undefined;
}

const EVALUATED: ReadonlySet<DType> = new Set<DType>([
  "float",
  "double",
  "float16",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
]);

function affordable(growth: number, { growth: { spent }, view }: PassContext): boolean {
  return growth <= 0 || spent + growth <= view.settings.growthLimit;
}

function tooLarge(growth: number, { growth: { spent }, view }: PassContext): string {
  const limit = view.settings.growthLimit;
  return `its result adds ${growth} bytes, and the growth limit has ${Math.max(0, limit - spent)} of ${limit} left`;
}

/** Bytes of the constants that only nodes of the foldable part read, as far as they lead to `node`. */
function freedBytes(node: Node, foldable: ReadonlySet<Node>): number {
  const seen = new Set<Value>();
  const pending: Node[] = [node];
  let bytes = 0;
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (const value of current.inputs) {
      if (value === null || seen.has(value)) continue;
      seen.add(value);
      if (value.producer !== undefined && foldable.has(value.producer)) pending.push(value.producer);
      else if ([...value.uses].every((use) => use.kind === "node" && foldable.has(use.node))) {
        bytes += constantTensor(value)?.byteLength ?? 0;
      }
    }
  }
  return bytes;
}

function replace(node: Node, value: Value, tensor: Tensor, growth: number, context: PassContext): void {
  const { graph } = node;
  if (graph === undefined) return;
  const made = context.attempt(value.name, {
    kind: "rewrite",
    summary: `${node.label} is computed: ${tensor.dtype}[${tensor.dims.join(",")}]`,
    apply: (rewriter) => {
      rewriter.supersede(value, rewriter.addConstant(graph, value.name, tensor, node));
      removeUnread(node, (unread) => rewriter.removeNode(unread));
    },
  });
  if (made) context.growth.spent += growth;
}

/**
 * Removes a node that nothing reads any more, and those before it that only it had read. What may have effects, a custom
 * operator or a body, is left to eliminate-dead to judge.
 */
function removeUnread(node: Node, remove: (node: Node) => void): void {
  const pending = [node];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    if (current.graph === undefined) continue;
    if (current.outputs.some((value) => value !== null && value.uses.size > 0)) continue;
    const producers = current.inputs
      .flatMap((value) => value?.producer ?? [])
      .filter((producer) => isStandardDomain(producer.domain) && producer.subgraphs.length === 0);
    remove(current);
    pending.push(...producers);
  }
}

/**
 * The values of `results`, all from one session. Where onnxruntime refuses the lot, halves are tried, so that one
 * operator it has no kernel for costs only itself.
 */
async function evaluate(
  results: readonly Result[],
  graph: Graph,
  context: PassContext,
): Promise<Map<Value, Tensor>> {
  const values = new Map<Value, Tensor>();
  const batches = [results];
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    try {
      const tensors = (await context.evaluate?.(constantModel(batch, graph, context.view.model))) ?? [];
      batch.forEach(({ value }, i) => {
        const tensor = tensors[i];
        if (tensor !== undefined) values.set(value, tensor);
      });
    } catch (error) {
      if (!(error instanceof NormfoldError)) throw error;
      const [only] = batch;
      if (batch.length > 1) {
        const half = batch.length >> 1;
        batches.push(batch.slice(half), batch.slice(0, half));
      } else if (only !== undefined) context.refused(only.node, `onnxruntime: ${error.message}`);
    }
  }
  return values;
}

/** A model without inputs whose outputs are the given values of `graph`. */
function constantModel(results: readonly Result[], graph: Graph, model: Model): Model {
  const target = new Graph("constants");
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const known = copies.get(value);
    if (known !== undefined) return known;
    const tensor = constantTensor(value);
    if (tensor === undefined) throw new NormfoldError("internal", `"${value.name}" is not constant`);
    const made = target.addInitializer(target.freshName(value.name), tensor);
    copies.set(value, made);
    return made;
  };
  for (const node of nodesFor(results)) {
    const made = target.addNode({
      opType: node.opType,
      ...(node.domain === undefined ? {} : { domain: node.domain }),
      inputs: node.inputs.map((value) => (value === null ? null : copy(value))),
      outputs: node.outputs.map((value) => (value === null ? null : target.freshName(value.name))),
      attributes: [...node.attributes.values()],
    });
    node.outputs.forEach((value, i) => {
      const output = made.output(i);
      if (value !== null && output !== undefined) copies.set(value, output);
    });
  }
  for (const { value } of results) target.addOutput(copy(value));
  return new Model(target, importsOf(graph, model), RUNNABLE_IR);
}

/** Any IR version that current runtimes read serves a model that lives for one run. */
const RUNNABLE_IR = 8;

/** The nodes that compute the results, each after those it reads. */
function nodesFor(results: readonly Result[]): Node[] {
  const ordered = new Set<Node>();
  const pending: { node: Node; entered: boolean }[] = results.map(({ node }) => ({ node, entered: false }));
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (ordered.has(item.node)) continue;
    if (item.entered) {
      ordered.add(item.node);
      continue;
    }
    pending.push({ node: item.node, entered: true });
    for (const value of item.node.inputs) {
      if (value?.producer !== undefined && constantTensor(value) === undefined) {
        pending.push({ node: value.producer, entered: false });
      }
    }
  }
  return [...ordered];
}

/** The operator sets in force in a graph: a function body has its own. */
function importsOf(graph: Graph, model: Model): readonly OpsetImport[] {
  let root = graph;
  while (root.parent !== undefined) root = root.parent;
  const imports = model.functions.find((fn) => fn.body === root)?.opsetImports ?? model.opsetImports;
  return imports.filter((entry) => isStandardDomain(entry.domain));
}
