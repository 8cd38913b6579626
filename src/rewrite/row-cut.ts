import type { Node, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { CutGraph, SINK, SOURCE } from "../relayout/min-cut.js";
import type { Facts } from "../rules/facts.js";
import { excessOfLinearLayer, isSkip } from "../target/linear-layers.js";
import {
  backForm,
  demandOf,
  isMatrixOf,
  type Member,
  type Members,
  ownersOf,
  readersOf,
  type Target,
} from "./row-region.js";

/** Operators to work on rows, and how many nodes the runtime executes fewer then. */
export interface RowTurn {
  readonly members: readonly Member[];
  readonly gain: number;
}

/**
 * What a SkipLayerNormalization is worth: more than the two Reshapes around it, which move nothing, because an Add and a
 * LayerNormalization go over the values twice.
 */
const SKIP = 3;

/**
 * The operators to work on rows, as a minimum cut: a linear layer is fewer operators there, a value that is needed in both
 * forms costs a Reshape, a Reshape between a matrix and a value that becomes one goes.
 */
export function bestRows(members: Members, target: Target, facts: Facts): RowTurn[] {
  const cut = new CutGraph();
  const vertices = new Map([...members.keys()].map((value) => [value, cut.vertex()] as const));
  const [readers, owners] = [readersOf(members), ownersOf(members)];
  const skips = new Map<Node, number>();
  for (const member of members.values()) {
    const vertex = vertices.get(member.output) ?? SINK;
    const excess = excessOf(member, target, facts);
    if (excess > 0) cut.edge(SOURCE, vertex, excess);
    for (const sum of skipsOf(member, target, facts)) {
      // It is lost where the sum or the normalization works on rows.
      const lost = skips.get(sum) ?? cut.vertex();
      if (!skips.has(sum)) cut.edge(lost, SINK, SKIP);
      skips.set(sum, lost);
      cut.edge(vertex, lost, Number.POSITIVE_INFINITY);
    }
  }
  for (const value of new Set([...vertices.keys(), ...readers.keys()])) {
    const own = vertices.get(value);
    const { fixed, gives } = demandOf(value, owners, facts);
    const users = (readers.get(value) ?? []).flatMap((user) => vertices.get(user.output) ?? []);
    if (gives || users.length > 0) {
      const asMatrix = cut.vertex();
      for (const user of users) cut.edge(user, asMatrix, Number.POSITIVE_INFINITY);
      if (gives) cut.edge(SOURCE, asMatrix, Number.POSITIVE_INFINITY);
      if (own !== undefined || !gives) cut.edge(asMatrix, own ?? SINK, 1);
    }
    if (own === undefined) continue;
    const back = backForm(value, facts) === undefined ? Number.POSITIVE_INFINITY : 1;
    if (fixed) cut.edge(own, SINK, back);
    else if (users.length > 0) {
      const asItIs = cut.vertex();
      cut.edge(own, asItIs, back);
      for (const user of users) cut.edge(asItIs, user, Number.POSITIVE_INFINITY);
    }
  }
  const { onSourceSide } = cut.minimum();
  const turned = [...members.values()].filter(({ output }) => onSourceSide(vertices.get(output) ?? SINK));
  return componentsOf(turned).flatMap((turn) => {
    const { gain, growth } = changeOf(turn, target, facts);
    return gain > 0 && growth <= 0 ? [{ members: turn, gain }] : [];
  });
}

/** How many operators more it is in its present form than on rows. */
function excessOf({ nodes, output, layer }: Member, target: Target, facts: Facts): number {
  if (layer !== undefined) return target === "any" ? 1 : excessOfLinearLayer(layer, facts);
  const [node] = nodes;
  const isView = node !== undefined && hasTrait(node, "view");
  return isView && isMatrixOf(node.input(0), output, facts) ? 1 : 0;
}

/** The sums that the runtime fuses with the normalization behind them, of which this is one or the other. */
function skipsOf({ nodes }: Member, target: Target, facts: Facts): readonly Node[] {
  if (target === "any") return [];
  return nodes.flatMap((node) => {
    const sum = node.is("LayerNormalization") ? node.input(0)?.producer : node;
    return sum !== undefined && isSkip(sum, facts) ? [sum] : [];
  });
}

/** The operators in groups between which no matrix goes. */
function componentsOf(turned: readonly Member[]): (readonly Member[])[] {
  const beside = new Map<Value, Member[]>();
  for (const member of turned) {
    for (const value of [member.output, ...member.data]) {
      const others = beside.get(value);
      if (others === undefined) beside.set(value, [member]);
      else others.push(member);
    }
  }
  const place = new Map<Member, number>();
  let count = 0;
  for (const first of turned) {
    if (place.has(first)) continue;
    const queue = new Set([first]);
    for (const member of queue) {
      place.set(member, count);
      for (const value of [member.output, ...member.data]) {
        for (const other of beside.get(value) ?? []) queue.add(other);
        beside.delete(value);
      }
    }
    count++;
  }
  const groups = Array.from({ length: count }, (): Member[] => []);
  for (const member of turned) groups[place.get(member) ?? 0]?.push(member);
  return groups;
}

/** How many operators fewer are executed, and how many more the file has. */
function changeOf(
  turn: readonly Member[],
  target: Target,
  facts: Facts,
): { readonly gain: number; readonly growth: number } {
  const members: Members = new Map(turn.map((member) => [member.output, member]));
  const owners = ownersOf(members);
  const lost = new Set(turn.flatMap((member) => skipsOf(member, target, facts)));
  let gain = -SKIP * lost.size;
  let growth = 0;
  for (const member of turn) {
    const excess = excessOf(member, target, facts);
    const { fixed, gives } = demandOf(member.output, owners, facts);
    const change = (fixed ? 1 : 0) - (gives ? 1 : 0);
    gain += excess - change;
    growth += change - (member.layer === undefined ? excess : 1);
  }
  for (const value of readersOf(members).keys()) {
    if (members.has(value) || demandOf(value, owners, facts).gives) continue;
    gain--;
    growth++;
  }
  return { gain, growth };
}
