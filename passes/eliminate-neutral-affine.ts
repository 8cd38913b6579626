import { isScaleOnly, isShiftOnly } from "../src/affine/channel-affine.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import { LIFTED, liftAffine } from "../src/ops/affine.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { constantTensor } from "../src/rules/constants.js";
import { isBiasOfFusedAttention } from "../src/target/attention.js";

const SENTENCES = {
  biasOfFusedAttention: (): string =>
    "it adds zero, but onnxruntime fuses the attention around it only with it; --target any removes it",
} as const;

/** Why a map that changes nothing stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Remove per-channel scales by one and shifts by zero.
 *
 *   before   y = Add(x, zero)
 *            z = Relu(y)
 *   after    z = Relu(x)
 *
 * Mul and Div by one, Add and Sub of zero, and a BatchNormalization whose result is its input, where the constant does not
 * broadcast x.
 *
 * Refuses    nodes that cannot be read as an affine map; a graph output whose name x cannot take
 * Numerics   exact, but for the sign of a zero
 */
export const eliminateNeutralAffine: Pass = {
  kind: "rules",
  name: "eliminate-neutral-affine",
  summary: "A scale by one and a shift by zero, of each channel or of all, are removed",
  before: "y = Add(x, zero)  z = Relu(y)",
  after: "z = Relu(x)",
  numerics: "exact",
  specials: {
    mayChange: ["negative-zero"],
    because: "x + 0 is 0 for -0; x - 0, x * 1 and x / 1 keep it",
  },
  order: "any place",
  refusals,
  rules: [{ operators: LIFTED, match }],
};

function match(node: Node, { facts, settings }: View): Proposal | Refusal | undefined {
  const lifted = liftAffine(node, facts);
  if (lifted === undefined || isRefusal(lifted)) return undefined;
  if (!isShiftOnly(lifted.map) || !isScaleOnly(lifted.map)) return undefined;
  const output = node.output(0);
  if (output === undefined) return undefined;
  if (settings.target === "onnxruntime" && isBiasOfFusedAttention(node, facts))
    return refusals.biasOfFusedAttention();
  return readThrough(node, output, lifted.input, "changes nothing", keepsZeros(node) ? [] : undefined);
}

/** Whether -0 stays -0: x + -0 and x - 0 keep it, as products by one do; x + 0 does not. */
function keepsZeros(node: Node): boolean {
  if (node.is("Mul", "Div")) return true;
  const zeros = constantTensor(node.input(1)) ?? constantTensor(node.input(0));
  const kept = node.is("Sub") ? 0 : -0;
  return node.is("Add", "Sub") && (zeros?.toFloat64().every((zero) => Object.is(zero, kept)) ?? false);
}
