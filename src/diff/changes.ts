import { graphsOf } from "../ir/attribute.js";
import { attributesEqual } from "../ir/equal.js";
import { isStandardDomain, type Node, type Value } from "../ir/graph.js";
import { attributeText } from "../text/print.js";
import type { NodeReference, TextChange } from "./model-diff.js";
import type { Twins } from "./twins.js";

/** Elements of a tensor attribute that are shown. */
const MOST_ELEMENTS = 16;

/** "domain::Type" outside the standard domain. */
export function operatorOf({ domain, opType }: Node): string {
  return isStandardDomain(domain) ? opType : `${domain}::${opType}`;
}

/** A node as a report names it. */
export function referenceToNode(node: Node, graph: string): NodeReference {
  return { graph, operator: operatorOf(node), name: nameOf(node) };
}

/** Its name, or that of its first output where it has none. */
export function nameOf(node: Node): string {
  return node.name || (node.output(0)?.name ?? "");
}

/** How two nodes that are twins differ, but for names and bodies. */
export function changesOf(a: Node, b: Node, twins: Twins): readonly TextChange[] {
  return [...attributeChanges(a, b), ...inputChanges(a, b, twins), ...outputChanges(a, b)];
}

function attributeChanges(a: Node, b: Node): readonly TextChange[] {
  const names = new Set([...a.attributes.keys(), ...b.attributes.keys()]);
  return [...names].flatMap((name) => {
    const [before, after] = [a.attribute(name), b.attribute(name)];
    if (before === undefined || after === undefined) {
      return { name: `attribute ${name}`, before: valueText(before), after: valueText(after) };
    }
    // Bodies are compared node by node.
    const areBodies = graphsOf(before).length > 0 && graphsOf(before).length === graphsOf(after).length;
    if (areBodies || attributesEqual(before, after)) return [];
    return { name: `attribute ${name}`, before: valueText(before), after: valueText(after) };
  });
}

function valueText(attr: ReturnType<Node["attribute"]>): string | undefined {
  if (attr === undefined) return undefined;
  if (graphsOf(attr).length > 0) return "a graph";
  const text = attributeText(attr, MOST_ELEMENTS, "");
  return text === undefined ? attr.kind : text.slice(text.indexOf(" = ") + " = ".length);
}

function inputChanges(a: Node, b: Node, twins: Twins): readonly TextChange[] {
  return Array.from({ length: Math.max(a.inputs.length, b.inputs.length) }, (_, index) => {
    const [before, after] = [a.input(index), b.input(index)];
    if (twins.areSame(before, after)) return [];
    return [{ name: `input ${index}`, before: before?.name, after: after?.name }];
  }).flat();
}

/** Outputs are renamed without a word, but not dropped. */
function outputChanges(a: Node, b: Node): readonly TextChange[] {
  const text = (value: Value | undefined): string | undefined => value?.name;
  return Array.from({ length: Math.max(a.outputs.length, b.outputs.length) }, (_, index) => {
    const [before, after] = [text(a.output(index)), text(b.output(index))];
    return (before === undefined) === (after === undefined)
      ? []
      : [{ name: `output ${index}`, before, after }];
  }).flat();
}

/** True where a node or its outputs are called otherwise. */
export function isRenamed(a: Node, b: Node): boolean {
  return (
    (a.name ?? "") !== (b.name ?? "") || a.outputs.some((output, i) => output?.name !== b.output(i)?.name)
  );
}
