import { isDeterministic } from "../src/analysis/determinism.js";
import { NormfoldError } from "../src/base/errors.js";
import { product } from "../src/base/integers.js";
import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { bitsOf, byteLengthOf, type DType } from "../src/ir/dtype.js";
import { canBecomeConstant, type Graph, isStandardDomain, type Node, type Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import { Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { type Candidate, candidatesOf, freedBy, isReadOutside } from "../src/rewrite/candidates.js";
import { type Computable, computableNodes, planComputation } from "../src/rewrite/compute-plan.js";
import { constantModel, type Result } from "../src/rewrite/constant-model.js";
import { GrowthBudget } from "../src/rewrite/growth.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";

const SENTENCES = {
  sizeIsKnownOnlyAfterRun: (): string => "only a run tells the size of its result",
  resultTypeIsNotComputed: (dtype: DType): string => `its result is ${dtype}`,
  noRuntimeToCompute: (): string => "no runtime is at hand to compute it",
  runtimeCannotCompute: (message: string): string => `onnxruntime: ${message}`,
} as const;

/** Why a node stays although its inputs are constant. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Compute values that depend on constants only.
 *
 *   before   <float[3] s> { k = Unsqueeze <axes = [1, 2]> (s)  y = Mul(x, k) }
 *   after    <float[3,1,1] k> { y = Mul(x, k) }
 *
 * Views (Reshape, Unsqueeze, ...), ConstantOfShape and small integers that shape inference knows are made here; all other
 * constant and deterministic values of a graph are computed by onnxruntime, after what that takes has been predicted from
 * inferred sizes.
 *
 * Refuses    random operators; quantization operators, because folding them would undo the compression; results
 *            that make the model grow past the growth limit, net of the constants that become unused, and all such results
 *            where only their total does; computations whose values together or whose operations are too many; nodes that
 *            onnxruntime cannot run
 * Numerics   rounding: a kernel may sum in another order when its operand is a constant
 */
export const foldConstants: Pass = {
  kind: "procedure",
  name: "fold-constants",
  summary: "Values that depend on constants only are computed once",
  before: "k = Unsqueeze <axes = [1, 2]> (s)  y = Mul(x, k)  // s is an initializer",
  after: "y = Mul(x, k)  // k is an initializer",
  numerics: "rounding",
  specials: { mayChange: [], because: "the same kernels compute the constants" },
  order: {
    before: {
      "fold-affine-up":
        "a weight that a Transpose still computes absorbs no map, and fold-affine-down would take the map another way",
    },
  },
  refusals,
  run: async (context) => {
    const graphs = [...context.view.model.graphs()];
    const { growth, view } = context;
    const growths = graphs.flatMap((graph) => growthsIn(graph, view.facts));
    const budget = new GrowthBudget(growths, view.settings.growthLimit, growth);
    for (const graph of graphs) {
      // The node that holds this body may have been folded with the graph around it.
      if (graph.owner !== undefined && graph.owner.graph === undefined) continue;
      foldKnown(graph, context, budget);
      await foldComputed(graph, context, budget);
    }
  },
};

/** The bytes that each new constant would add to the graph, as far as shapes are known. */
function growthsIn(graph: Graph, facts: Facts): number[] {
  return candidatesOf(computableIn(graph, facts)).flatMap(({ value, freed }) => {
    const size = bytesOf(value, facts);
    return size === undefined ? [] : [size - freed];
  });
}

function bytesOf(value: Value, facts: Facts): number | undefined {
  const [dtype, shape] = [facts.dtype(value), facts.staticShape(value)];
  if (dtype === undefined || shape === undefined || value.isPinned) return undefined;
  return byteLengthOf(dtype, product(shape));
}

function isFoldable(node: Node, facts: Facts): boolean {
  return (
    isStandardDomain(node.domain) &&
    !node.is("Constant") &&
    // Quantizing nodes stay, because folding them would undo a deliberate compression.
    !hasTrait(node, "quantizes") &&
    !node.hasReferences &&
    node.subgraphs.length === 0 &&
    isDeterministic(node, facts)
  );
}

/** The value of an output that needs no kernel: a view of a constant, a filled tensor, or small integers that inference knows. */
function knownTensor(node: Node, output: Value, facts: Facts): Tensor | undefined {
  const dtype = facts.dtype(output);
  const isSmallInteger = dtype === "int64" || dtype === "int32";
  if (dtype === undefined || !(isSmallInteger || hasTrait(node, "view") || node.is("ConstantOfShape")))
    return undefined;
  const shape = facts.staticShape(output);
  if (shape === undefined) return undefined;
  if (hasTrait(node, "view")) {
    const source = constantTensor(node.input(0));
    const view = source === undefined ? undefined : new Tensor(source.dtype, shape, source.data);
    if (view !== undefined && view.size === source?.size) return view;
  }
  if (node.is("ConstantOfShape")) return filled(node, dtype, shape);
  if (!isSmallInteger) return undefined;
  const elements = facts.elements(output);
  // Inference rounds integers beyond 2^53, the "to the end" of a Slice for one: the runtime computes those.
  const numbers = elements?.filter((element): element is number => Number.isSafeInteger(element));
  if (elements === undefined || numbers === undefined || numbers.length !== elements.length) return undefined;
  return tensorFromNumbers(dtype, shape, numbers);
}

/** A tensor that repeats one element. Bytes are generated when they are read, and only those that are read. */
function filled(node: Node, dtype: DType, shape: readonly number[]): Tensor | undefined {
  const given = node.tensorAttribute("value");
  if (node.attribute("value") !== undefined && given?.size !== 1) return undefined;
  if (bitsOf(dtype) < 8) return undefined;
  const element = given?.bytes() ?? new Uint8Array(byteLengthOf(dtype, 1));
  const size = shape.reduce((product, dim) => product * dim, element.length);
  const readInto = (target: Uint8Array, offset: number): void => {
    for (let i = 0; i < element.length; i++) target[i] = element[(offset + i) % element.length] ?? 0;
    // Copies twice as many bytes each time.
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

function foldKnown(graph: Graph, context: PassContext, budget: GrowthBudget): void {
  const { facts } = context.view;
  const canCompute = context.evaluate !== undefined;
  const computable = computableIn(graph, facts);
  for (const node of graph.nodes()) {
    if (!isFoldable(node, facts)) continue;
    for (const output of node.outputs) {
      if (output === null || output.uses.size === 0 || !canBecomeConstant(output)) continue;
      if (isNamed(node, output)) continue;
      // A filled tensor that only nodes to compute read stays a formula, since they may turn out to take too much.
      if (canCompute && node.is("ConstantOfShape") && !isReadOutside(output, computable)) continue;
      const tensor = knownTensor(node, output, facts);
      if (tensor === undefined) continue;
      const freed = freedBy(new Set([node])).get(node) ?? 0;
      fold({ node, value: output, freed }, tensor, context, budget);
    }
  }
}

function computableIn(graph: Graph, facts: Facts, unsized?: (node: Node) => void): Computable {
  return computableNodes(graph.nodes(), facts, (node) => isFoldable(node, facts), unsized);
}

async function foldComputed(graph: Graph, context: PassContext, budget: GrowthBudget): Promise<void> {
  const { facts } = context.view;
  const computable = computableIn(graph, facts, (node) => {
    context.refused(node, refusals.sizeIsKnownOnlyAfterRun());
  });
  const candidates = candidatesOf(computable).filter((candidate) => {
    // Sequences and optionals have no initializers.
    if ((facts.typeOf(candidate.value)?.kind ?? "tensor") !== "tensor") return false;
    const refusal = whyNotFolded(candidate, context, budget);
    if (refusal !== undefined) context.refused(candidate.node, refusal);
    return refusal === undefined;
  });
  if (candidates.length === 0) return;
  const batches = planComputation(candidates, computable, context.computed, (node, refusal) => {
    context.refused(node, refusal);
  });
  const tensors = await evaluate(batches, graph, context);
  for (const candidate of candidates) {
    const tensor = tensors.get(candidate.value);
    if (tensor !== undefined) fold(candidate, tensor, context, budget);
  }
}

/** Makes the value a constant if the growth limit allows it. */
function fold(
  { node, value, freed }: Candidate,
  tensor: Tensor,
  context: PassContext,
  budget: GrowthBudget,
): void {
  const growth = tensor.byteLength - freed;
  const objection = budget.objection(growth);
  if (objection !== undefined) context.refused(node, objection);
  else if (replace(node, value, tensor, context)) budget.spend(growth);
}

function whyNotFolded(
  { node, value, freed }: Candidate,
  context: PassContext,
  budget: GrowthBudget,
): Refusal | undefined {
  const { facts } = context.view;
  if (value.pinnedBecause !== undefined) return irRefusals.valueIsPinned(value.name, value.pinnedBecause);
  if (!canBecomeConstant(value)) return irRefusals.valueIsGraphOutput(value.name);
  const dtype = facts.dtype(value);
  if (dtype !== undefined && !EVALUATED.has(dtype)) return refusals.resultTypeIsNotComputed(dtype);
  const size = bytesOf(value, facts);
  // The copy of a constant that others read too would make the file grow.
  if (isNamed(node, value) && size !== undefined && size > freed) {
    return irRefusals.valueIsGraphOutput(value.name);
  }
  const objection = size === undefined ? undefined : budget.objection(size - freed);
  if (objection !== undefined) return objection;
  return context.evaluate === undefined ? refusals.noRuntimeToCompute() : undefined;
}

/** Whether the node only gives its input the name of an output. */
function isNamed(node: Node, value: Value): boolean {
  return node.is("Identity") && value.isGraphOutput;
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

function replace(node: Node, value: Value, tensor: Tensor, context: PassContext): boolean {
  const { graph } = node;
  if (graph === undefined) return false;
  return context.attempt(value.name, {
    kind: "rewrite",
    summary: `${node.label} is computed: ${tensor.dtype}[${tensor.dims.join(",")}]`,
    apply: (rewriter) => {
      rewriter.supersede(value, rewriter.addConstant(graph, value.name, tensor, node));
      removeUnread(node, (unread) => rewriter.removeNode(unread));
    },
  });
}

/**
 * Removes a node that nothing reads any more, and the nodes before it that only it read. Custom operators and nodes with
 * bodies may have effects; eliminate-dead decides about those.
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
    for (const producer of producers) pending.push(producer);
  }
}

/**
 * The values of the results, each batch from one session. Where onnxruntime refuses a batch, halves are tried, so that an
 * operator without a kernel keeps no other from being folded.
 */
async function evaluate(
  planned: readonly (readonly Result[])[],
  graph: Graph,
  context: PassContext,
): Promise<Map<Value, Tensor>> {
  const values = new Map<Value, Tensor>();
  const batches = [...planned];
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
      } else if (only !== undefined) context.refused(only.node, refusals.runtimeCannotCompute(error.message));
    }
  }
  return values;
}
