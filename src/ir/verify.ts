import { defined } from "../base/optional.js";
import { type Attribute, graphsOf, type SparseTensor } from "./attribute.js";
import { bitsOf } from "./dtype.js";
import { errors } from "./errors.js";
import { type Graph, isStandardDomain, type Node, type Use, type Value } from "./graph.js";
import { type FunctionDef, type Model, type OpsetImport, opsetOf } from "./model.js";
import type { Tensor } from "./tensor.js";

/** A rule that the model breaks, and the graph element that breaks it. */
export interface Violation {
  readonly check: CheckName;
  readonly message: string;
  readonly where: string;
}

export type CheckName =
  | "node-list"
  | "ownership"
  | "uses"
  | "names"
  | "order"
  | "opsets"
  | "attributes"
  | "tensors"
  | "interface"
  | "ir-version";

interface Finding {
  readonly message: string;
  readonly where: string;
}

/** A graph with its nodes, as they were found by walking the list with care. */
interface Site {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** The bodies of each control-flow node. */
  readonly bodies: ReadonlyMap<Node, readonly Site[]>;
  readonly fn: FunctionDef | undefined;
  readonly label: string;
}

interface Survey {
  readonly model: Model;
  /** The model's graph and the function bodies. */
  readonly roots: readonly Site[];
  /** Every graph, outer ones first. */
  readonly sites: readonly Site[];
}

interface Check {
  readonly name: CheckName;
  readonly find: (survey: Survey) => Iterable<Finding>;
}

/** In the order they run. Each is linear in the size of the model and reads no tensor data. */
const CHECKS: readonly Check[] = [
  { name: "ownership", find: findForeign },
  { name: "uses", find: findWrongUses },
  { name: "names", find: findClashes },
  { name: "order", find: findUndefined },
  { name: "opsets", find: findMissingImports },
  { name: "attributes", find: findBadAttributes },
  { name: "tensors", find: findBadTensors },
  { name: "interface", find: findUntyped },
  { name: "ir-version", find: findTooNew },
];

/**
 * Every rule the model breaks; none for a sound one. When the node lists themselves are broken ("node-list"), nothing
 * else is looked at.
 */
export function verify(model: Model): readonly Violation[] {
  const broken: Violation[] = [];
  const survey = surveyModel(model, ({ message, where }) =>
    broken.push({ check: "node-list", message, where }),
  );
  if (broken.length > 0) return broken;
  return CHECKS.flatMap(({ name, find }) =>
    Array.from(find(survey), ({ message, where }) => ({ check: name, message, where })),
  );
}

/** Throws "invalid" with the first rule that a model just read breaks. */
export function assertValid(model: Model, file?: string): void {
  const violations = verify(model);
  const [first] = violations;
  if (first === undefined) return;
  const error = errors.modelBreaksSpecification(first.message, violations.length - 1);
  throw error.at(defined({ file, element: first.where }));
}

function surveyModel(model: Model, report: (finding: Finding) => void): Survey {
  const sites: Site[] = [];
  const seen = new Set<Graph>();
  const visit = (graph: Graph, label: string, fn: FunctionDef | undefined): Site | undefined => {
    if (seen.has(graph)) {
      report({ message: "the graph is part of the model twice", where: label });
      return undefined;
    }
    seen.add(graph);
    const nodes = walkList(graph, label, report);
    const bodies = new Map<Node, Site[]>();
    const site: Site = { graph, inputs: graph.inputs, nodes, bodies, fn, label };
    sites.push(site);
    for (const node of nodes) {
      for (const attr of node.attributes.values()) {
        for (const body of graphsOf(attr)) {
          const inner = visit(body, `${attr.name} of ${node.label}`, fn);
          if (inner !== undefined) bodies.set(node, [...(bodies.get(node) ?? []), inner]);
        }
      }
    }
    return site;
  };
  const roots = [
    visit(model.graph, "the graph", undefined),
    ...model.functions.map((fn) => visit(fn.body, `function "${fn.name}"`, fn)),
  ].filter((site) => site !== undefined);
  return { model, roots, sites };
}

/** The nodes of a list that may be damaged, cyclic even. */
function walkList(graph: Graph, where: string, report: (finding: Finding) => void): readonly Node[] {
  const nodes: Node[] = [];
  let previous: Node | undefined;
  for (let node = graph.first; node !== undefined; node = node.next) {
    if (nodes.length === graph.nodeCount) {
      report({ message: `the list has more nodes than the ${graph.nodeCount} that were counted`, where });
      return nodes;
    }
    if (node.graph !== graph) report({ message: `${node.label} is listed but belongs elsewhere`, where });
    if (node.previous !== previous) report({ message: `${node.label} has a wrong previous node`, where });
    nodes.push(node);
    previous = node;
  }
  if (graph.last !== previous) report({ message: "the last node is not where the list ends", where });
  if (nodes.length !== graph.nodeCount) {
    report({ message: `the list has ${nodes.length} nodes, ${graph.nodeCount} were counted`, where });
  }
  return nodes;
}

/** Values, nodes and bodies know the graph they are in. */
function* findForeign({ model, roots, sites }: Survey): Generator<Finding> {
  for (const { graph, label } of roots) {
    if (graph.owner !== undefined) yield { message: "an outermost graph has an owner", where: label };
  }
  if (model.graph.scope.initializersAreDefaults !== model.irVersion >= 4) {
    yield {
      message: `initializers are read as for another IR version than ${model.irVersion}`,
      where: "the model",
    };
  }
  for (const { graph, inputs, nodes, bodies, label } of sites) {
    for (const value of inputs) {
      if (value.graph !== graph)
        yield { message: `input "${value.name}" belongs to another graph`, where: label };
      if (value.producer !== undefined)
        yield { message: `input "${value.name}" has a producer`, where: label };
      if (value.tensor !== undefined && !graph.initializers.has(value)) {
        yield {
          message: `input "${value.name}" has a default that is not among the initializers`,
          where: label,
        };
      }
    }
    for (const value of graph.initializers) {
      const what = `initializer "${value.name}"`;
      if (value.graph !== graph) yield { message: `${what} belongs to another graph`, where: label };
      if (value.producer !== undefined) yield { message: `${what} has a producer`, where: label };
      if ((value.tensor === undefined) === (value.sparse === undefined)) {
        yield { message: `${what} needs dense or sparse data, one of the two`, where: label };
      }
    }
    for (const node of nodes) {
      for (const value of node.outputs) {
        if (value !== null && (value.graph !== graph || value.producer !== node)) {
          yield { message: `output "${value.name}" does not name its node as producer`, where: node.label };
        }
      }
      for (const body of bodies.get(node) ?? []) {
        if (body.graph.owner !== node)
          yield { message: `${body.label} has another owner`, where: node.label };
        if (body.graph.scope !== graph.scope) {
          yield { message: `${body.label} does not share the names of its model`, where: node.label };
        }
      }
    }
  }
}

/**
 * Each use says a place that reads the value, and each such place is said by one use. Places are numbered, so that
 * marking them finds both the missing and the doubled.
 */
function* findWrongUses({ sites }: Survey): Generator<Finding> {
  const inputSlots = new Map<Node, number>();
  const outputSlots = new Map<Graph, number>();
  let slots = 0;
  for (const { graph, nodes } of sites) {
    outputSlots.set(graph, slots);
    slots += graph.outputs.length;
    for (const node of nodes) {
      inputSlots.set(node, slots);
      slots += node.inputs.length;
    }
  }
  const marked = new Uint8Array(slots);
  const slotOf = (value: Value, use: Exclude<Use, { kind: "pin" }>): number | undefined => {
    const holder = use.kind === "node" ? use.node.inputs : use.graph.outputs;
    const base = use.kind === "node" ? inputSlots.get(use.node) : outputSlots.get(use.graph);
    return base !== undefined && holder[use.index] === value ? base + use.index : undefined;
  };
  for (const { value, holder } of definitions(sites)) {
    for (const use of value.uses) {
      if (use.kind === "pin") continue;
      const slot = slotOf(value, use);
      if (slot === undefined) {
        yield {
          message: `"${value.name}" records a use as ${placeOf(use)}, which is not one`,
          where: holder.label,
        };
      } else if (marked[slot] === 1) {
        yield { message: `"${value.name}" records its use as ${placeOf(use)} twice`, where: holder.label };
      } else marked[slot] = 1;
    }
  }
  for (const site of sites) {
    const { graph, nodes, label } = site;
    yield* unmarked(graph.outputs, outputSlots.get(graph) ?? 0, marked, "graph output", site);
    for (const node of nodes) {
      const base = inputSlots.get(node) ?? 0;
      if (node.inputs.every((value, index) => value === null || marked[base + index] === 1)) continue;
      yield* unmarked(node.inputs, base, marked, "input", node);
    }
    for (const { tensor, parameters } of graph.annotations) {
      for (const named of [tensor, ...parameters.map(({ value }) => value)]) {
        if (typeof named === "string" || named.isPinned) continue;
        yield { message: `an annotation names "${named.name}", which records no such use`, where: label };
      }
    }
  }
}

function placeOf(use: Exclude<Use, { kind: "pin" }>): string {
  return use.kind === "node" ? `input ${use.index} of ${use.node.label}` : `graph output ${use.index}`;
}

function* unmarked(
  values: readonly (Value | null)[],
  base: number,
  marked: Uint8Array,
  what: string,
  holder: Holder,
): Generator<Finding> {
  for (const [index, value] of values.entries()) {
    if (value !== null && marked[base + index] !== 1) {
      yield { message: `"${value.name}" does not record its use as ${what} ${index}`, where: holder.label };
    }
  }
}

/** What a message names as the place; the label of a node is only made when there is a message. */
type Holder = Site | Node;

function* definitions(sites: readonly Site[]): Generator<{ readonly value: Value; readonly holder: Holder }> {
  for (const site of sites) {
    for (const value of site.inputs) yield { value, holder: site };
    for (const value of site.graph.initializers) {
      if (!site.graph.hasInput(value)) yield { value, holder: site };
    }
    for (const node of site.nodes) {
      for (const value of node.outputs) if (value !== null) yield { value, holder: node };
    }
  }
}

/** The names that are visible from a graph: its own so far, and those around it. */
interface Names {
  readonly own: Map<string, Value>;
  readonly outer: Names | undefined;
}

/** One name, one value: in a graph, and against the values visible around it. */
function* findClashes({ roots }: Survey): Generator<Finding> {
  for (const root of roots) yield* clashesIn(root, undefined);
}

function* clashesIn(site: Site, outer: Names | undefined): Generator<Finding> {
  const { graph, inputs, nodes, bodies, label } = site;
  const names: Names = { own: new Map(), outer };
  for (const value of [...inputs, ...graph.initializers]) {
    if (names.own.get(value.name) === value) continue;
    const message = claim(value, names);
    if (message !== undefined) yield { message, where: label };
  }
  for (const node of nodes) {
    for (const body of bodies.get(node) ?? []) yield* clashesIn(body, names);
    for (const value of node.outputs) {
      const message = value === null ? undefined : claim(value, names);
      if (message !== undefined) yield { message, where: node.label };
    }
  }
}

/** Enters the value's name; the fault in doing so, if any. */
function claim(value: Value, names: Names): string | undefined {
  const { name } = value;
  const fault = names.own.has(name) ? `"${name}" is defined twice` : undefined;
  names.own.set(name, value);
  if (name === "") return "a value has no name";
  for (let around = names.outer; around !== undefined; around = around.outer) {
    if (around.own.has(name)) return `"${name}" hides a value of a graph around it`;
  }
  return fault;
}

/** Every value is defined before it is read, in the same graph or one around it. */
function* findUndefined({ roots }: Survey): Generator<Finding> {
  for (const root of roots) yield* undefinedIn(root, new Set(), new Set());
}

function* undefinedIn(site: Site, defined: Set<Value>, open: Set<Graph>): Generator<Finding> {
  const { graph, inputs, nodes, bodies, label } = site;
  const isVisible = (value: Value): boolean => defined.has(value) && open.has(value.graph);
  open.add(graph);
  for (const value of inputs) defined.add(value);
  for (const value of graph.initializers) defined.add(value);
  for (const node of nodes) {
    for (const value of node.inputs) {
      if (value !== null && !isVisible(value)) {
        yield { message: `input "${value.name}" is not defined before the node`, where: node.label };
      }
    }
    for (const body of bodies.get(node) ?? []) yield* undefinedIn(body, defined, open);
    for (const value of node.outputs) if (value !== null) defined.add(value);
  }
  for (const value of graph.outputs) {
    if (!isVisible(value))
      yield { message: `output "${value.name}" is not defined in the graph`, where: label };
  }
  open.delete(graph);
}

/** Every operator's domain is imported, or is that of a local function. */
function* findMissingImports({ model, sites }: Survey): Generator<Finding> {
  const local = new Set(model.functions.map((fn) => fn.domain ?? ""));
  const known = new Map<readonly OpsetImport[], Set<string>>();
  for (const { nodes, fn } of sites) {
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

function* findBadAttributes({ sites }: Survey): Generator<Finding> {
  for (const { nodes, fn } of sites) {
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
  const fits =
    attr.kind === "int" ? isInt64(attr.value) : attr.kind === "ints" ? attr.value.every(isInt64) : true;
  return fits ? undefined : `attribute "${key}" does not fit 64 bits`;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function* findBadTensors({ sites }: Survey): Generator<Finding> {
  for (const { graph, nodes, label } of sites) {
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

/** Compares what is known without reading: computed data is taken at its word. */
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

/** What the model takes has a type. What it gives need not: onnxruntime infers it, and real models leave it out. */
function* findUntyped({ model: { graph } }: Survey): Generator<Finding> {
  for (const value of graph.inputs) {
    if (value.type === undefined) yield { message: `input "${value.name}" has no type`, where: "the graph" };
  }
}

/** What the model uses of the format, and the IR version that has it. */
const FEATURES: readonly {
  readonly since: number;
  readonly name: string;
  readonly isUsed: (survey: Survey) => boolean;
}[] = [
  { since: 3, name: "opset_import", isUsed: ({ model }) => model.opsetImports.length > 0 },
  { since: 5, name: "sparse initializers", isUsed: ({ sites }) => sites.some(hasSparse) },
  { since: 8, name: "functions", isUsed: ({ model }) => model.functions.length > 0 },
  { since: 10, name: "overloads", isUsed: hasOverloads },
];

function hasSparse({ graph }: Site): boolean {
  for (const value of graph.initializers) if (value.sparse !== undefined) return true;
  return false;
}

function hasOverloads({ model, sites }: Survey): boolean {
  return (
    model.functions.some((fn) => fn.overload) ||
    sites.some(({ nodes }) => nodes.some((node) => node.overload))
  );
}

function* findTooNew(survey: Survey): Generator<Finding> {
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
