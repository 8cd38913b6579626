import type { NormfoldError } from "../base/errors.js";
import type { Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { Composites } from "./composites.js";
import { errors } from "./errors.js";
import type {
  AddedConstants,
  Pass,
  PassContext,
  Proposal,
  RefusalRecord,
  RewriteRecord,
  View,
} from "./pass.js";
import { Rewriter } from "./rewriter.js";
import { mayChange, whyLeftOut } from "./special-values.js";

/** The rewrites that may be made. */
export interface Gate {
  /** The identities of rewrites that were found to break the model. */
  readonly denied: ReadonlySet<string>;
  /** The number of rewrites after which the run stops, so that bisection can find the first bad one. */
  readonly limit: number;
  /** The number of rewrites after which only exact ones are made. Default: no such number. */
  readonly proven?: number;
}

export const OPEN_GATE: Gate = { denied: new Set(), limit: Number.POSITIVE_INFINITY };

/** The identity of a rewrite across runs of the same pipeline on the same model. */
export function rewriteIdentity(record: { readonly pass: string; readonly key: string }): string {
  return `${record.pass}\n${record.key}`;
}

/** A rewrite's `apply` failed half-way. The model is lost, but the next run can leave this rewrite out. */
export class ApplyFailure extends Error {
  readonly record: RewriteRecord;

  constructor(record: RewriteRecord, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.record = record;
  }
}

/** The log of one run of a pipeline: the rewrites, and the refusals with their reasons. */
export class RewriteSession {
  readonly rewrites: RewriteRecord[] = [];
  readonly composites: Composites = new Composites();
  readonly #growth = { spent: 0 };
  readonly #computed = { operations: 0 };
  readonly #gate: Gate;
  /** The constants that passes added or changed, with the last pass and the bytes of before. */
  readonly #added = new Map<Value, { readonly pass: string; readonly before: number }>();
  #nodes: { readonly list: readonly Node[]; readonly rewrites: number } | undefined;
  /** The refusals by node and pass; a later refusal of a pass replaces its earlier one. */
  readonly #refusals = new Map<Node, RefusalRecord[]>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** All nodes of the model, in graph order; listed again only after a rewrite. */
  nodesOf(model: Model): readonly Node[] {
    if (this.#nodes?.rewrites !== this.rewrites.length)
      this.#nodes = { list: [...model.nodes()], rewrites: this.rewrites.length };
    return this.#nodes.list;
  }

  /** Makes a rewrite and logs it; false when the gate says no. */
  make(pass: Pass, key: string, proposal: Proposal, rewriter: Rewriter): boolean {
    const draft = {
      pass: pass.name,
      key,
      summary: proposal.summary,
      numerics: pass.numerics,
      mayChange: mayChange(pass, proposal),
    };
    if (!this.#admits(draft)) return false;
    try {
      proposal.apply(rewriter);
    } catch (error) {
      throw new ApplyFailure({ ...draft, nodes: rewriter.nodeDelta }, error);
    }
    this.rewrites.push({ ...draft, nodes: rewriter.nodeDelta });
    for (const [value, before] of rewriter.constants) {
      this.#added.set(value, { pass: pass.name, before: this.#added.get(value)?.before ?? before });
    }
    rewriter.constants.clear();
    return true;
  }

  /** What passes added to the constants that are left, by pass, the most bytes first. */
  addedConstants(): readonly AddedConstants[] {
    const byPass = new Map<string, AddedConstants & { readonly most: number }>();
    for (const [value, { pass, before }] of this.#added) {
      const bytes = (value.tensor?.byteLength ?? 0) - before;
      if (bytes <= 0 || value.uses.size === 0 || !value.graph.initializers.has(value)) continue;
      const { bytes: others = 0, count = 0, largest = "", most = 0 } = byPass.get(pass) ?? {};
      const isLargest = bytes > most;
      byPass.set(pass, {
        pass,
        bytes: others + bytes,
        count: count + 1,
        largest: isLargest ? value.name : largest,
        most: isLargest ? bytes : most,
      });
    }
    return [...byPass.values()]
      .sort((a, b) => b.bytes - a.bytes)
      .map(({ pass, bytes, count, largest }) => ({ pass, bytes, count, largest }));
  }

  #admits(draft: Pick<RewriteRecord, "pass" | "key" | "numerics">): boolean {
    const { denied, limit, proven = Number.POSITIVE_INFINITY } = this.#gate;
    const made = this.rewrites.length;
    return (
      made < limit && (made < proven || draft.numerics === "exact") && !denied.has(rewriteIdentity(draft))
    );
  }

  refused(pass: Pick<Pass, "name">, node: Node, { id, reason }: Refusal): void {
    const record = { pass: pass.name, node: node.label, opType: node.opType, id, reason };
    const records = this.#refusals.get(node);
    const earlier = records?.findIndex((each) => each.pass === pass.name) ?? -1;
    if (records === undefined) this.#refusals.set(node, [record]);
    else if (earlier < 0) records.push(record);
    else records[earlier] = record;
  }

  /** The refusals of nodes that are still there. */
  standingRefusals(): RefusalRecord[] {
    return [...this.#refusals].flatMap(([node, records]) => (node.graph === undefined ? [] : records));
  }

  /** Forgets the refusals of a pass, before it looks at the nodes again. */
  reconsider(pass: Pass): void {
    for (const records of this.#refusals.values()) {
      const at = records.findIndex((each) => each.pass === pass.name);
      if (at >= 0) records.splice(at, 1);
    }
  }

  context(pass: Pass, view: View, evaluate: PassContext["evaluate"]): PassContext {
    return {
      view,
      evaluate,
      composites: this.composites,
      growth: this.#growth,
      computed: this.#computed,
      attempt: (place, proposal) => {
        const isNode = typeof place !== "string";
        const leftOut = whyLeftOut(pass, proposal, view.settings);
        if (leftOut !== undefined && isNode) this.refused(pass, place, leftOut);
        if (leftOut !== undefined) return false;
        return this.make(pass, isNode ? place.key : place, proposal, new Rewriter(view.facts));
      },
      refused: (node, refusal) => this.refused(pass, node, refusal),
    };
  }
}

/** Wraps a violated invariant of the model in an error that names the pass that caused it. */
export function passFault(pass: Pass, model: Model, message: string): NormfoldError {
  return errors.passLeftInvalidGraph(pass.name, message).at({ element: model.graph.name ?? "graph" });
}
