import { type ChannelAffine, compose, isScaleOnly, isShiftOnly } from "../src/affine/channel-affine.js";
import { refusals as affineRefusals } from "../src/affine/refusals.js";
import { fitsRange } from "../src/affine/scale-tensor.js";
import { isRefusal, type Refusal } from "../src/base/refusal.js";
import { forType, type SpecialValue, unionOf } from "../src/base/special-values.js";
import { type FloatDType, isFloat, unitOf } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { LIFTED, liftAffine } from "../src/ops/affine.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { type Rewriter, replacementBlocked } from "../src/rewrite/rewriter.js";
import type { LiftedAffine } from "../src/rules/affine/facet.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge two per-channel scales and shifts in a row into one.
 *
 *   before   a = Mul(x, k)
 *            y = BatchNormalization(a, gamma, beta, mean, var)
 *   after    y = BatchNormalization(x, scale, shift, 0, 1)
 *
 * A pair that ends in a BatchNormalization becomes one BatchNormalization, two multiplications become one Mul, two additions
 * one Add. A Mul and an Add stay two nodes. A BatchNormalization absorbs the map behind it in fold-affine-up. A single
 * BatchNormalization is removed where gamma and beta undo mean and variance, to the last digit that its parameters have.
 *
 * Which form stays was measured once in onnxruntime 1.30 on two cores (npm run bench:forms; a busy machine, so read it in
 * ratios): on images of 256x14x14 one BatchNormalization takes 0.012 ms, Mul with Add 0.034 to 0.054, one Mul or one Add 0.009
 * to 0.016; on larger images the forms are within the noise of each other. So a scale and a shift that both stay are one
 * BatchNormalization, and where one of them goes elsewhere the other is one Mul or Add (fold-affine-down). On matrices of
 * 64x512 BatchNormalization is the slow form (0.1 to 0.5 ms against 0.03), but there a product takes the map in.
 *
 * Math       second(first(x)): scale = s2 * s1, shift = s2 * t1 + t2
 * Requires   constants; the value between has this one use; both maps along one axis, or uniform
 * Refuses    nodes that are no per-channel map; parameters that would overflow their type
 * Numerics   rounding
 */
export const composeAffine: Pass = {
  kind: "rules",
  name: "compose-affine",
  summary: "Two per-channel scales and shifts in a row become one",
  before: "a = Mul(x, k)  y = BatchNormalization(a, gamma, beta, mean, var)",
  after: "y = BatchNormalization(x, scale, shift, 0, 1)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "overflow"],
    because:
      "a BatchNormalization adds a zero, which makes 0 of -0; a product of scales may leave the type's range or become zero",
  },
  order: "any place",
  rules: [
    { operators: ["BatchNormalization"], match: matchUndone },
    { operators: LIFTED, match },
  ],
};

/**
 * Training starts from such parameters after insertion: gamma is the deviation, beta the mean (Ioffe & Szegedy 2015,
 * section 3). The error is at most unit * (|x| + |mean|), as large as the node's own rounding of x - mean and of the sum
 * with beta.
 */
function matchUndone(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const lifted = liftAffine(node, facts);
  const [gamma, mean] = [constantTensor(node.input(1)), constantTensor(node.input(3))];
  const output = node.output(0);
  if (lifted === undefined || isRefusal(lifted) || output === undefined) return undefined;
  if (gamma === undefined || mean === undefined || !isFloat(gamma.dtype)) return undefined;
  // The variance may be of another type; gamma was computed from it and rounded to its own type.
  const unit = unitOf(gamma.dtype);
  const { scale, shift } = lifted.map;
  const means = mean.toFloat64();
  const isUndone = scale.every(
    (slope, c) =>
      Math.abs(slope - 1) <= unit && Math.abs(shift[c] ?? NaN) <= unit * Math.abs(means[c] ?? NaN),
  );
  return isUndone
    ? readThrough(
        node,
        output,
        lifted.input,
        "undoes what it does",
        forType(gamma.dtype, ["negative-zero", "overflow"]),
      )
    : undefined;
}

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const second = liftAffine(node, facts);
  if (second === undefined || isRefusal(second)) return undefined;
  const producer = second.input.producer;
  const first = producer === undefined ? undefined : liftAffine(producer, facts);
  if (producer === undefined || first === undefined || isRefusal(first)) return undefined;
  if ([...second.input.uses].some((use) => use.kind !== "node" || use.node !== node)) return undefined;
  if (first.axis !== undefined && second.axis !== undefined && first.axis !== second.axis) return undefined;
  const map = compose(first.map, second.map);
  const output = node.output(0);
  if (map === undefined || output === undefined) return undefined;
  const merge = planMerge(first, second, map, facts);
  if (merge === undefined || isRefusal(merge)) return merge;
  const blocked = replacementBlocked(output, second.input);
  if (blocked !== undefined) return blocked;
  return {
    kind: "rewrite",
    summary: `${producer.label} and ${node.label} become one`,
    mayChange: forType(facts.dtype(output), changesOf(first, second, map, facts)),
    apply: (rewriter) => {
      rewriter.supersede(output, merge(rewriter));
      rewriter.removeNode(node);
      rewriter.removeNode(producer);
    },
  };
}

/**
 * Multiplied one after the other, the factors of a zero keep its sign, and two additions give -0 only where one of the
 * summed constants does. A scale that becomes zero makes NaN of infinity.
 */
function changesOf(
  first: LiftedAffine,
  second: LiftedAffine,
  { scale, shift }: ChannelAffine,
  facts: Facts,
): readonly SpecialValue[] {
  const kinds: SpecialValue[] = ["overflow"];
  const dtype = facts.dtype(first.input);
  const least = dtype === "double" ? 0 : dtype === "float16" ? 2 ** -25 : 2 ** -150;
  const factors = [first.map.scale, second.map.scale];
  const vanishes = scale.some((factor) => Math.abs(factor) <= least);
  if (vanishes && !factors.some((each) => each.includes(0))) kinds.push("nan", "infinity");
  const subtracts = [first, second].some(({ node, inputIndex }) => node.is("Sub") && inputIndex === 1);
  const normalizes = second.node.is("BatchNormalization") && shift.includes(0);
  if (subtracts || normalizes) kinds.push("negative-zero");
  return unionOf([kinds]);
}

/** Makes the merged node and gives its output. */
type Merge = (rewriter: Rewriter) => Value;

function planMerge(
  first: LiftedAffine,
  second: LiftedAffine,
  map: ChannelAffine,
  facts: Facts,
): Merge | Refusal | undefined {
  // fold-affine-up folds a map behind a BatchNormalization into its gamma and beta.
  if (first.node.is("BatchNormalization")) return undefined;
  if (second.node.is("BatchNormalization")) return intoLater(first, second, map);
  if (isScaleOnly(first.map) && isScaleOnly(second.map))
    return asArithmetic("Mul", map.scale, first, second, facts);
  if (isShiftOnly(first.map) && isShiftOnly(second.map))
    return asArithmetic("Add", map.shift, first, second, facts);
  return undefined;
}

/** The later BatchNormalization becomes the whole map: gamma = scale, beta = shift, mean 0, variance 1, epsilon 0. */
function intoLater(
  first: LiftedAffine,
  second: LiftedAffine,
  map: ChannelAffine,
): Merge | Refusal | undefined {
  const { node } = second;
  const { graph } = node;
  const parameters = [1, 2, 3, 4].map((index) => constantTensor(node.input(index)));
  const [gamma, beta, mean, variance] = parameters;
  if (!gamma || !beta || !mean || !variance || graph === undefined) return undefined;
  const values = [map.scale, map.shift, map.scale.map(() => 0), map.scale.map(() => 1)];
  const tensors: Tensor[] = [];
  for (const [i, like] of [gamma, beta, mean, variance].entries()) {
    const tensor = vector(like, values[i] ?? map.scale);
    if (isRefusal(tensor)) return tensor;
    tensors.push(tensor);
  }
  return (rewriter) => {
    const constants = tensors.map((tensor, i) =>
      rewriter.addConstant(graph, node.input(i + 1)?.name ?? "parameter", tensor, node),
    );
    const merged = rewriter.addNode(
      graph,
      {
        opType: "BatchNormalization",
        inputs: [first.input, ...constants],
        outputs: [graph.freshName(`${node.key}_merged`)],
        attributes: [
          ...[...node.attributes.values()].filter((attr) => attr.name !== "epsilon"),
          { name: "epsilon", kind: "float", value: 0 },
        ],
        name: node.name,
      },
      node,
    );
    return merged.output(0) ?? first.input;
  };
}

function asArithmetic(
  opType: "Mul" | "Add",
  values: Float64Array,
  first: LiftedAffine,
  second: LiftedAffine,
  facts: Facts,
): Merge | Refusal | undefined {
  const { node } = second;
  const { graph } = node;
  // A Neg and the sum of a value with itself have no constant.
  const operand = [second, first]
    .map((map) => map.node.input(1 - map.inputIndex))
    .find((value) => constantTensor(value) !== undefined);
  const dtype = constantTensor(operand)?.dtype;
  const axis = first.axis ?? second.axis;
  const rank = facts.rank(first.input);
  if (dtype === undefined || !isFloat(dtype) || graph === undefined || operand === undefined)
    return undefined;
  if (axis !== undefined && rank === undefined) return undefined;
  if (!fitsRange(dtype, values)) return affineRefusals.constantWouldOverflow(dtype);
  const trailing = axis === undefined || rank === undefined ? 0 : rank - 1 - axis;
  const dims = axis === undefined ? [] : [values.length, ...new Array<number>(trailing).fill(1)];
  const tensor = tensorFromNumbers(dtype, dims, values);
  return (rewriter) => {
    const constant = rewriter.addConstant(graph, operand.name, tensor, node);
    const merged = rewriter.addNode(
      graph,
      {
        opType,
        inputs: [first.input, constant],
        outputs: [graph.freshName(`${node.key}_merged`)],
        name: node.name,
      },
      node,
    );
    return merged.output(0) ?? first.input;
  };
}

function vector(like: Tensor, values: Float64Array): Tensor | Refusal {
  const dtype: FloatDType | undefined = isFloat(like.dtype) ? like.dtype : undefined;
  if (dtype === undefined) return affineRefusals.constantIsNotFloat(like.dtype);
  if (!fitsRange(dtype, values)) return affineRefusals.constantWouldOverflow(dtype);
  return tensorFromNumbers(dtype, [values.length], values);
}
