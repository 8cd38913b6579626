import { present } from "../base/assert.js";
import { attribute } from "../ir/attribute.js";
import { type Graph, initOf, type Node, type Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Rewriter } from "./rewriter.js";
import type { RowTurn } from "./row-cut.js";
import {
  backForm,
  demandOf,
  isMatrixOf,
  type Member,
  type Members,
  type Owners,
  ownersOf,
  readsEither,
} from "./row-region.js";
import { viewForm, viewInit } from "./view-form.js";

/** Lets the operators work on matrices of rows, with a Reshape where a value is needed in both forms. */
export function applyRows(turn: RowTurn, rewriter: Rewriter, facts: Facts): void {
  const members: Members = new Map(turn.members.map((member) => [member.output, member]));
  const work: Work = { rewriter, facts, owners: ownersOf(members), matrices: new Map() };
  const [first] = turn.members;
  const graph = present(first?.nodes[0]?.graph, "an operator is in a graph");
  const [gone, released]: [Node[], [Node, Member][]] = [[], []];
  for (const node of [...graph.nodes()]) {
    const member = work.owners.get(node);
    if (member === undefined) continue;
    const isView = hasTrait(node, "view");
    if (isView) giveMatrix(node, member.output, graph, work);
    else onRows(node, member, graph, work);
    // A view that others need stays beside the matrix.
    if (isView && demandOf(member.output, work.owners, facts).fixed) continue;
    gone.push(node);
    if (node === member.nodes.at(-1)) released.push([node, member]);
  }
  // Behind all, because what reads an operator would read another value then.
  for (const [node, member] of released) release(node, member, graph, work);
  for (const node of gone.reverse()) rewriter.removeNode(node);
}

interface Work {
  readonly rewriter: Rewriter;
  readonly facts: Facts;
  readonly owners: Owners;
  /** The matrices of rows that were made, by the value that each is the matrix of. */
  readonly matrices: Map<Value, Value>;
}

/** The matrix of a view's output, straight from its input. */
function giveMatrix(node: Node, output: Value, graph: Graph, work: Work): void {
  const source = present(node.input(0), `${node.label} has an input`);
  const matrix = isMatrixOf(source, output, work.facts)
    ? source
    : matrixFrom(source, output, node, graph, work);
  work.matrices.set(output, matrix);
}

/** Reshape of `source`, in front of `place`, to the matrix of the rows of `value`, which has the same elements. */
function matrixFrom(
  source: Value,
  value: Value,
  place: Node,
  graph: Graph,
  { rewriter, facts }: Work,
): Value {
  const width = present(facts.shape(value)?.at(-1), "the width of rows is known");
  const target = [-1, typeof width === "number" ? width : -1];
  const init = viewInit(rewriter, place, source, { opType: "Reshape", target }, facts);
  const outputs = [graph.freshName(`${value.name}_rows`)];
  return present(rewriter.addNode(graph, { ...init, outputs }, place).output(0), "a Reshape has an output");
}

/** The operator made anew on the matrices of what it reads. */
function onRows(node: Node, member: Member, graph: Graph, work: Work): void {
  const { rewriter, facts, matrices } = work;
  const output = present(node.output(0), `${node.label} has an output`);
  const inputs = node.inputs.map((value) => {
    if (value === null) return null;
    const known = matrices.get(value);
    if (known !== undefined) return known;
    if (member.data.includes(value)) {
      const given = value.users.find(
        (user) => isMatrixOf(user.output(0), value, facts) && hasTrait(user, "view"),
      );
      const matrix =
        given !== undefined && precedes(given, node, graph)
          ? present(given.output(0), `${given.label} has an output`)
          : matrixFrom(value, value, node, graph, work);
      matrices.set(value, matrix);
      return matrix;
    }
    const tensor = constantTensor(value);
    if (node.is("MatMul") || tensor === undefined || tensor.dims.length < 2) return value;
    return rewriter.addConstant(graph, value.name, tensor.reshaped(tensor.dims.slice(-1)), node);
  });
  const attributes = [...node.attributes.values()].map((each) =>
    each.name === "axis" && node.is("LayerNormalization", "RMSNormalization") ? attribute("axis", -1) : each,
  );
  const outputs = [graph.freshName(output.name)];
  const init = { ...initOf(node), inputs, outputs, attributes };
  matrices.set(output, present(rewriter.addNode(graph, init, node).output(0), `${node.label} has an output`));
}

function precedes(first: Node, second: Node, graph: Graph): boolean {
  for (const node of graph.nodes()) {
    if (node === first) return true;
    if (node === second) return false;
  }
  return false;
}

/** Gives what else reads the operator's result the matrix, where it is a view, or the value in its own shape. */
function release(node: Node, { output }: Member, graph: Graph, work: Work): void {
  const { rewriter, facts, matrices, owners } = work;
  const matrix = present(matrices.get(output), "the matrix was made");
  const isNeeded = demandOf(output, owners, facts).fixed;
  for (const use of [...output.uses]) {
    if (use.kind !== "node" || owners.has(use.node) || !readsEither(use.node, use.index, facts)) continue;
    const view = use.node;
    const result = present(view.output(0), `${view.label} has an output`);
    const [from, to] = [facts.shape(matrix), facts.shape(result)];
    const form = from && to && viewForm(from, to);
    if (form === undefined) continue;
    const init = viewInit(rewriter, view, matrix, form, facts);
    const { name, docString, metadata } = view;
    const outputs = [graph.freshName(result.name)];
    const made = rewriter.addNode(graph, { ...init, name, docString, metadata, outputs }, view).output(0);
    rewriter.supersede(result, present(made, `${view.label} has an output`));
    rewriter.removeNode(view);
  }
  if (!isNeeded) return;
  const init = viewInit(
    rewriter,
    node,
    matrix,
    present(backForm(output, facts), "a Reshape leads back"),
    facts,
  );
  const made = rewriter.addNode(graph, { ...init, outputs: [graph.freshName(output.name)] }, node).output(0);
  rewriter.supersede(output, present(made, "a Reshape has an output"));
}
