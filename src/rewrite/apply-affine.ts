import type { Landing, Reader } from "../fold/landing.js";
import type { Node, Value } from "../ir/graph.js";
import type { Absorption } from "../rules/affine/facet.js";
import { NodeNames } from "./inline.js";
import type { Rewriter } from "./rewriter.js";

/** The operators that take the map, for the summary of a rewrite. */
export function describeLandings(landings: readonly Landing[]): string {
  const [first] = landings;
  if (first === undefined) return "nothing";
  return landings.length === 1 ? first.node.label : `${first.node.label} and ${landings.length - 1} more`;
}

/** Carries out a plan of planUp or planDown. */
export function applyLandings(rewriter: Rewriter, landings: readonly Landing[]): void {
  // Copies first: a node that is converted to another operator takes along the inputs that it has by then.
  const targets = landings.map(({ node, copyFor }) =>
    copyFor === undefined ? node : copyOf(rewriter, node, copyFor),
  );
  for (const [i, { absorption }] of landings.entries()) {
    const target = targets[i];
    if (target !== undefined) absorb(rewriter, target, absorption);
  }
}

/** A copy of a node that one reader reads instead of it. */
function copyOf(rewriter: Rewriter, node: Node, reader: Reader): Node | undefined {
  const { graph, name, docString, metadata } = node;
  const output = node.output(0);
  if (graph === undefined || output === undefined) return undefined;
  const copy = rewriter.addNode(
    graph,
    {
      opType: node.opType,
      domain: node.domain,
      inputs: node.inputs,
      outputs: [graph.freshName(`${output.name}_mapped`)],
      attributes: [...node.attributes.values()],
      docString,
      metadata,
      name: new NodeNames().fresh(graph, name && `${name}_mapped`),
    },
    node.next,
  );
  const result = copy.output(0);
  if (result !== undefined) rewriter.setInput(reader.node, reader.index, result);
  return copy;
}

function absorb(rewriter: Rewriter, node: Node, absorption: Absorption): void {
  const target = absorption.opType === undefined ? node : convert(rewriter, node, absorption.opType);
  const base = target.input(1)?.name ?? target.key;
  for (const [index, tensor] of absorption.constants) {
    rewriter.setConstant(target, index, tensor, index > 1 ? `${base}_bias` : base);
  }
  for (const [name, init] of Object.entries(absorption.attributes ?? {})) {
    if (init === undefined) rewriter.removeAttribute(target, name);
    else rewriter.setAttribute(target, name, init);
  }
  const output = target.output(0);
  if (absorption.remainder !== undefined && output !== undefined) {
    addAfter(rewriter, target, output, absorption);
  }
}

/** y = node(...) becomes y = node(...) + remainder for all readers. */
function addAfter(rewriter: Rewriter, node: Node, output: Value, { remainder }: Absorption): void {
  const { graph } = node;
  if (graph === undefined || remainder === undefined) return;
  const after = node.next;
  const shift = rewriter.addConstant(graph, `${output.name}_shift`, remainder, after);
  const sum = rewriter.addNode(
    graph,
    { opType: "Add", inputs: [null, shift], outputs: [graph.freshName(`${output.name}_sum`)] },
    after,
  );
  const result = sum.output(0);
  if (result === undefined) return;
  rewriter.replaceUses(output, result);
  rewriter.setInput(sum, 0, output);
}

/** The same node under another operator type. */
function convert(rewriter: Rewriter, node: Node, opType: string): Node {
  const { graph, docString, name, metadata } = node;
  const output = node.output(0);
  if (graph === undefined || output === undefined) return node;
  const converted = rewriter.addNode(
    graph,
    {
      opType,
      inputs: node.inputs,
      outputs: [graph.freshName(`${output.name}_${opType.toLowerCase()}`)],
      name,
      docString,
      metadata,
    },
    node,
  );
  const result = converted.output(0);
  if (result !== undefined) rewriter.supersede(output, result);
  rewriter.removeNode(node);
  return converted;
}
