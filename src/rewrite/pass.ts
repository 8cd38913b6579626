import type { Numerics } from "../base/numerics.js";
import type { Refusal, RefusalKind } from "../base/refusal.js";
import type { SpecialEffect, SpecialValue } from "../base/special-values.js";
import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { StandardOperator } from "../ir/operator-name.js";
import type { Tensor } from "../ir/tensor.js";
import type { Facts } from "../rules/facts.js";
import type { Composites } from "./composites.js";
import type { Rewriter } from "./rewriter.js";

/** A rewrite that is legal and has not been made yet. */
export interface Proposal {
  /** Tells a proposal from a refusal. */
  readonly kind: "rewrite";
  /** The rewrite in one line: `Conv "c" absorbs BatchNormalization "bn"`. */
  readonly summary: string;
  /** The special values that this rewrite may change, where these are fewer than its pass may. */
  readonly mayChange?: readonly SpecialValue[];
  /** Makes the rewrite. */
  readonly apply: (rewriter: Rewriter) => void;
}

/** The read-only context of a rule. */
export interface View {
  /** The model that is being rewritten. */
  readonly model: Model;
  /** Facts about the values of the model. */
  readonly facts: Facts;
  /** Options of this run. */
  readonly settings: Settings;
}

/** Options that passes read. */
export interface Settings {
  /** Bytes by which computed constants may make the model grow in all, net of the constants that go away. */
  readonly growthLimit: number;
  /** Put the bodies of functions in the place of their calls. */
  readonly inlineFunctions: boolean;
  /** Leave out rewrites that may change NaN, infinity, -0 or the result of empty tensors. */
  readonly preserveNonfinite: boolean;
  /** The runtime whose fusions stay possible; "any": none is known. */
  readonly target: "onnxruntime" | "any";
}

/**
 * A local rewrite. `match` is pure and gives a proposal, a refusal with its reason, or undefined for a node that the
 * rule does not concern.
 */
export interface Rule {
  /** The operators whose nodes the rule may match; undefined: all. */
  readonly operators?: readonly StandardOperator[];
  /** Looks at a node and changes nothing. */
  readonly match: (node: Node, view: View) => Proposal | Refusal | undefined;
}

/**
 * The passes that a pass needs before or behind it in a round, by name, each with the reason. Passes run in rounds until none
 * of them finds anything, so their order matters only where one pass removes a pattern that another could use.
 */
export interface PassOrder {
  /** The passes that it has to follow. */
  readonly after?: Readonly<Record<string, string>>;
  /** The passes that it has to precede. */
  readonly before?: Readonly<Record<string, string>>;
}

/** The description that every pass gives of itself; `normfold passes` prints it. */
export interface PassInfo {
  /** Verb first, kebab-case; equals its file name and its name on the command line. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** The graph that it looks for and the graph that it leaves, in ONNX text. */
  readonly before: string;
  /** The graph that it leaves. */
  readonly after: string;
  /** How its rewrites may change the numbers. */
  readonly numerics: Numerics;
  /** What they may do to NaN, infinity, -0 and empty tensors; a pass that does not say so may do anything. */
  readonly specials?: SpecialEffect;
  /** The constraints on the place of the pass. A pass without any may still be named in those of others. */
  readonly order?: "any place" | PassOrder;
  /** True for a pass that weighs a whole region: it has its turn when the others have nothing to do. Default false. */
  readonly waits?: boolean;
  /**
   * The refusals that are this pass's own, by name; docs/refusals.md lists them. Those of the engines it uses are not
   * among them.
   */
  readonly refusals?: Readonly<Record<string, RefusalKind<never[]>>>;
}

/** A pass is a set of rules that run to their fixed point, or a procedure over the whole model. */
export type Pass = PassInfo &
  (
    | { readonly kind: "rules"; readonly rules: readonly Rule[] }
    | { readonly kind: "procedure"; readonly run: (context: PassContext) => void | Promise<void> }
  );

/** The pass as it is given; for the types. */
export function definePass(pass: Pass): Pass {
  return pass;
}

/** The tools of a procedure pass. Every change goes through `attempt`, which asks the gate and keeps the log. */
export interface PassContext {
  /** The model and its facts. */
  readonly view: View;
  /** Evaluates constants by running nodes in onnxruntime; undefined when no runtime is at hand. */
  readonly evaluate: Evaluate | undefined;
  /** The expressions that stand as one node until the end of the run. */
  readonly composites: Composites;
  /** Bytes of the growth limit that all passes of the run have used up. */
  readonly growth: { spent: number };
  /** Operations that computing constants has taken in the run; see compute-plan.ts. */
  readonly computed: { operations: number };
  /**
   * Makes the proposal; false when the gate or the settings deny it. `place` is the node, or the name of the value, that
   * names the place across runs.
   */
  attempt(place: Node | string, proposal: Proposal): boolean;
  /** Notes why a node was left alone. */
  refused(node: Node, refusal: Refusal): void;
}

/** Runs a model without inputs and gives the values of its outputs, in order. */
export type Evaluate = (model: Model) => Promise<readonly Tensor[]>;

/** One rewrite that was made. `key` is stable over runs on the same model, so that it can be denied and replayed. */
export interface RewriteRecord {
  /** The name of the pass. */
  readonly pass: string;
  /** The place, by a name that is the same in every run on the same model. */
  readonly key: string;
  /** The rewrite in one line. */
  readonly summary: string;
  /** How it may change the numbers. */
  readonly numerics: Numerics;
  /** The special values that it may change. */
  readonly mayChange: readonly SpecialValue[];
  /** Change in the number of nodes (negative: fewer). */
  readonly nodes: number;
}

/** The constants of a result that one pass added or made larger. */
export interface AddedConstants {
  /** The name of the pass. */
  readonly pass: string;
  /** Bytes by which they are more than before. */
  readonly bytes: number;
  /** How many they are. */
  readonly count: number;
  /** The name of the one that added most. */
  readonly largest: string;
}

/** A rewrite that was not made, and why. */
export interface RefusalRecord {
  /** The name of the pass. */
  readonly pass: string;
  /** The label of the node that was left alone. */
  readonly node: string;
  /** Its operator. */
  readonly opType: string;
  /** Names the kind of refusal; see Refusal. */
  readonly id: string;
  /** The sentence for the user. */
  readonly reason: string;
}
