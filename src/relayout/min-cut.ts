/** The vertices of the two terminals. */
export const SOURCE = 0;
export const SINK = 1;

export interface Cut {
  /** The sum of the capacities of the cut edges. */
  readonly cost: number;
  /** Whether a vertex is on the source's side; of all cheapest cuts, the one with the fewest vertices there. */
  readonly onSourceSide: (vertex: number) => boolean;
}

/** A directed graph with capacities. Deterministic: edges are looked at in the order in which they were added. */
export class CutGraph {
  readonly #edges: number[][] = [[], []];
  readonly #to: number[] = [];
  readonly #room: number[] = [];

  vertex(): number {
    return this.#edges.push([]) - 1;
  }

  /** Costs `capacity` when `from` is on the source's side and `to` on the sink's. */
  edge(from: number, to: number, capacity: number): void {
    this.#edges[from]?.push(this.#to.length);
    this.#to.push(to);
    this.#room.push(capacity);
    this.#edges[to]?.push(this.#to.length);
    this.#to.push(from);
    this.#room.push(0);
  }

  /** The cheapest cut, by augmenting paths, of which few are needed: not more than the cut costs. */
  minimum(): Cut {
    let cost = 0;
    for (;;) {
      const { arrived, reached } = this.#search();
      if (!reached) return { cost, onSourceSide: (vertex) => arrived.has(vertex) };
      let pushed = Number.POSITIVE_INFINITY;
      for (const edge of this.#path(arrived)) pushed = Math.min(pushed, this.#room[edge] ?? 0);
      for (const edge of this.#path(arrived)) {
        this.#room[edge] = (this.#room[edge] ?? 0) - pushed;
        this.#room[edge ^ 1] = (this.#room[edge ^ 1] ?? 0) + pushed;
      }
      cost += pushed;
    }
  }

  /** The edge by which each vertex was reached from the source. */
  #search(): { readonly arrived: ReadonlyMap<number, number>; readonly reached: boolean } {
    const arrived = new Map<number, number>([[SOURCE, -1]]);
    const queue = [SOURCE];
    for (const vertex of queue) {
      for (const edge of this.#edges[vertex] ?? []) {
        const to = this.#to[edge] ?? SINK;
        if ((this.#room[edge] ?? 0) <= 0 || arrived.has(to)) continue;
        arrived.set(to, edge);
        if (to === SINK) return { arrived, reached: true };
        queue.push(to);
      }
    }
    return { arrived, reached: false };
  }

  *#path(arrived: ReadonlyMap<number, number>): Generator<number, void, undefined> {
    for (let at = SINK; at !== SOURCE; ) {
      const edge = arrived.get(at) ?? -1;
      yield edge;
      at = this.#to[edge ^ 1] ?? SOURCE;
    }
  }
}
