import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import type { DType } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { TensorIndex } from "../src/rewrite/tensor-index.js";
import { constantTensor } from "../src/rules/constants.js";

const SENTENCES = {
  quantizedByOtherParameters: (): string =>
    "it quantizes by other parameters than its input was dequantized by",
  quantizedAlongOtherAxis: (): string =>
    "it quantizes along another axis than its input was dequantized along",
  scaleIsNotConstantFloat: (): string => "its scale is not a constant of type float",
  scaleIsExtreme: (): string => "its scale is so small or large that dequantizing loses bits",
} as const;

/** Why a pair stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Remove a DequantizeLinear whose result is quantized again by the same parameters, and the QuantizeLinear.
 *
 *   before   d = DequantizeLinear(q, s, z)  r = QuantizeLinear(d, s, z)  y = QLinearConv(r, ...)
 *   after    y = QLinearConv(q, ...)
 *
 * The pair in the other order stays, because it rounds its input.
 *
 * Math       round((q - z) * s / s) + z = q: two roundings of float move q - z, at most 65535, by less than 0.02
 * Requires   integers of up to 16 bits; the same constant float scale, zero point, axis and block size
 * Refuses    parameters that differ or are computed; scales so small or large that products are subnormal or infinite
 * Numerics   exact
 */
export const eliminateQuantizationPairs: Pass = {
  kind: "rules",
  name: "eliminate-quantization-pairs",
  summary: "A DequantizeLinear and a QuantizeLinear that undo each other are removed",
  before: "d = DequantizeLinear(q, s, z)  r = QuantizeLinear(d, s, z)",
  after: "r is q",
  numerics: "exact",
  specials: { mayChange: [], because: "its values are integers" },
  order: "any place",
  refusals,
  rules: [{ operators: ["QuantizeLinear"], match }],
};

const SMALL: ReadonlySet<DType> = new Set<DType>(["int8", "uint8", "int16", "uint16", "int4", "uint4"]);

/** With a scale between these bounds, every product with an integer of up to 65535 is a normal number. */
const LEAST = 2 ** -120;
const MOST = 2 ** 100;

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const before = middle?.producer;
  if (!node.is("QuantizeLinear") || output === undefined) return undefined;
  if (!before?.is("DequantizeLinear") || facts.isCall(before)) return undefined;
  const [source, scale] = [before.input(0), constantTensor(before.input(1))];
  if (source === undefined || node.hasReferences || before.hasReferences) return undefined;
  const dtype = facts.dtype(source);
  if (dtype === undefined || !SMALL.has(dtype) || dtype !== facts.dtype(output)) return undefined;
  if (!sameOperand(node.input(1), before.input(1)) || !sameOperand(node.input(2), before.input(2)))
    return refusals.quantizedByOtherParameters();
  if (
    node.int("axis", 1) !== before.int("axis", 1) ||
    node.int("block_size", 0) !== before.int("block_size", 0)
  )
    return refusals.quantizedAlongOtherAxis();
  if (scale?.dtype !== "float") return refusals.scaleIsNotConstantFloat();
  const fits = scale.toFloat64().every((size) => Math.abs(size) >= LEAST && Math.abs(size) <= MOST);
  if (!fits) return refusals.scaleIsExtreme();
  return readThrough(node, output, source, `quantizes again what ${before.label} dequantized`);
}

function sameOperand(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  const [left, right] = [constantTensor(a), constantTensor(b)];
  if (left === undefined || right === undefined) return false;
  const tensors = new TensorIndex();
  return tensors.idOf(left) === tensors.idOf(right);
}
