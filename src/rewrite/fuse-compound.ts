import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { refusals as irRefusals } from "../ir/refusals.js";
import { type Compound, type CompoundInput, recognizeCompounds } from "../patterns/recognize.js";
import type { Facts } from "../rules/facts.js";
import { poolsBlocked } from "../target/blocked.js";
import { missingKernel } from "../target/kernels.js";
import type { Proposal, View } from "./pass.js";
import { refusals } from "./refusals.js";
import { replaceExpression } from "./replace-node.js";
import type { Rewriter } from "./rewriter.js";

/** How many operators exporters put behind a complete one as parts of a larger one: Cast, Mul and Add of a normalization. */
const LARGEST_TAIL = 3;

/** The part of a rule's view that says which operators may stand for an expression. */
type Place = Pick<View, "facts" | "settings">;

/**
 * The rewrite to one operator of the expression that ends in `node`, among spellings of these `numerics`; a refusal when the
 * expression is recognized but cannot be replaced. An expression inside a larger one waits for the larger one's last node.
 */
export function fuseCompound(
  node: Node,
  place: Place,
  numerics: Compound["numerics"],
): Proposal | Refusal | undefined {
  const found = legalCompound(node, place, numerics);
  if (found === undefined || isRefusal(found)) return found;
  return isPartOfLarger(found, place, numerics) ? undefined : proposal(node, found);
}

/**
 * The expression that ends in `node`, and the refusal, where only the opset keeps it from being one operator; `wanted` limits
 * them to these operators.
 */
export function lackingOpset(
  node: Node,
  facts: Facts,
  wanted?: ReadonlySet<StandardOperator>,
): { readonly compound: Compound; readonly refusal: Refusal } | undefined {
  const opset = facts.opset(node) ?? 0;
  for (const compound of recognizeCompounds(node, facts, undefined, wanted)) {
    if (compound.since > opset && readOutside(compound, node) === undefined)
      return { compound, refusal: refusals.opsetLacksOperator(compound.opType, opset, compound.since) };
  }
  return undefined;
}

function legalCompound(
  node: Node,
  place: Place,
  numerics: Compound["numerics"],
): Compound | Refusal | undefined {
  let refusal: Refusal | undefined;
  for (const compound of recognizeCompounds(node, place.facts, numerics)) {
    const blocked = obstacle(compound, node, place);
    if (blocked === undefined) return compound;
    refusal ??= blocked;
  }
  return refusal;
}

function obstacle(compound: Compound, node: Node, { facts, settings }: Place): Refusal | undefined {
  const { opType, since } = compound;
  const opset = facts.opset(node) ?? 0;
  const outside = readOutside(compound, node);
  if (outside !== undefined) return outside;
  if (opset < since) return refusals.opsetLacksOperator(opType, opset, since);
  if (settings.target === "any") return undefined;
  if (poolsBlocked(compound, facts)) return refusals.runtimePoolsInItsLayout(opType);
  const missing = missingKernel(opType, opset);
  return missing === undefined ? undefined : refusals.runtimeLacksKernel(opType, missing);
}

/** The refusal for an expression of which something outside reads a value inside. */
export function readOutside(
  { opType, nodes }: Pick<Compound, "opType" | "nodes">,
  node: Node,
): Refusal | undefined {
  const result = node.output(0);
  if (result?.pinnedBecause !== undefined) return irRefusals.valueIsPinned(result.name, result.pinnedBecause);
  const inside = new Set(nodes);
  for (const inner of nodes) {
    const output = inner.output(0);
    if (inner === node || output === undefined) continue;
    if (output.isGraphOutput) return refusals.spelledOutValueIsGraphOutput(opType, output.name);
    for (const use of output.uses) {
      if (use.kind !== "node" || !inside.has(use.node)) {
        return refusals.spelledOutValueIsUsedElsewhere(opType, output.name);
      }
    }
  }
  return undefined;
}

function isPartOfLarger(
  compound: Compound,
  place: Place,
  numerics: Compound["numerics"],
  tail: number = LARGEST_TAIL,
  at: Node | undefined = compound.nodes.at(-1),
): boolean {
  const output = at?.output(0);
  if (output === undefined || tail === 0) return false;
  return output.users.some((user) => {
    if (user.graph !== at?.graph) return false;
    const larger = legalCompound(user, place, numerics);
    if (larger !== undefined && !isRefusal(larger) && holds(larger, compound)) return true;
    return output.uses.size === 1 && isPartOfLarger(compound, place, numerics, tail - 1, user);
  });
}

/** Whether the larger expression holds all of it: 1 / (1 + exp(-x)) is a Sigmoid, though its division can be part of a product. */
function holds(larger: Compound, compound: Compound): boolean {
  const inside = new Set(larger.nodes);
  return compound.nodes.every((node) => inside.has(node));
}

function proposal(node: Node, compound: Compound): Proposal | undefined {
  if (node.graph === undefined || node.output(0) === undefined) return undefined;
  const { opType, inputs, attributes, nodes, mayChange } = compound;
  const types = nodes.map((inner) => inner.opType).join(", ");
  return {
    kind: "rewrite",
    summary: `${node.label} and what it ends (${types}) become one ${opType}`,
    mayChange,
    apply: (rewriter) => {
      const values = inputs.map((input) => inputValue(input, node, rewriter));
      replaceExpression(rewriter, node, { opType, inputs: values, attributes }, nodes);
    },
  };
}

function inputValue(input: CompoundInput, node: Node, rewriter: Rewriter): Value | null {
  if (input === null || !("constant" in input)) return input;
  const { graph } = node;
  return graph === undefined ? null : rewriter.addConstant(graph, input.name, input.constant, node);
}
