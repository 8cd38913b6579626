import { graphsOf } from "../ir/attribute.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { changesOf, isRenamed, nameOf, operatorOf, referenceToNode } from "./changes.js";
import { matchNodes, nodesOf } from "./match-nodes.js";
import type { NodeChange, NodeReference, TextChange, WeightChange, WeightReference } from "./model-diff.js";
import { Twins } from "./twins.js";
import { changeOf, referenceTo, type Weight, weightsOf } from "./weights.js";

/** The nodes and constants of all graphs of two models. */
export class GraphDiff {
  readonly #twins = new Twins();
  readonly nodes = {
    same: 0,
    renamed: 0,
    changed: [] as NodeChange[],
    removed: [] as NodeReference[],
    added: [] as NodeReference[],
  };
  readonly weights = {
    same: 0,
    renamed: 0,
    changed: [] as WeightChange[],
    removed: [] as WeightReference[],
    added: [] as WeightReference[],
  };

  /** Compares two graphs, and the bodies in nodes that both have. */
  compare(a: Graph, b: Graph, path: string): void {
    this.#twins.pairGraphs(a, b);
    this.#pairInputs(a, b);
    this.#compareWeights(weightsOf(a), weightsOf(b), path);
    matchNodes(a, b, this.#twins);
    for (const node of nodesOf(a)) {
      const twin = this.#twins.nodeOf(node);
      if (twin === undefined) this.nodes.removed.push(referenceToNode(node, path));
      else this.#compareNodes(node, twin, path);
    }
    for (const node of nodesOf(b))
      if (!this.#twins.isTaken(node)) this.nodes.added.push(referenceToNode(node, path));
  }

  /** Outputs of one name that other nodes give, although the second model has the node that gave it in the first. */
  rewired(a: Graph, b: Graph): readonly TextChange[] {
    return a.outputs.flatMap((value) => {
      const other = b.outputs.find(({ name }) => name === value.name);
      const twin = this.#twins.valueOf(value);
      if (other === undefined || twin === undefined || this.#twins.areSame(value, other)) return [];
      return [{ name: value.name, before: `from ${sourceOf(twin)}`, after: `from ${sourceOf(other)}` }];
    });
  }

  /** By name; those that have no twin then, in order. */
  #pairInputs(a: Graph, b: Graph): void {
    const byName = new Map(b.inputs.map((value) => [value.name, value]));
    const rest = a.inputs.filter((value) => {
      const twin = byName.get(value.name);
      if (twin !== undefined) this.#twins.pairValues(value, twin);
      byName.delete(value.name);
      return twin === undefined;
    });
    for (const [index, twin] of [...byName.values()].entries()) {
      const value = rest[index];
      if (value !== undefined) this.#twins.pairValues(value, twin);
    }
  }

  /** By name where the content is the same, then by content, then by name. */
  #compareWeights(first: readonly Weight[], second: readonly Weight[], path: string): void {
    const byName = new Map(second.map((weight) => [weight.value.name, weight]));
    const free = new Set(second);
    const pair = (a: Weight, b: Weight): void => {
      this.#twins.pairValues(a.value, b.value);
      free.delete(b);
    };
    const unlike = first.filter((weight) => {
      const twin = byName.get(weight.value.name);
      if (twin === undefined || !this.#twins.areSame(weight.value, twin.value)) return true;
      pair(weight, twin);
      this.weights.same++;
      return false;
    });
    const byContent = new Map([...free].map((weight) => [this.#twins.contentOf(weight), weight]));
    const unknown = unlike.filter((weight) => {
      const twin = byContent.get(this.#twins.contentOf(weight));
      if (twin === undefined || !free.has(twin)) return true;
      pair(weight, twin);
      this.weights.same++;
      this.weights.renamed++;
      return false;
    });
    for (const weight of unknown) {
      const twin = byName.get(weight.value.name);
      if (twin === undefined || !free.has(twin)) this.weights.removed.push(referenceTo(weight, path));
      else {
        pair(weight, twin);
        this.weights.changed.push(changeOf(weight, twin, path));
      }
    }
    this.weights.added.push(...[...free].map((weight) => referenceTo(weight, path)));
  }

  #compareNodes(a: Node, b: Node, path: string): void {
    const changes = changesOf(a, b, this.#twins);
    if (changes.length > 0)
      this.nodes.changed.push({ ...referenceToNode(a, path), nameAfter: nameOf(b), changes });
    else {
      this.nodes.same++;
      if (isRenamed(a, b)) this.nodes.renamed++;
    }
    for (const attr of a.attributes.values()) {
      const other = b.attribute(attr.name);
      const bodies = other === undefined ? [] : graphsOf(other);
      for (const [index, body] of graphsOf(attr).entries()) {
        const twin = bodies[index];
        const place = `${operatorOf(a)} "${nameOf(a)}" ${attr.name}`;
        if (twin !== undefined) this.compare(body, twin, path === "" ? place : `${path}, ${place}`);
      }
    }
  }
}

function sourceOf(value: Value): string {
  const { producer, name } = value;
  return producer === undefined ? `"${name}"` : producer.label;
}
