import { createFacts } from "../analysis/fact-table.js";
import type { Refusal } from "../base/refusal.js";
import type { Graph, Node, Use, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import { type Activation, activationsOf, endsModel, isGate } from "./activations.js";
import { refusals } from "./refusals.js";
import { deselected } from "./selection.js";
import { type LinearLayer, type PassedOver, passOver, type Site, type SiteOptions } from "./site.js";
import { Tracer } from "./trace.js";

/** The places of a model that can be normalized, and the nonlinearities that cannot. */
export interface FoundSites {
  /** The sites, in the order of the model's nodes. */
  readonly sites: readonly Site[];
  /** Nonlinearities without a site, and sites that `include` and `exclude` leave out. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * Finds the places for BatchNormalization of Ioffe & Szegedy 2015, section 3.2: outputs of Conv, ConvTranspose, Gemm
 * and MatMul (+ Add) that reach a nonlinearity directly, through a residual sum, Concat, pooling or views. A layer has
 * one place, however many nonlinearities read it. The model is not changed.
 */
export function findSites(
  model: Model,
  options: SiteOptions = {},
  facts: Facts = createFacts(model),
): FoundSites {
  const search = new Search(facts, options);
  for (const graph of model.graph.withSubgraphs()) search.visit(graph);
  for (const fn of model.functions) search.refuseInFunction(fn.body, fn.name);
  return search.finish();
}

interface Draft {
  readonly value: Value;
  readonly layer: LinearLayer;
  readonly isSum: boolean;
  readonly activations: Map<Node, string>;
  readonly readers: Map<string, Use>;
}

class Search {
  readonly #facts: Facts;
  readonly #options: SiteOptions;
  readonly #tracer: Tracer;
  readonly #drafts = new Map<Value, Draft>();
  readonly #passedOver: PassedOver[] = [];
  readonly #ids = new Map<Node, number>();

  constructor(facts: Facts, options: SiteOptions) {
    this.#facts = facts;
    this.#options = options;
    this.#tracer = new Tracer(facts, options.residual === "sum");
  }

  visit(graph: Graph): void {
    for (const activation of activationsOf(graph, this.#facts)) {
      const refusal = this.#reject(activation, graph) ?? this.#collect(activation);
      if (refusal !== undefined) this.#passOver(activation.node, activation.kind, refusal);
    }
  }

  refuseInFunction(body: Graph, name: string): void {
    for (const { node, kind } of activationsOf(body, this.#facts)) {
      this.#passOver(node, kind, refusals.isInFunction(name));
    }
  }

  #passOver(node: Node, opType: string, refusal: Refusal): void {
    this.#passedOver.push(passOver(node.name || node.key, opType, refusal));
  }

  #reject(activation: Activation, graph: Graph): Refusal | undefined {
    const { bodies = false, gates = false, outputs = false } = this.#options;
    if (graph.owner !== undefined && !bodies) return refusals.isInBody(graph.owner.label);
    if (!gates && isGate(activation, this.#facts)) return refusals.isGate();
    if (!outputs && endsModel(activation, this.#facts)) return refusals.isModelOutput();
    return undefined;
  }

  /** Drafts a site for each layer that feeds the nonlinearity; the reason if there is none. */
  #collect(activation: Activation): Refusal | undefined {
    const uses = [...activation.input.uses].filter(
      (use) => use.kind === "node" && activation.nodes.has(use.node),
    );
    let obstacles: readonly Refusal[] = [];
    let found = false;
    for (const use of uses) {
      const trace = this.#tracer.trace(activation.input, use);
      obstacles = trace.obstacles;
      for (const { layer, reader } of trace.layers) {
        this.#draft(layer.output, layer, false, activation, reader);
        found = true;
      }
      for (const { value, layer, reader } of trace.sums) {
        this.#draft(value, layer, true, activation, reader);
        found = true;
      }
    }
    return found ? undefined : (obstacles[0] ?? refusals.isFedByNoLayer());
  }

  #draft(value: Value, layer: LinearLayer, isSum: boolean, activation: Activation, reader: Use): void {
    let draft = this.#drafts.get(value);
    if (draft === undefined) {
      draft = { value, layer, isSum, activations: new Map(), readers: new Map() };
      this.#drafts.set(value, draft);
    }
    draft.activations.set(activation.node, activation.kind);
    if (reader.kind === "node") draft.readers.set(`${this.#id(reader.node)} ${reader.index}`, reader);
  }

  #id(node: Node): number {
    const id = this.#ids.get(node) ?? this.#ids.size;
    this.#ids.set(node, id);
    return id;
  }

  finish(): FoundSites {
    const sites: Site[] = [];
    for (const draft of this.#drafts.values()) {
      const site = siteOf(draft);
      const refusal = deselected(namesOf(site), this.#options);
      if (refusal === undefined) sites.push(site);
      else this.#passedOver.push(passOver(site.name, draft.layer.node.opType, refusal));
    }
    return { sites, passedOver: this.#passedOver };
  }
}

function siteOf({ value, layer, isSum, activations, readers }: Draft): Site {
  const source = isSum ? value.producer : layer.node;
  const others = [...value.uses].filter((use) => {
    if (use.kind !== "node") return true;
    return ![...readers.values()].some(
      (reader) => reader.kind === "node" && reader.node === use.node && reader.index === use.index,
    );
  });
  return {
    name: source?.name || value.name,
    value,
    axis: layer.axis,
    channels: layer.channels,
    dtype: layer.dtype,
    layer: isSum ? undefined : layer,
    activations: [...activations].map(([node, kind]) => ({ node, kind })),
    readers: [...readers.values()],
    // Shape and Size do not read elements.
    exclusive: others.every((use) => use.kind === "node" && hasTrait(use.node, "givesSizes")),
    inBody: value.graph.owner !== undefined,
  };
}

/** The names that `include` and `exclude` patterns are matched with. */
function namesOf(site: Site): readonly string[] {
  const nodes = [site.layer?.node ?? site.value.producer, ...site.activations.map(({ node }) => node)];
  return [
    site.name,
    site.value.name,
    ...nodes.flatMap((node) => (node === undefined ? [] : [node.opType, node.name ?? "", node.key])),
    ...site.activations.map(({ kind }) => kind),
  ];
}
