import { isScaleOnly, isShiftOnly } from "../affine/channel-affine.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import { canReplace, type Node, type Use, type Value } from "../ir/graph.js";
import { affineFacets, liftAffine } from "../ops/affine.js";
import type { LiftedAffine } from "../rules/affine/facet.js";
import type { Facts } from "../rules/facts.js";
import type { Landing } from "./landing.js";
import { passing, planDown } from "./plan.js";

/** The maps that are parts of one wide Concat, and the places where all of them go instead. */
export interface PartsPlan {
  readonly parts: readonly LiftedAffine[];
  readonly landings: readonly Landing[];
}

/** The operator with very many inputs that alone reads the value; undefined where another or none does. */
export function wideReader(output: Value, facts: Facts): Node | undefined {
  const use = onlyUse(output);
  if (use === undefined || facts.isCall(use.node) || use.node.hasReferences) return undefined;
  return affineFacets(use.node).joinDown?.isWide(use.node, facts) ? use.node : undefined;
}

/**
 * The plan for all parts of `reader` that are maps; undefined if `lifted` is not the first of them, with which they go. Each by
 * itself would be a map of all channels of the output, so that thousands of parts would take minutes.
 */
export function planParts(lifted: LiftedAffine, reader: Node, facts: Facts): PartsPlan | Refusal | undefined {
  const first = indexAt(lifted, reader);
  if (first === undefined) return undefined;
  for (let index = first - 1; index >= 0; index--)
    if (partAt(reader, index, facts) !== undefined) return undefined;
  const parts = new Map([[first, lifted]]);
  for (let index = first + 1; index < reader.inputs.length; index++) {
    const part = partAt(reader, index, facts);
    if (part !== undefined) parts.set(index, part);
  }
  const joined = affineFacets(reader).joinDown?.join(reader, parts, facts);
  const output = reader.output(0);
  if (joined === undefined || output === undefined) return undefined;
  const landings = isRefusal(joined) ? joined : planDown(output, joined, facts);
  if (isRefusal(landings)) return landings;
  return { parts: [...parts.values()], landings: passing(reader, landings) };
}

function indexAt(lifted: LiftedAffine, reader: Node): number | undefined {
  const output = lifted.node.output(0);
  const use = output === undefined ? undefined : onlyUse(output);
  return use?.node === reader && canGo(lifted) ? use.index : undefined;
}

/** The map that is input `index` of the reader, and of which it is the only reader. */
function partAt(reader: Node, index: number, facts: Facts): LiftedAffine | undefined {
  const producer = reader.input(index)?.producer;
  const lifted = producer === undefined ? undefined : liftAffine(producer, facts);
  if (lifted === undefined || isRefusal(lifted) || indexAt(lifted, reader) !== index) return undefined;
  return isScaleOnly(lifted.map) && isShiftOnly(lifted.map) ? undefined : lifted;
}

/** Whether readers of the node can read what it maps instead. */
function canGo({ node, input }: LiftedAffine): boolean {
  const output = node.output(0);
  return output !== undefined && canReplace(output, input);
}

function onlyUse(value: Value): Extract<Use, { kind: "node" }> | undefined {
  const [use] = value.uses.size === 1 ? value.uses : [];
  return use?.kind === "node" ? use : undefined;
}
