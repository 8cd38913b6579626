import type { Model } from "../../src/ir/model.js";
import type { Node } from "../../src/ir/node.js";
import { declarationOf } from "../../src/ops/catalogue.js";
import { isDense } from "../../src/ops/linear/dense.js";

/**
 * The nodes that passes made in a form that other readers than onnxruntime misread: an attribute is left to its default that
 * is to be spelled out, or a Gemm is no dense layer although every Gemm of the original was one.
 */
export function misreadable(original: Model, result: Model): readonly string[] {
  const functions = new Set([...original.functions.values()].map(({ name }) => name));
  const before = [...original.nodes()];
  const known = new Set(before.map(formOf));
  const onlyDense = before.every((node) => !node.is("Gemm") || isDense(node));
  return [...result.nodes()].flatMap((node) => {
    if (functions.has(node.opType) || known.has(formOf(node))) return [];
    const wanted = Object.keys(declarationOf(node)?.spelledOut ?? {});
    const missing = wanted.filter((name) => node.attribute(name) === undefined);
    const other = node.is("Gemm") && onlyDense && !isDense(node) ? ["is no dense layer"] : [];
    return [
      ...missing.map((name) => `${node.label} leaves out ${name}`),
      ...other.map((what) => `${node.label} ${what}`),
    ];
  });
}

/** The operator with the names of its attributes: a node of a form that the original has may be one of its own. */
function formOf(node: Node): string {
  return `${node.domain} ${node.opType} ${[...node.attributes.keys()].sort()}`;
}
