import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { type Attribute, graphsOf } from "../src/ir/attribute.js";
import { Calls, functionKey } from "../src/ir/calls.js";
import { type Graph, isStandardDomain, type Node, type Value } from "../src/ir/graph.js";
import { type FunctionDef, type OpsetImport, opsetOf } from "../src/ir/model.js";
import { Inliner, inliningBlocked, pinnedOutput, visitReplacing } from "../src/rewrite/inline.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";

const SENTENCES = {
  functionCallsItself: (name: string): string =>
    `function "${name}" calls itself, directly or through others, which ONNX forbids`,
  functionIsTooLarge: (name: string, size: number): string =>
    `function "${name}" comes to ${size} nodes, which its callers had better share`,
  inliningMakesTooManyNodes: (nodes: number, limit: number): string =>
    `with all calls inlined the model would come to ${nodes} nodes, more than ${limit}`,
  inliningNestsTooDeep: (name: string, limit: number): string =>
    `with function "${name}" inlined, bodies would be nested more than ${limit} deep, which no reader takes`,
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
 *            that is a skipped input; a function of more than ten thousand nodes; all calls where they would come to more
 *            than a million; bodies nested deeper than files may hold
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
    const program = { calls, inAll: calls.inAll(MOST_NODES), inliner: new Inliner() };
    inlineIn(model.graph, undefined, program, context);
    removeUncalled(calls, context);
    // Functions that could not be inlined may hold calls that can.
    for (const fn of model.functions) inlineIn(fn.body, fn, program, context);
    removeUncalled(calls, context);
  },
};

/** The calls at the start, the nodes that they come to, and what inlines them. */
interface Program {
  readonly calls: Calls;
  readonly inAll: number;
  readonly inliner: Inliner;
}

/** `caller` is the function whose body `graph` is; undefined for the model's graph. */
function inlineIn(
  graph: Graph,
  caller: FunctionDef | undefined,
  program: Program,
  context: PassContext,
): void {
  const { calls, inliner } = program;
  const { model } = calls;
  visitReplacing(graph, (node) => {
    const fn = calls.of(node);
    if (fn === undefined) return false;
    const keep = (refusal: Refusal): false => {
      context.refused(node, refusal);
      return false;
    };
    const imports = wrongSize(node, fn, program) ?? missingImports(fn, caller, calls);
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

/** The most nodes that one call may become: with calls in calls the number can double at each level. */
const MOST_NODES = 10_000;
/** The most nodes that a model may come to. */
const MOST_IN_ALL = 1_000_000;
/** The most bodies inside each other. Each takes three messages of the hundred that a reader of files enters. */
const MOST_NESTED = 30;

function wrongSize(node: Node, fn: FunctionDef, { calls, inAll }: Program): Refusal | undefined {
  const extent = calls.extentOf(fn);
  if (extent === undefined) return refusals.functionCallsItself(fn.name);
  if (extent.nodes > MOST_NODES) return refusals.functionIsTooLarge(fn.name, extent.nodes);
  if (inAll > MOST_IN_ALL) return refusals.inliningMakesTooManyNodes(inAll, MOST_IN_ALL);
  let depth = extent.depth;
  for (let graph = node.graph?.parent; graph !== undefined; graph = graph.parent) depth++;
  return depth > MOST_NESTED ? refusals.inliningNestsTooDeep(fn.name, MOST_NESTED) : undefined;
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
  // One rewrite for all: removing them one by one would copy the list as often.
  const uncalled = model.functions.filter((fn) => !called.has(fn));
  const [first] = uncalled;
  if (first === undefined) return;
  const [what, they] =
    uncalled.length === 1
      ? [`function "${first.name}" is`, "it"]
      : [`${uncalled.length} functions are`, "them"];
  context.attempt(`function ${functionKey(first.domain, first.name, first.overload)}`, {
    kind: "rewrite",
    summary: `${what} removed: nothing calls ${they}`,
    apply: () => {
      model.functions = model.functions.filter((fn) => called.has(fn));
    },
  });
}
