import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { type Attribute, graphsOf } from "../src/ir/attribute.js";
import { type Graph, isStandardDomain, type Node, type Value } from "../src/ir/graph.js";
import { type FunctionDef, type Model, type OpsetImport, opsetOf } from "../src/ir/model.js";
import { Inliner, inliningBlocked, pinnedOutput, visitReplacing } from "../src/rewrite/inline.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";

const SENTENCES = {
  functionCallsItself: (name: string): string =>
    `function "${name}" calls itself, directly or through others, which ONNX forbids`,
  functionIsTooLarge: (name: string, size: number): string =>
    `function "${name}" comes to ${size} nodes, which its callers had better share`,
  functionImportsMore: (name: string, domain: string): string =>
    `function "${name}" imports operators of "${domain}", which its caller does not`,
  functionVersionDiffers: (name: string, own: number, domain: string, around: number): string => {
    const operators = domain === "" ? "the standard operators" : `"${domain}"`;
    return `function "${name}" is written for version ${own} of ${operators}, its caller for ${around}`;
  },
  callHasTooManyArguments: (name: string): string =>
    `the call has more inputs or outputs than function "${name}"`,
  callHasGraphAttribute: (attribute: string): string => `attribute "${attribute}" of the call is a graph`,
  skippedInputIsOutput: (input: string, name: string): string =>
    `input "${input}", which the call skips, is an output of function "${name}" or of a body in it`,
} as const;

/** Why a call stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Replace calls of functions by their bodies, if --inline-functions asks for it.
 *
 *   before   y = f.Layer <alpha = 0.5> (x)    f.Layer <alpha> (a) => (b) { b = LeakyRelu <alpha: float = @alpha> (a) }
 *   after    y = LeakyRelu <alpha = 0.5> (x)
 *
 * Calls in bodies of operators and of other functions too. Functions that nothing calls any more are removed.
 *
 * Source     ONNX IR, model local functions: a call's attributes, then the function's defaults, else none
 * Requires   --inline-functions
 * Refuses    a function of another operator set than its caller; one that calls itself; graphs as attributes; an output
 *            that is a skipped input; a function of more than ten thousand nodes
 * Numerics   exact
 */
export const inlineFunctions: Pass = {
  kind: "procedure",
  name: "inline-functions",
  summary: "Calls of functions become their bodies (--inline-functions)",
  before: "y = f.Layer(x)  // f.Layer(a) => (b) { b = Relu(a) }",
  after: "y = Relu(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "the same operators run" },
  order: "any place",
  refusals,
  run: (context) => {
    const { model, settings } = context.view;
    if (!settings.inlineFunctions || model.functions.length === 0) return;
    const calls = new Calls(model);
    const inliner = new Inliner();
    inlineIn(model.graph, undefined, calls, inliner, context);
    removeUncalled(calls, context);
    // Functions that could not be inlined may hold calls that can.
    for (const fn of model.functions) inlineIn(fn.body, fn, calls, inliner, context);
    removeUncalled(calls, context);
  },
};

/** The most nodes that one call may become: with calls in calls the number can double at each level. */
const MOST_NODES = 10_000;

function keyOf(domain: string | undefined, name: string, overload: string | undefined): string {
  return JSON.stringify([isStandardDomain(domain) ? "" : domain, name, overload ?? ""]);
}

/** The function that each node calls, and its size. */
class Calls {
  readonly model: Model;
  readonly #byKey: ReadonlyMap<string, FunctionDef>;
  readonly #sizes = new Map<FunctionDef, number | undefined>();

  constructor(model: Model) {
    this.model = model;
    this.#byKey = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn] as const));
  }

  of(node: Node): FunctionDef | undefined {
    return this.#byKey.get(keyOf(node.domain, node.opType, node.overload));
  }

  *in(graph: Graph): Generator<FunctionDef, void, undefined> {
    for (const inner of graph.withSubgraphs()) {
      for (const node of inner.nodes()) {
        const fn = this.of(node);
        if (fn !== undefined) yield fn;
      }
    }
  }

  /** The number of nodes of a call when all calls in it are inlined; undefined for a function that calls itself. */
  sizeOf(fn: FunctionDef, open: ReadonlySet<FunctionDef> = new Set()): number | undefined {
    if (open.has(fn)) return undefined;
    if (this.#sizes.has(fn)) return this.#sizes.get(fn);
    let size: number | undefined = 0;
    const around = new Set([...open, fn]);
    for (const graph of fn.body.withSubgraphs()) size += graph.nodeCount;
    for (const callee of this.in(fn.body)) {
      const inner = this.sizeOf(callee, around);
      size = size === undefined || inner === undefined ? undefined : size + inner;
    }
    this.#sizes.set(fn, size);
    return size;
  }
}

/** `caller` is the function whose body `graph` is; undefined for the model's graph. */
function inlineIn(
  graph: Graph,
  caller: FunctionDef | undefined,
  calls: Calls,
  inliner: Inliner,
  context: PassContext,
): void {
  const { model } = calls;
  visitReplacing(graph, (node) => {
    const fn = calls.of(node);
    if (fn === undefined) return false;
    const keep = (refusal: Refusal): false => {
      context.refused(node, refusal);
      return false;
    };
    const imports = wrongSize(fn, calls) ?? missingImports(fn, caller, calls);
    if (isRefusal(imports)) return keep(imports);
    const attributes = attributesOf(node, fn);
    const blocked = whyNotCopied(node, fn, attributes);
    if (blocked !== undefined) return keep(blocked);
    return context.attempt(node, {
      kind: "rewrite",
      summary: `${node.label} becomes the body of function "${fn.name}"`,
      apply: (rewriter) => {
        const inputs = new Map<Value, Value | null>(
          fn.body.inputs.map((input, i) => [input, node.input(i) ?? null]),
        );
        model.opsetImports = [...model.opsetImports, ...imports];
        inliner.replace(
          node,
          { body: fn.body, inputs, attributes },
          (twin) => fn.body.outputs.map(twin),
          rewriter,
        );
      },
    });
  });
}

function wrongSize(fn: FunctionDef, calls: Calls): Refusal | undefined {
  const size = calls.sizeOf(fn);
  if (size === undefined) return refusals.functionCallsItself(fn.name);
  return size > MOST_NODES ? refusals.functionIsTooLarge(fn.name, size) : undefined;
}

/** The operator sets that the model must import as well; a function that calls this one gets none for it. */
function missingImports(
  fn: FunctionDef,
  caller: FunctionDef | undefined,
  calls: Calls,
): readonly OpsetImport[] | Refusal {
  const imports = caller?.opsetImports ?? calls.model.opsetImports;
  const domains = new Set<string>();
  for (const graph of fn.body.withSubgraphs()) {
    for (const node of graph.nodes()) {
      // The version of a domain says nothing about the functions in it.
      if (calls.of(node) === undefined) domains.add(isStandardDomain(node.domain) ? "" : (node.domain ?? ""));
    }
  }
  const missing: OpsetImport[] = [];
  for (const domain of domains) {
    const [version, around] = [opsetOf(fn.opsetImports, domain), opsetOf(imports, domain)];
    if (version === around || version === undefined) continue;
    if (around !== undefined) {
      return refusals.functionVersionDiffers(fn.name, version, domain, around);
    }
    missing.push({ domain, version });
  }
  const [first] = missing;
  return first === undefined || caller === undefined
    ? missing
    : refusals.functionImportsMore(fn.name, first.domain ?? "");
}

/** The attributes that references in the body stand for. */
function attributesOf(node: Node, fn: FunctionDef): ReadonlyMap<string, Attribute> {
  const given = [...fn.attributeDefaults, ...node.attributes.values()];
  return new Map(given.map((attr) => [attr.name, attr]));
}

function whyNotCopied(
  node: Node,
  fn: FunctionDef,
  attributes: ReadonlyMap<string, Attribute>,
): Refusal | undefined {
  const { body } = fn;
  if (node.inputs.length > body.inputs.length || node.outputs.length > body.outputs.length)
    return refusals.callHasTooManyArguments(fn.name);
  for (const attr of attributes.values()) {
    if (graphsOf(attr).length > 0) return refusals.callHasGraphAttribute(attr.name);
  }
  const pinned = pinnedOutput(node);
  if (pinned !== undefined) return pinned;
  for (const [i, input] of body.inputs.entries()) {
    const isSkipped = node.input(i) === undefined;
    if (isSkipped && [...input.uses].some((use) => use.kind === "output"))
      return refusals.skippedInputIsOutput(input.name, fn.name);
  }
  return node.graph && inliningBlocked(body, node.graph);
}

function removeUncalled(calls: Calls, context: PassContext): void {
  const { model } = calls;
  const called = new Set<FunctionDef>(calls.in(model.graph));
  for (const fn of called) for (const callee of calls.in(fn.body)) called.add(callee);
  for (const fn of model.functions) {
    if (called.has(fn)) continue;
    context.attempt(`function ${keyOf(fn.domain, fn.name, fn.overload)}`, {
      kind: "rewrite",
      summary: `function "${fn.name}" is removed: nothing calls it`,
      apply: () => {
        model.functions = model.functions.filter((other) => other !== fn);
      },
    });
  }
}
