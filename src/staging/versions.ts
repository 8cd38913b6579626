import { NormfoldError } from "../base/errors.js";
import { Callees } from "../ir/callees.js";
import { type Graph, isStandardDomain } from "../ir/graph.js";
import { type Model, type OpsetImport, opsetOf } from "../ir/model.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { declarationOf, rowOf } from "../ops/catalogue.js";
import { raiseOpset } from "../opset/raise.js";
import type { Adaptation } from "./adaptation.js";

/** The newest version of the file format that onnxruntime 1.30 reads. onnx 1.23 writes 14. */
const NEWEST_IR = 13;
/** The newest released opset of onnxruntime 1.30. */
const NEWEST_OPSET = 26;
/** onnxruntime has kernels for each operator from the version on that was in force at this opset. */
const OLDEST_OPSET = 7;

/**
 * The last opset at which onnxruntime 1.30 has a kernel: it takes an open-ended kernel only where it begins at the
 * operator's own version, and these operators have got a later version. Bernoulli is run as RandomUniformLike.
 */
const LAST_OPSET: ReadonlyMap<StandardOperator, number> = new Map([
  ["Attention", 24],
  ["Bernoulli", 21],
  ["GlobalLpPool", 21],
  ["MaxRoiPool", 21],
  ["Multinomial", 21],
  ["RandomNormal", 21],
  ["RandomNormalLike", 21],
  ["RandomUniform", 21],
  ["RandomUniformLike", 21],
  ["RoiAlign", 21],
]);

/** The version of the file format is a number here: what is newer in the format, the runtime itself names. */
export const irVersion: Adaptation = {
  isNeeded: (model) => model.irVersion > NEWEST_IR,
  apply: (copy) => {
    copy.irVersion = Math.min(copy.irVersion, NEWEST_IR);
  },
};

/** Old operators without a kernel, as BatchNormalization of opset 6, in their form of opset 7. */
export const raisedOpset: Adaptation = {
  isNeeded: (model) => {
    for (const { graph, opset } of bodies(model)) {
      if (opset >= OLDEST_OPSET) continue;
      for (const node of graph.nodes()) {
        const { since } = declarationOf(node) ?? { since: [] };
        if (since.some((version) => version > opset && version <= OLDEST_OPSET)) return true;
      }
    }
    return false;
  },
  apply: (copy) => {
    try {
      raiseOpset(copy, OLDEST_OPSET);
    } catch (error) {
      // A node that cannot be raised, or a function of a newer opset: the copy is as it was.
      if (!(error instanceof NormfoldError) || error.code === "internal") throw error;
    }
  },
};

/**
 * Opsets that are newer than the runtime's, and operators without a kernel for their newest version, under an older
 * import. Only where every operator means the same there; an attribute that the older version lacks, the runtime refuses.
 */
export const loweredOpset: Adaptation = {
  isNeeded: (model) => targetOf(model) !== undefined,
  apply: (copy) => {
    const target = targetOf(copy);
    if (target === undefined) return;
    copy.opsetImports = lowered(copy.opsetImports, target);
    copy.functions = copy.functions.map((fn) => ({ ...fn, opsetImports: lowered(fn.opsetImports, target) }));
  },
};

/** The opset to lower to; undefined where there is no need, or an operator would be another one there. */
function targetOf(model: Model): number | undefined {
  const callees = new Callees(model);
  let [newest, wanted] = [0, NEWEST_OPSET];
  for (const { graph, opset } of bodies(model)) {
    newest = Math.max(newest, opset);
    for (const node of graph.nodes()) {
      const last = rowOf(LAST_OPSET, node);
      if (last !== undefined && last < wanted && !callees.isCall(node)) wanted = last;
    }
  }
  return [wanted, NEWEST_OPSET].find((target) => target < newest && meansTheSame(model, target, callees));
}

function meansTheSame(model: Model, target: number, callees: Callees): boolean {
  for (const { graph, opset } of bodies(model)) {
    for (const node of graph.nodes()) {
      if (!isStandardDomain(node.domain) || callees.isCall(node)) continue;
      const { since = [], breaking = [] } = declarationOf(node) ?? {};
      if ((since[0] ?? opset) > target) return false;
      if (breaking.some((version) => version > target && version <= opset)) return false;
    }
  }
  return true;
}

function lowered(imports: readonly OpsetImport[], target: number): readonly OpsetImport[] {
  return imports.map((entry) =>
    isStandardDomain(entry.domain) && entry.version > target
      ? { domain: entry.domain, version: target }
      : entry,
  );
}

interface Body {
  readonly graph: Graph;
  /** The opset in force. */
  readonly opset: number;
}

function* bodies(model: Model): Generator<Body, void, undefined> {
  const opset = model.opset() ?? 1;
  for (const graph of model.graph.withSubgraphs()) yield { graph, opset };
  for (const fn of model.functions) {
    const own = opsetOf(fn.opsetImports, "") ?? opset;
    for (const graph of fn.body.withSubgraphs()) yield { graph, opset: own };
  }
}
