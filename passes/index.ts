import type { Pass } from "../src/rewrite/pass.js";
import { composeAffine } from "./compose-affine.js";
import { eliminateDead } from "./eliminate-dead.js";
import { eliminateDefaultInputs } from "./eliminate-default-inputs.js";
import { eliminateDropout } from "./eliminate-dropout.js";
import { eliminateExpands } from "./eliminate-expands.js";
import { eliminateIdentity } from "./eliminate-identity.js";
import { eliminateNeutralAffine } from "./eliminate-neutral-affine.js";
import { eliminateNeutralOperands } from "./eliminate-neutral-operands.js";
import { eliminateNoOpMovement } from "./eliminate-no-op-movement.js";
import { eliminateQuantizationPairs } from "./eliminate-quantization-pairs.js";
import { eliminateTransposes } from "./eliminate-transposes.js";
import { eliminateViews } from "./eliminate-views.js";
import { flattenLinearLayers } from "./flatten-linear-layers.js";
import { foldAffineDown } from "./fold-affine-down.js";
import { foldAffineUp } from "./fold-affine-up.js";
import { foldConstants } from "./fold-constants.js";
import { fuseAttention } from "./fuse-attention.js";
import { fuseCompoundOperators } from "./fuse-compound-operators.js";
import { fuseExactOperators } from "./fuse-exact-operators.js";
import { fuseGemm } from "./fuse-gemm.js";
import { fusePad } from "./fuse-pad.js";
import { fuseRotaryEmbedding } from "./fuse-rotary-embedding.js";
import { inlineControlFlow } from "./inline-control-flow.js";
import { inlineFunctions } from "./inline-functions.js";
import { keepRuntimeFusions } from "./keep-runtime-fusions.js";
import { liftConstants } from "./lift-constants.js";
import { mergeAdjacentSlices } from "./merge-adjacent-slices.js";
import { mergeCommonSubexpressions } from "./merge-common-subexpressions.js";
import { mergeDuplicateInitializers } from "./merge-duplicate-initializers.js";
import { mergeLinearChains } from "./merge-linear-chains.js";
import { mergeMovementChains } from "./merge-movement-chains.js";
import { mergeParallelBranches } from "./merge-parallel-branches.js";
import { mergeSlicesAndConcats } from "./merge-slices-and-concats.js";
import { mergeUnaryChains } from "./merge-unary-chains.js";
import { mergeVariadicChains } from "./merge-variadic-chains.js";
import { mergeViewChains } from "./merge-view-chains.js";
import { simplifyAttention } from "./simplify-attention.js";
import { simplifyConcat } from "./simplify-concat.js";
import { simplifyReshape } from "./simplify-reshape.js";
import { simplifyResize } from "./simplify-resize.js";
import { simplifySequences } from "./simplify-sequences.js";
import { simplifySizes } from "./simplify-sizes.js";

/** Former pass names and the passes that replaced them, so that the error for an old name can name the new ones. */
export const FORMER_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["eliminate-no-ops", ["eliminate-no-op-movement", "eliminate-neutral-operands"]],
  ["join-slices", ["merge-adjacent-slices"]],
  ["merge-idempotent-chains", ["merge-unary-chains"]],
  ["merge-slices", ["merge-slices-and-concats"]],
]);

/**
 * Every pass, in the order in which the pipeline runs them. Each says in `order` which passes it has to follow or
 * precede, and why; test/order.test.ts holds this list to it. A new pass is registered here and nowhere else.
 */
export const PASSES: readonly Pass[] = [
  inlineFunctions,
  liftConstants,
  eliminateIdentity,
  eliminateDropout,
  foldConstants,
  inlineControlFlow,
  simplifyReshape,
  simplifyResize,
  simplifySizes,
  eliminateExpands,
  eliminateNoOpMovement,
  keepRuntimeFusions,
  eliminateNeutralOperands,
  eliminateDefaultInputs,
  mergeMovementChains,
  fuseRotaryEmbedding,
  fuseAttention,
  simplifyAttention,
  eliminateTransposes,
  fusePad,
  eliminateQuantizationPairs,
  mergeUnaryChains,
  mergeViewChains,
  eliminateViews,
  simplifySequences,
  mergeSlicesAndConcats,
  simplifyConcat,
  mergeAdjacentSlices,
  eliminateNeutralAffine,
  fuseCompoundOperators,
  composeAffine,
  foldAffineUp,
  mergeParallelBranches,
  mergeLinearChains,
  foldAffineDown,
  flattenLinearLayers,
  fuseGemm,
  fuseExactOperators,
  mergeVariadicChains,
  mergeDuplicateInitializers,
  mergeCommonSubexpressions,
  eliminateDead,
];
