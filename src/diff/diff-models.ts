import { modelsEqual } from "../ir/equal.js";
import type { FunctionDef, Model } from "../ir/model.js";
import { errors } from "./errors.js";
import {
  callersInputs,
  changesByName,
  fieldsOf,
  functionKey,
  metadataOf,
  operatorChanges,
  opsetsOf,
  orderChange,
  typesOf,
} from "./fields.js";
import { GraphDiff } from "./graph-diff.js";
import { DIFF_PARTS, type DiffPart, type ModelDiff } from "./model-diff.js";

/** What does not count. */
export interface DiffOptions {
  /** Parts that may differ: "fields", "opsets", "metadata", "names", "weights", "other". They are listed all the same. */
  readonly ignore?: readonly string[];
}

/**
 * Says what changed between two models: fields, operator sets, metadata, inputs and outputs, operators, nodes, constants. Nodes
 * are matched by what they compute, by name and by neighbours, constants by name and content; where a constant stands, in an
 * initializer or in a Constant node, matters for `operators` alone. Reads all constants. Throws NormfoldError "usage" for a part
 * that there is not, and what reading a tensor throws.
 */
export function diffModels(a: Model, b: Model, options: DiffOptions = {}): ModelDiff {
  const ignored = partsOf(options.ignore ?? []);
  const graphs = new GraphDiff();
  graphs.compare(a.graph, b.graph, "");
  for (const [fn, other] of sharedFunctions(a, b)) graphs.compare(fn.body, other.body, `function ${fn.name}`);
  const [inputs, inputsAfter] = [callersInputs(a), callersInputs(b)];
  const found = {
    fields: changesByName(fieldsOf(a), fieldsOf(b)),
    opsets: changesByName(opsetsOf(a), opsetsOf(b)),
    metadata: changesByName(metadataOf(a), metadataOf(b)),
    inputs: [
      ...changesByName(typesOf(inputs, a.graph), typesOf(inputsAfter, b.graph)),
      ...orderChange("order of the inputs", inputs, inputsAfter),
    ],
    outputs: [
      ...changesByName(typesOf(a.graph.outputs, a.graph), typesOf(b.graph.outputs, b.graph)),
      ...orderChange("order of the outputs", a.graph.outputs, b.graph.outputs),
      ...graphs.rewired(a.graph, b.graph),
    ],
    operators: operatorChanges(a, b),
    nodes: graphs.nodes,
    weights: graphs.weights,
  };
  const isSame = isSameBut(found, new Set(ignored));
  const other = isSame && ignored.length === 0 ? modelsEqual(a, b) : undefined;
  return { same: isSame && other === undefined, ignored, ...found, other };
}

function partsOf(names: readonly string[]): readonly DiffPart[] {
  return names.map((name) => {
    const part = DIFF_PARTS.find((each) => each === name);
    if (part === undefined) throw errors.partIsUnknown(name, DIFF_PARTS);
    return part;
  });
}

function isSameBut(
  found: Omit<ModelDiff, "same" | "ignored" | "other">,
  ignored: ReadonlySet<DiffPart>,
): boolean {
  const { fields, opsets, metadata, inputs, outputs, operators, nodes, weights } = found;
  const isEmpty = (...lists: readonly (readonly unknown[])[]): boolean =>
    lists.every((list) => list.length === 0);
  return (
    isEmpty(inputs, outputs, operators, nodes.changed, nodes.removed, nodes.added) &&
    (ignored.has("fields") || isEmpty(fields)) &&
    (ignored.has("opsets") || isEmpty(opsets)) &&
    (ignored.has("metadata") || isEmpty(metadata)) &&
    (ignored.has("names") || nodes.renamed + weights.renamed === 0) &&
    (ignored.has("weights") || isEmpty(weights.changed, weights.removed, weights.added))
  );
}

function sharedFunctions(a: Model, b: Model): readonly (readonly [FunctionDef, FunctionDef])[] {
  const others = new Map(b.functions.map((fn) => [functionKey(fn), fn]));
  return a.functions.flatMap((fn) => {
    const other = others.get(functionKey(fn));
    return other === undefined ? [] : [[fn, other] as const];
  });
}
