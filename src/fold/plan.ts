import { channelCount, isScaleOnly, isShiftOnly } from "../affine/channel-affine.js";
import { transformConstant } from "../affine/transform-constant.js";
import { isRefusal, type Refusal, refusedAt } from "../base/refusal.js";
import type { Node, Use, Value } from "../ir/graph.js";
import { refusals as irRefusals } from "../ir/refusals.js";
import type { Tensor } from "../ir/tensor.js";
import { affineFacets, affineGap } from "../ops/affine.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Absorption, AffineFacets, PlacedMap } from "../rules/affine/facet.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import type { Landing, Reader } from "./landing.js";
import { refusals } from "./refusals.js";
import { landRemainder } from "./remainder.js";

/** A constant that others read too is copied for the map, unless it has more bytes than this. */
const MAX_COPY = 1 << 16;

/** The most operators that one plan looks at; real networks need a dozen. */
const MAX_STEPS = 256;

/**
 * The places where a map that `reader` applies to its input can go instead: against the flow of data, through operators that
 * let it pass, into the constants of others. Every part of it must land, and no other reader may see it on the way.
 */
export function planUp(reader: Reader, placed: PlacedMap, facts: Facts): readonly Landing[] | Refusal {
  const value = reader.node.input(reader.index);
  if (value === undefined) return refusals.operandIsMissing(reader.node.label);
  const landings = new Search(facts).up(value, placed, reader);
  if (isRefusal(landings)) return landings;
  const twice = reachedTwice(landings);
  return twice === undefined ? landings : refusals.nodeIsReachedTwice(twice.label);
}

/** The same with the flow of data: into every reader of `value`. */
export function planDown(value: Value, placed: PlacedMap, facts: Facts): readonly Landing[] | Refusal {
  return new Search(facts).down(value, placed);
}

class Search {
  readonly #facts: Facts;
  /** Nodes that a map has reached. Where branches join again, a node can be reached twice, and it cannot take two maps. */
  readonly #reached = new Set<Node>();
  #steps = 0;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /**
   * The facets of a node. It has none if it calls a function of the model that happens to have an operator's name, or if it
   * has references: the caller of its function sets those attributes, so the node's behaviour is unknown here.
   */
  #facetsOf(node: Node): AffineFacets {
    return this.#facts.isCall(node) || node.hasReferences ? {} : affineFacets(node);
  }

  /** Why the operator of a node has none of these functions. */
  #gapOf(node: Node): string | undefined {
    return this.#facts.isCall(node) ? undefined : affineGap(node)?.refusal;
  }

  up(value: Value, given: PlacedMap, reader: Reader): readonly Landing[] | Refusal {
    if (isIdentity(given)) return [];
    const placed = withoutAxis(given);
    const { producer } = value;
    if (producer === undefined || producer.is("Constant")) return this.#intoConstant(value, placed, reader);
    const shared = this.#seenElsewhere(value, placed, reader);
    if (shared !== undefined) return this.#copied(producer, value, placed, reader) ?? shared;
    // The caller of the function may set the axis, the group or the order of axes.
    if (producer.hasReferences) return irRefusals.attributeComesFromCaller(producer.label);
    const { absorbUp, passUp, everyOutput } = this.#facetsOf(producer);
    const output = producer.outputs.indexOf(value);
    if (output > 0 && !everyOutput) return refusals.valueIsNotFirstOutput(value.name, producer.label);
    const landed = absorbUp && this.#land(producer, absorbUp(producer, placed, this.#facts));
    if (landed !== undefined && !isRefusal(landed)) return landed;
    if (passUp === undefined)
      return landed ?? refusals.takesNoMapOfOutput(producer.label, this.#gapOf(producer));
    if (++this.#steps > MAX_STEPS) return tooLong();
    const ways = passUp(producer, placed, this.#facts, output);
    if (isRefusal(ways)) return landed ?? refusedAt(producer.label, ways);
    let best: readonly Landing[] | Refusal = refusals.letsNoMapThrough(producer.label);
    for (const way of ways) {
      const landings = this.#alongAll([...way], producer);
      if (isRefusal(best) || (!isRefusal(landings) && remainders(landings) < remainders(best)))
        best = landings;
      if (!isRefusal(best) && remainders(best) === 0) break;
    }
    return best;
  }

  #land(producer: Node, absorption: Absorption | Refusal): readonly Landing[] | Refusal {
    const own = landing(producer, absorption);
    if (isRefusal(absorption) || isRefusal(own)) return own;
    const operands = this.#alongAll([...(absorption.operands ?? [])], producer);
    return isRefusal(operands) ? operands : [...own, ...operands];
  }

  /**
   * A copy, for one reader, of a cheap node that computes the value from a constant, such as a Gather that picks rows from a
   * table; undefined for other nodes, and where a copy would need more copies. The costs decide whether it is worth it.
   */
  #copied(producer: Node, value: Value, placed: PlacedMap, reader: Reader): readonly Landing[] | undefined {
    if (!producer.is("Gather", "DequantizeLinear") || producer.graph !== reader.node.graph) return undefined;
    if (reader.everyInput) return undefined;
    if (producer.outputs[0] !== value || this.#facts.isCall(producer)) return undefined;
    const [source] = producer.inputs;
    if (source === null || source === undefined || constantTensor(source) === undefined) return undefined;
    const { absorbUp, passUp } = this.#facetsOf(producer);
    if (absorbUp !== undefined) {
      const absorption = absorbUp(producer, placed, this.#facts);
      const whole = !isRefusal(absorption) && absorption.operands === undefined;
      return whole ? [{ node: producer, absorption, copyFor: reader }] : undefined;
    }
    const ways = passUp?.(producer, placed, this.#facts, 0);
    const part = ways === undefined || isRefusal(ways) ? undefined : ways[0]?.get(0);
    if (part === undefined) return undefined;
    const landings = this.#intoConstant(source, part, { node: producer, index: 0 });
    if (isRefusal(landings)) return undefined;
    const small = landings.every(({ absorption }) =>
      [...absorption.constants.values()].every(({ byteLength }) => byteLength <= MAX_COPY),
    );
    return small ? landings.map((each) => ({ ...each, copyFor: reader })) : undefined;
  }

  #alongAll(parts: readonly (readonly [number, PlacedMap])[], producer: Node): readonly Landing[] | Refusal {
    const landings: Landing[] = [];
    for (const [index, part] of parts) {
      const input = producer.input(index);
      if (input === undefined) return refusals.operandIsMissing(producer.label);
      const own = this.up(input, part, { node: producer, index });
      if (isRefusal(own)) return own;
      landings.push(...passing(producer, own));
    }
    return landings;
  }

  /** The refusal for a value with other readers, unless these read only channels that the map does not change. */
  #seenElsewhere(value: Value, placed: PlacedMap, reader: Reader): Refusal | undefined {
    const shared = readElsewhere(value, reader);
    if (shared === undefined || value.isPinned || value.isGraphOutput) return shared;
    for (const use of value.uses) {
      if (readsShapeOnly(use) || use.kind !== "node" || isReader(use, reader)) continue;
      const { node, index } = use;
      const { passDown } = this.#facetsOf(node);
      for (const output of this.#outputsOf(node)) {
        const seen = passDown?.(node, index, placed, this.#facts, output);
        if (seen === undefined || isRefusal(seen) || !isIdentity(seen)) return shared;
      }
    }
    return undefined;
  }

  /** The outputs that maps can pass through. */
  #outputsOf(node: Node): readonly number[] {
    const { everyOutput } = this.#facetsOf(node);
    return node.outputs.flatMap((value, output) =>
      output === 0 || (everyOutput && value !== null && value.uses.size > 0) ? [output] : [],
    );
  }

  /** A constant on the way absorbs the map: its reader gets another constant. */
  #intoConstant(value: Value, placed: PlacedMap, reader: Reader): readonly Landing[] | Refusal {
    const tensor = constantTensor(value);
    if (tensor === undefined) {
      return refusals.takesNoMapOfOutput(`${value.isGraphInput ? "graph input" : "value"} "${value.name}"`);
    }
    if (tensor.byteLength > MAX_COPY) {
      const shared = readElsewhere(value, reader);
      if (shared !== undefined) return shared;
    }
    const mapped: Tensor | Refusal = transformConstant(tensor, placed.axis, placed.map);
    if (isRefusal(mapped)) return refusedAt(`constant "${value.name}"`, mapped);
    return [{ node: reader.node, absorption: { constants: new Map([[reader.index, mapped]]) } }];
  }

  down(value: Value, given: PlacedMap): readonly Landing[] | Refusal {
    if (isIdentity(given)) return [];
    const placed = withoutAxis(given);
    const landings: Landing[] = [];
    for (const use of value.uses) {
      if (readsShapeOnly(use)) continue;
      if (use.kind !== "node") {
        return use.kind === "output"
          ? irRefusals.valueIsGraphOutput(value.name)
          : irRefusals.valueIsPinned(value.name, use.reason);
      }
      const { node, index } = use;
      if (node.hasReferences) return irRefusals.attributeComesFromCaller(node.label);
      const { absorbDown, passDown } = this.#facetsOf(node);
      if (this.#reached.has(node)) return refusals.nodeIsReachedTwice(node.label);
      this.#reached.add(node);
      if (++this.#steps > MAX_STEPS) return tooLong();
      if (absorbDown !== undefined) {
        const absorption = absorbDown(node, index, placed, this.#facts);
        const own = landing(node, absorption);
        if (isRefusal(own) || isRefusal(absorption)) return own;
        const result = node.output(0);
        if (absorption.remainder !== undefined && result?.isPinned)
          return refusals.shiftWouldFollowPinnedValue(result.name);
        landings.push(...own.flatMap((each) => landRemainder(each, this.#facts)));
        continue;
      }
      if (passDown === undefined) return refusals.takesNoMapOfInput(node.label, this.#gapOf(node));
      for (const at of this.#outputsOf(node)) {
        const output = node.output(at);
        const next = passDown(node, index, placed, this.#facts, at);
        if (isRefusal(next)) return refusedAt(node.label, next);
        const own = output === undefined ? [] : this.down(output, next);
        if (isRefusal(own)) return own;
        landings.push(...passing(node, own));
      }
    }
    return landings;
  }
}

/** The landings of a map that goes through `node`. */
export function passing(node: Node, landings: readonly Landing[]): readonly Landing[] {
  return landings.map((landing) => ({ ...landing, through: [node, ...(landing.through ?? [])] }));
}

/** The number of shifts in a plan that found no place and need an Add each. */
export function remainders(landings: readonly Landing[]): number {
  return landings.filter(({ absorption }) => absorption.remainder !== undefined).length;
}

function tooLong(): Refusal {
  return refusals.tooManyOperatorsOnTheWay(MAX_STEPS);
}

function landing(node: Node, absorption: Absorption | Refusal): readonly Landing[] | Refusal {
  return isRefusal(absorption) ? refusedAt(node.label, absorption) : [{ node, absorption }];
}

/** A map that is the same for every channel needs no axis, and passes operators that a map along an axis does not. */
function withoutAxis(placed: PlacedMap): PlacedMap {
  const { scale, shift } = placed.map;
  const uniform =
    channelCount(placed.map) > 0 &&
    scale.every((value) => value === scale[0]) &&
    shift.every((value) => value === shift[0]);
  if (!uniform) return placed;
  return { axis: undefined, map: { scale: scale.slice(0, 1), shift: shift.slice(0, 1) } };
}

function isIdentity({ map }: PlacedMap): boolean {
  return isScaleOnly(map) && isShiftOnly(map);
}

/** A node that two parts of a map reach, which would overwrite each other. */
function reachedTwice(landings: readonly Landing[]): Node | undefined {
  const byNode = new Map<Node, Landing[]>();
  for (const landing of landings) {
    const others = byNode.get(landing.node);
    if (others === undefined) byNode.set(landing.node, [landing]);
    else if (others.some((other) => collide(other, landing))) return landing.node;
    else others.push(landing);
  }
  return undefined;
}

/** Whether two parts of a map that reach one node in different ways would overwrite each other. */
function collide(a: Landing, b: Landing): boolean {
  if (a.copyFor !== undefined || b.copyFor !== undefined) return true;
  if (affineFacets(a.node).absorbUp !== undefined) return true;
  return [...a.absorption.constants.keys()].some((index) => b.absorption.constants.has(index));
}

/** Shape and Size read only the sizes of a value, which a map does not change. */
function readsShapeOnly(use: Use): boolean {
  return use.kind === "node" && hasTrait(use.node, "givesSizes");
}

function isReader({ node, index }: Reader, reader: Reader): boolean {
  return node === reader.node && (index === reader.index || reader.everyInput === true);
}

/** The refusal for a value whose elements others read too. */
function readElsewhere(value: Value, reader: Reader): Refusal | undefined {
  if (value.pinnedBecause !== undefined) return irRefusals.valueIsPinned(value.name, value.pinnedBecause);
  if (value.isGraphOutput) return irRefusals.valueIsGraphOutput(value.name);
  const others = [...value.uses].filter(
    (use) => !readsShapeOnly(use) && !(use.kind === "node" && isReader(use, reader)),
  ).length;
  const source = value.producer?.label ?? `"${value.name}"`;
  return others > 0 ? irRefusals.outputHasOtherUses(source, others) : undefined;
}
