import type { Value } from "./value.js";

/** The values that names mean at a point of a graph: its own so far, and those of the graphs around it. */
export class VisibleNames {
  readonly own: Map<string, Value> = new Map<string, Value>();
  readonly outer: VisibleNames | undefined;

  constructor(outer: VisibleNames | undefined) {
    this.outer = outer;
  }

  /** The value of that name; a graph's own hide those around it. */
  get(name: string): Value | undefined {
    return this.own.get(name) ?? this.outer?.get(name);
  }
}
