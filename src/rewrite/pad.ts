import type { Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import type { Facts } from "../rules/facts.js";
import { refusals as shared } from "../rules/refusals.js";
import { normalAxes, rankOf } from "../rules/shapes.js";
import { refusals } from "./refusals.js";

/** The pads of a Pad and its constant. */
export interface Padding {
  readonly input: Value;
  readonly mode: string;
  /** The begins of all axes, then the ends; a negative pad cuts off. */
  readonly pads: readonly number[];
  /** The number that mode "constant" pads with. */
  readonly value: number;
}

/** A Pad of any version, or why it cannot be read. */
export function readPad(node: Node, facts: Facts): Padding | Refusal {
  if (node.hasReferences) return shared.attributeIsSetByCaller();
  const [input, filling, given] = [node.input(0), node.input(2), node.input(3)];
  const rank = rankOf(input, facts);
  if (input === undefined || rank === undefined) return shared.inputRankIsUnknown();
  const counts = node.input(1);
  const pads = counts === undefined ? (node.ints("pads") ?? node.ints("paddings")) : facts.numbers(counts);
  const named = given === undefined ? [...Array(rank).keys()] : facts.numbers(given);
  const axes = named === undefined ? undefined : normalAxes(named, rank);
  if (pads === undefined || axes === undefined || pads.length !== 2 * axes.length) {
    return shared.parameterIsUnknown("pads");
  }
  const value = filling === undefined ? node.float("value", 0) : facts.numbers(filling)?.[0];
  if (value === undefined) return refusals.padValueIsUnknown();
  const all = new Array<number>(2 * rank).fill(0);
  for (const [at, axis] of axes.entries()) {
    all[axis] = pads[at] ?? 0;
    all[axis + rank] = pads[at + axes.length] ?? 0;
  }
  return { input, mode: node.string("mode", "constant"), pads: all, value };
}
