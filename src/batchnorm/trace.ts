import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node, Use, Value } from "../ir/graph.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { isLinear, readLinear } from "./linear.js";
import { refusals } from "./refusals.js";
import type { LinearLayer } from "./site.js";

/**
 * True for an operator that hands the layer's channels on to the nonlinearity behind it; the normalization stays at the
 * layer.
 */
function carriesChannels(node: Node): boolean {
  return (
    hasTrait(node, "rearranges") ||
    hasTrait(node, "pools") ||
    hasTrait(node, "resamples") ||
    node.is("Dropout", "Split")
  );
}

/** True for an operator that brings several branches together. */
function joinsBranches(node: Node): boolean {
  return node.is("Concat", "Add", "Sum");
}

/** A layer that feeds a nonlinearity, and the reader of its output on the way there. */
export interface LayerSource {
  /** The layer. */
  readonly layer: LinearLayer;
  /** The use of its output on that way. */
  readonly reader: Use;
}

/** A residual sum that feeds a nonlinearity. */
export interface SumSource {
  /** The Add or Sum. */
  readonly sum: Node;
  /** Its output. */
  readonly value: Value;
  /** A layer in one of its branches, whose channels are those of the sum. */
  readonly layer: LinearLayer;
  /** The use of the sum on the way to the nonlinearity. */
  readonly reader: Use;
}

/** The layers and sums that feed a value. */
export interface Trace {
  /** The layers, each with its reader. */
  readonly layers: readonly LayerSource[];
  /** The residual sums, where the tracer stops at them. */
  readonly sums: readonly SumSource[];
  /** For each path that reaches no layer, the reason. */
  readonly obstacles: readonly Refusal[];
}

/** Follows data backwards from what a nonlinearity reads to the layers that feed it. */
export class Tracer {
  readonly #facts: Facts;
  readonly #sums: boolean;
  readonly #layers = new Map<Node, LinearLayer | Refusal>();
  /** The results by value, because many paths reach the same values of a residual stream. */
  readonly #known = new Map<Value, Trace>();

  /** `sums`: stop at sums of two computed values instead of going into their branches. */
  constructor(facts: Facts, sums: boolean) {
    this.#facts = facts;
    this.#sums = sums;
  }

  #layer(node: Node): LinearLayer | Refusal {
    let found = this.#layers.get(node);
    if (found === undefined) {
      found = readLinear(node, this.#facts);
      this.#layers.set(node, found);
    }
    return found;
  }

  /** Finds what feeds `value`, which `reader` reads. */
  trace(value: Value, reader: Use): Trace {
    const { producer } = value;
    const direct = producer === undefined ? undefined : this.#directLayer(producer);
    if (isRefusal(direct)) return blocked(direct);
    if (direct !== undefined) return { ...NOTHING, layers: [{ layer: direct, reader }] };
    if (producer !== undefined && joinsBranches(producer) && this.#sums) {
      const sum = this.#sum(producer, value, reader);
      if (sum !== undefined) return { ...NOTHING, sums: [sum] };
    }
    let known = this.#known.get(value);
    if (known === undefined) {
      // A cycle, which no valid graph has, adds nothing.
      this.#known.set(value, NOTHING);
      known = this.#behind(value);
      this.#known.set(value, known);
    }
    return known;
  }

  /** The layer that a node ends: the linear operator, or the Add of its bias. */
  #directLayer(node: Node): LinearLayer | Refusal | undefined {
    if (this.#facts.isCall(node)) return undefined;
    if (isLinear(node, this.#facts)) return this.#layer(node);
    for (const operand of node.inputs) {
      const before = operand?.producer;
      const layer = before !== undefined && isLinear(before, this.#facts) ? this.#layer(before) : undefined;
      if (layer !== undefined && !isRefusal(layer) && layer.biasAdd === node) return layer;
    }
    return undefined;
  }

  /** The sum itself, where its channels lie along the axis of one of its layers. */
  #sum(node: Node, value: Value, reader: Use): SumSource | undefined {
    if (!node.is("Add", "Sum")) return undefined;
    const computed = node.inputs.filter((operand) => constantTensor(operand ?? undefined) === undefined);
    if (computed.length < 2) return undefined;
    for (const operand of computed) {
      const layer = operand?.producer && this.#directLayer(operand.producer);
      if (layer === undefined || isRefusal(layer)) continue;
      const shape = this.#facts.shape(value);
      const rank = this.#facts.rank(layer.raw);
      if (shape?.at(layer.axis) === layer.channels && shape.length === rank)
        return { sum: node, value, layer, reader };
    }
    return undefined;
  }

  #behind(value: Value): Trace {
    const { producer } = value;
    if (producer === undefined) {
      return blocked(
        value.isGraphInput ? refusals.isFedByInput(value.name) : refusals.isFedByConstant(value.name),
      );
    }
    if (this.#facts.isCall(producer)) return blocked(refusals.isFedByCall(producer.opType));
    if (hasTrait(producer, "normalizes")) return blocked(refusals.isNormalizedAlready(producer.label));
    if (
      producer.is("Mul", "Div") &&
      producer.inputs.some((operand) => constantTensor(operand ?? undefined))
    ) {
      return blocked(refusals.isScaledAlready(producer.label));
    }
    const operands = joinsBranches(producer)
      ? producer.inputs.map((_, index) => index)
      : carriesChannels(producer)
        ? [0]
        : undefined;
    if (operands === undefined) return blocked(refusals.isFedByOtherOperator(producer.label));
    const traces = operands.flatMap((index) => {
      const operand = producer.input(index);
      if (operand === undefined || constantTensor(operand) !== undefined) return [];
      return [this.trace(operand, { kind: "node", node: producer, index })];
    });
    return {
      layers: traces.flatMap((trace) => trace.layers),
      sums: traces.flatMap((trace) => trace.sums),
      obstacles: traces.flatMap((trace) => trace.obstacles),
    };
  }
}

const NOTHING: Trace = { layers: [], sums: [], obstacles: [] };

function blocked(refusal: Refusal): Trace {
  return { ...NOTHING, obstacles: [refusal] };
}
