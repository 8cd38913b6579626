import type { Refusal } from "../base/refusal.js";
import { isStandardDomain, type Node } from "../ir/graph.js";
import type { AbsorbAffine, Absorption, LiftAffine, LiftedAffine } from "./affine-facet.js";
import { absorbIntoConv, absorbIntoConvTranspose } from "./convolution/affine.js";
import { liftArithmetic } from "./elementwise/affine.js";
import type { Facts } from "./facts.js";
import { absorbIntoGemm, absorbIntoMatMul } from "./linear/affine.js";
import { liftBatchNormalization } from "./normalization/affine.js";

const LIFTS: ReadonlyMap<string, LiftAffine> = new Map([
  ["BatchNormalization", liftBatchNormalization],
  ["Add", liftArithmetic],
  ["Div", liftArithmetic],
  ["Mul", liftArithmetic],
  ["Sub", liftArithmetic],
]);

const ABSORBERS: ReadonlyMap<string, AbsorbAffine> = new Map<string, AbsorbAffine>([
  ["Conv", absorbIntoConv],
  ["ConvTranspose", absorbIntoConvTranspose],
  ["Gemm", absorbIntoGemm],
  ["MatMul", absorbIntoMatMul],
]);

/** The node as y = scale[c] * x + shift[c], why it is not one although it looks like it, or undefined. */
export function liftAffine(node: Node, facts: Facts): LiftedAffine | Refusal | undefined {
  return isStandardDomain(node.domain) ? LIFTS.get(node.opType)?.(node, facts) : undefined;
}

/** The operators that can take a map of their output into their own constants. */
export function absorbsAffine(node: Node): boolean {
  return isStandardDomain(node.domain) && ABSORBERS.has(node.opType);
}

/** How `producer` takes the map of its output into its own constants, or why it does not. */
export function absorbAffine(
  producer: Node,
  lifted: LiftedAffine,
  facts: Facts,
): Absorption | Refusal | undefined {
  return absorbsAffine(producer) ? ABSORBERS.get(producer.opType)?.(producer, lifted, facts) : undefined;
}
