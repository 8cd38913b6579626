import { createFacts } from "../analysis/fact-table.js";
import { cloneModel, type ValueMap } from "../ir/clone.js";
import { type Graph, isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { raiseIrVersion } from "../ir/ir-version.js";
import { type Model, type OpsetImport, opsetOf } from "../ir/model.js";
import { isStandardOperator, OPERATORS } from "../ops/catalogue.js";
import { RAISE } from "../ops/raise.js";
import type { Facts } from "../rules/facts.js";
import { type Knower, type Knowledge, RaiseContext, Workbench } from "../rules/raise/context.js";
import { errors } from "./errors.js";
import { HIGHEST_OPSET, irVersionOf, LOWEST_OPSET } from "./range.js";
import { refusals } from "./refusals.js";

/**
 * Raises the standard operators of a model, of its subgraphs and of its functions to opset `target`, in place. Outputs and
 * names of nodes and values stay the same, and other domains are left alone. The IR version rises too where `target` needs
 * a newer one. Opsets are never lowered. Where one node cannot be raised, the whole model stays as it was.
 *
 * Throws "usage" for a target that does not exist or is lower than the model's opset, and "unsupported" for a node that
 * cannot be raised, which the error names.
 */
export function raiseOpset(model: Model, target: number): void {
  checkTarget(model, target);
  if (sourcesOf(model).every(({ source }) => source === target)) return;
  const facts = createFacts(model);
  // A rehearsal on a copy comes first. It finds nodes that cannot be raised, and its steps get their facts while the
  // model itself is still unchanged.
  const answers = new Map<Value, Knowledge>();
  const twins: ValueMap = new Map();
  const rehearsal = cloneModel(model, twins);
  const originals = new Map<Value, Value>();
  for (const [original, twin] of twins) originals.set(twin, original);
  raiseGraphs(rehearsal, target, facts, (twin) => {
    const original = originals.get(twin);
    return original === undefined ? undefined : answer(original, facts, answers);
  });
  raiseGraphs(model, target, facts, (value) => answers.get(value));
  model.opsetImports = raisedImports(model.opsetImports, target);
  model.functions = model.functions.map((fn) =>
    opsetOf(fn.opsetImports, "") === undefined
      ? fn
      : { ...fn, opsetImports: raisedImports(fn.opsetImports, target) },
  );
  raiseIrVersion(model, irVersionOf(target));
}

function checkTarget(model: Model, target: number): void {
  if (!Number.isInteger(target) || target < LOWEST_OPSET || target > HIGHEST_OPSET) {
    const sources = sourcesOf(model).map(({ source }) => source);
    const lowest = Math.max(LOWEST_OPSET, ...sources.filter((source) => source <= HIGHEST_OPSET));
    throw errors.targetOpsetDoesNotExist(target, lowest, HIGHEST_OPSET);
  }
  for (const { source, name } of sourcesOf(model)) {
    if (source > target) {
      throw errors.targetOpsetIsLower(name, source);
    }
  }
}

function sourcesOf(model: Model): { readonly source: number; readonly name: string }[] {
  const functions = model.functions.flatMap((fn) => {
    const source = opsetOf(fn.opsetImports, "");
    return source === undefined ? [] : [{ source, name: `function ${fn.name}` }];
  });
  return [{ source: sourceOf(model), name: "the model" }, ...functions];
}

/** Before IR version 3 there were no imports and only one opset. */
function sourceOf(model: Model): number {
  return model.opset() ?? LOWEST_OPSET;
}

function answer(value: Value, facts: Facts, answers: Map<Value, Knowledge>): Knowledge {
  const known = answers.get(value);
  if (known !== undefined) return known;
  const knowledge = { dtype: facts.dtype(value), shape: facts.shape(value), numbers: facts.numbers(value) };
  answers.set(value, knowledge);
  return knowledge;
}

/** Raises readers before the nodes that they read: a step may replace outputs, and facts exist for original values only. */
function raiseGraphs(model: Model, target: number, facts: Facts, know: Knower): void {
  const isOperator = (node: Node): boolean => isStandardDomain(node.domain) && !facts.isCall(node);
  const raise = (graph: Graph, source: number): void => {
    if (source >= target) return;
    for (const body of [...graph.withSubgraphs()].reverse()) {
      const bench = new Workbench(body);
      for (const node of [...body.nodes()].reverse()) {
        if (isOperator(node)) raiseNode(node, bench, know, source, target);
      }
    }
  };
  raise(model.graph, sourceOf(model));
  for (const fn of model.functions) raise(fn.body, opsetOf(fn.opsetImports, "") ?? target);
}

/** Takes a node through the opsets that changed its operator. Nodes that a step adds go the rest of the way by themselves. */
function raiseNode(node: Node, bench: Workbench, know: Knower, source: number, target: number): void {
  const waiting: { readonly node: Node; readonly source: number }[] = [{ node, source }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const at = new RaiseContext(next.node, bench, know, next.source, target);
    for (let change = nextChange(at); change !== undefined; change = nextChange(at)) {
      at.version = change;
      RAISE[at.node.opType]?.[change]?.(at);
      for (const added of bench.added.splice(0)) waiting.push({ node: added, source: change });
    }
  }
}

/** The next opset, up to the target, that changed the operator that the node is at present. */
function nextChange(at: RaiseContext): number | undefined {
  const { node, version, target } = at;
  const record = isStandardOperator(node.opType) ? OPERATORS[node.opType] : undefined;
  if (record === undefined || record.experimental) {
    at.version = target;
    return at.refuse(refusals.operatorIsNotStandard());
  }
  const { since } = record;
  const introduced = since[0] ?? 0;
  return since.find((change) => change > version && change > introduced && change <= target);
}

function raisedImports(imports: readonly OpsetImport[], target: number): readonly OpsetImport[] {
  if (opsetOf(imports, "") === undefined) return [...imports, { domain: "", version: target }];
  return imports.map((entry) =>
    isStandardDomain(entry.domain) && entry.version !== target
      ? { domain: entry.domain, version: target }
      : entry,
  );
}
