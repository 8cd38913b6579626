import type { compose } from "../../src/affine/channel-affine.js";
import type { addKernels, alignTaps, composeKernels, isUnpadded } from "../../src/affine/kernels.js";
import type { multiplyMatrices } from "../../src/affine/matrices.js";
import type { planUp } from "../../src/fold/plan.js";
import type { landRemainder } from "../../src/fold/remainder.js";
import type { readConv } from "../../src/ops/convolution/kernel.js";
import type { readProduct } from "../../src/ops/linear/product.js";
import type { partsAlong, positions } from "../../src/rewrite/cuts.js";
import type { flatten } from "../../src/rewrite/nested.js";
import type { readPad } from "../../src/rewrite/pad.js";
import type { Pass } from "../../src/rewrite/pass.js";
import type { Rewriter } from "../../src/rewrite/rewriter.js";
import type { AffineFacets } from "../../src/rules/affine/facet.js";
import type { evaluateConstants } from "../../src/runtime/evaluate.js";

/** Functions that the test file mocks, so that each call asks whether a broken copy stands in for it. */
export interface Replaceable {
  readonly compose: typeof compose;
  readonly addKernels: typeof addKernels;
  readonly alignTaps: typeof alignTaps;
  readonly composeKernels: typeof composeKernels;
  readonly isUnpadded: typeof isUnpadded;
  readonly multiplyMatrices: typeof multiplyMatrices;
  readonly planUp: typeof planUp;
  readonly landRemainder: typeof landRemainder;
  readonly readConv: typeof readConv;
  readonly readProduct: typeof readProduct;
  readonly evaluateConstants: typeof evaluateConstants;
  readonly positions: typeof positions;
  readonly partsAlong: typeof partsAlong;
  readonly readPad: typeof readPad;
  readonly flatten: typeof flatten;
}

export type Break<T> = (real: T) => T;

/** The broken parts: each entry makes a wrong copy from the right one. */
export interface Broken {
  /** The affine facets of operators, by operator type. */
  readonly facets?: Readonly<Record<string, Break<AffineFacets>>>;
  readonly functions?: { readonly [K in keyof Replaceable]?: Break<Replaceable[K]> };
  /** Whole passes by name. */
  readonly passes?: Readonly<Record<string, Break<Pass>>>;
  readonly setConstant?: (rewriter: Rewriter, ...args: Parameters<Rewriter["setConstant"]>) => void;
}

/** A rule replaced by a copy that is wrong in one way. */
export interface Mutant {
  readonly name: string;
  /** The pass whose rewrites the rule decides; fold-affine-up by default. */
  readonly pass?: string;
  /** Passes that may make the same mistake once it is denied to that one. */
  readonly also?: readonly string[];
  /** In the text syntax: where the right rule fires and the wrong one shows. */
  readonly model: string;
  /** The right rule does not fire but refuses with this reason, and the copy forgets to. */
  readonly guard?: string | RegExp;
  readonly broken: Broken;
}

/** Which copy stands in at the moment. Nothing else is imported here: the mocks do while their modules load. */
export const stage: { broken: Broken } = { broken: {} };

/** The function to call now. */
export function playing<K extends keyof Replaceable>(name: K, real: Replaceable[K]): Replaceable[K] {
  return stage.broken.functions?.[name]?.(real) ?? real;
}
