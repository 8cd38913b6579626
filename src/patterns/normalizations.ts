import { dtypeCode } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import { DEFAULT_EPSILON } from "../ops/normalization/lift.js";
import { constantTensor } from "../rules/constants.js";
import { sameDim, sameShape } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { CompoundInput } from "./compound.js";
import { type Context, type Found, near } from "./found.js";
import { affine, any, bound, commutative, either, type Matcher, op, product, scalar } from "./match.js";
import { parameterOver, reducedAxes, uniformOver } from "./parameters.js";
import { FLOATS, HALF_AND_FLOAT, type Meaning, numberOf, type Spelling, valueNamed } from "./reading.js";

const [x, gamma, beta] = [any("x"), any("gamma"), any("beta")];

const keepsDims = (node: Node): boolean => node.int("keepdims", 1) === 1;
const mean = (inner: Matcher): Matcher => op("ReduceMean", [inner], keepsDims);

const centered: Matcher = op("Sub", [x, mean(x)]);

/** sqrt(mean(v^2) + epsilon), with epsilon under the root, and its reciprocal. */
function deviation(v: Matcher): { readonly root: Matcher; readonly inverse: Matcher } {
  const square = affine(mean(product([v, v], "square")), "one", "epsilon");
  const root = either(op("Sqrt", [square]), op("Pow", [square, scalar("half")]));
  const inverse = either(
    op("Reciprocal", [root]),
    op("Div", [scalar("numerator"), root]),
    op("Pow", [square, scalar("minus half")]),
  );
  return { root, inverse };
}

const EXPECTED: Readonly<Record<string, number>> = {
  square: 1,
  one: 1,
  half: 0.5,
  "minus half": -0.5,
  numerator: 1,
  unit: 1,
  mean: 1,
};

/** v / deviation, perhaps times gamma, perhaps plus beta. A Cast may stand behind the division: see castInput. */
function normalized(v: Matcher): Matcher {
  const { root, inverse } = deviation(v);
  const plain = either(op("Div", [v, root]), product([v, inverse], "unit"));
  const own = either(plain, op("Cast", [plain]));
  const scaled = either(
    commutative("Mul", own, gamma),
    op("Div", [commutative("Mul", v, gamma), root]),
    product([v, inverse, gamma], "unit"),
  );
  return either(commutative("Add", either(scaled, own), beta), scaled, own);
}

/** x s + (beta - mean s) with s = gamma / deviation, as TensorFlow writes a normalization. */
function asMap(): Matcher {
  const { inverse } = deviation(centered);
  const factor = bound("factor", either(product([inverse, gamma], "unit"), inverse));
  const shift = op("Sub", [beta, product([mean(x), factor], "mean")]);
  return commutative("Add", product([x, factor], "unit"), shift);
}

/** The parts of a normalization, as a reading has them. */
interface Statistics {
  readonly input: Value;
  readonly rank: number;
  readonly axes: readonly number[];
  readonly epsilon: number;
}

function statisticsOf(found: Found, context: Context): Statistics | undefined {
  const { facts } = context;
  const input = valueNamed(found, "x");
  const rank = input === undefined ? undefined : facts.rank(input);
  const epsilon = numberOf(found, "epsilon");
  if (input === undefined || rank === undefined || !(epsilon > 0)) return undefined;
  for (const [name, expected] of Object.entries(EXPECTED)) {
    const number = found.numbers.get(name);
    if (number !== undefined && !near(number, expected, context)) return undefined;
  }
  const means = [...found.nodes].filter((node) => node.is("ReduceMean"));
  const lists = means.map((node) => reducedAxes(node, rank, facts));
  const [axes] = lists;
  if (axes === undefined || lists.some((list) => String(list) !== String(axes))) return undefined;
  const data = castInput(found, input, context);
  return data && { input: data, rank, axes, epsilon };
}

/** The input of the Cast in front, if the result is cast back before gamma; undefined for other casts. */
function castInput({ nodes }: Found, input: Value, { facts }: Context): Value | undefined {
  const down = [...nodes].find((node) => node.is("Cast"))?.output(0);
  if (down === undefined) return input;
  const up = input.producer;
  const source = up?.is("Cast") ? up.input(0) : undefined;
  if (source === undefined || facts.dtype(input) !== "float") return undefined;
  return facts.dtype(source) === "float16" && facts.dtype(down) === "float16" ? source : undefined;
}

/** [scale, bias] over `axes`; ones where there is no gamma, null where there is no beta. */
function parametersOver(
  found: Found,
  { input, rank }: Statistics,
  axes: readonly number[],
  facts: Facts,
): readonly [CompoundInput, CompoundInput] | undefined {
  const [scale, bias] = [valueNamed(found, "gamma"), valueNamed(found, "beta")];
  if ([scale, bias].some((value) => value !== undefined && (facts.rank(value) ?? rank + 1) > rank)) {
    return undefined;
  }
  const first =
    scale === undefined
      ? uniformOver(1, input, axes, facts, "ones")
      : parameterOver(scale, input, axes, facts);
  const second = bias === undefined ? null : parameterOver(bias, input, axes, facts);
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** LayerNormalization where the axes are the last ones and the parameters run along them, else InstanceNormalization. */
function meaningOfCentered(found: Found, context: Context): Meaning | undefined {
  const { facts } = context;
  const statistics = statisticsOf(found, context);
  if (statistics === undefined) return undefined;
  const { input, rank, axes, epsilon } = statistics;
  if (axes.some((axis, i) => axis !== rank - axes.length + i)) return undefined;
  const layer = (): Meaning | undefined => {
    const [scale, bias] = parametersOver(found, statistics, axes, facts) ?? [];
    if (scale === undefined || bias === undefined) return undefined;
    const inputs = bias === null ? [input, scale] : [input, scale, bias];
    const attributes = { axis: -axes.length, epsilon };
    if (context.dtype !== "double") return { opType: "LayerNormalization", inputs, attributes, since: 17 };
    if (Math.fround(epsilon) !== epsilon) return undefined;
    const inDouble = { ...attributes, stash_type: dtypeCode("double") };
    return { opType: "LayerNormalization", inputs, attributes: inDouble, since: 17 };
  };
  const instance = (): Meaning | undefined => {
    // onnxruntime has no kernel for it in double.
    if (context.dtype === "double") return undefined;
    const [scale, shift] = parametersOver(found, statistics, [1], facts) ?? [];
    const bias = shift ?? uniformOver(0, input, [1], facts, "zeros");
    if (scale === undefined || shift === undefined || bias === undefined) return undefined;
    return {
      opType: "InstanceNormalization",
      inputs: [input, scale, bias],
      attributes: { epsilon },
      since: 6,
    };
  };
  if (axes[0] !== 2) return layer();
  // Images normalized over height and width are InstanceNormalization; [N, T, C] over its last axis is LayerNormalization.
  if (axes.length > 1) return instance() ?? layer();
  const bare = valueNamed(found, "gamma") === undefined && valueNamed(found, "beta") === undefined;
  return layer() ?? (bare ? undefined : instance());
}

/**
 * In double the statistics are double too (stash_type 11; by default float), and epsilon, which the attribute holds as a float,
 * must be one: rounded, it would move the result of a variance of 1 by a thousand times double's own rounding.
 */
const layerNormalization: Spelling = {
  ends: ["Add", "Cast", "Div", "Mul"],
  spells: ["LayerNormalization", "InstanceNormalization"],
  dtypes: FLOATS,
  read: either(normalized(centered), asMap()),
  meaning: meaningOfCentered,
};

/** RMSNormalization(x) = x / sqrt(mean(x^2) + epsilon) * scale; there is no bias. */
const rmsNormalization: Spelling = {
  ends: ["Cast", "Div", "Mul"],
  spells: ["RMSNormalization"],
  dtypes: FLOATS,
  read: normalized(x),
  meaning: (found, context) => {
    const statistics = statisticsOf(found, context);
    if (statistics === undefined || found.values.has("beta")) return undefined;
    const { input, rank, axes, epsilon } = statistics;
    if (axes.some((axis, i) => axis !== rank - axes.length + i)) return undefined;
    const parameters = parametersOver(found, statistics, axes, context.facts);
    if (parameters === undefined) return undefined;
    const plain = { axis: -axes.length, epsilon };
    const isDouble = context.dtype === "double";
    if (isDouble && Math.fround(epsilon) !== epsilon) return undefined;
    const attributes = isDouble ? { ...plain, stash_type: dtypeCode("double") } : plain;
    return { opType: "RMSNormalization", inputs: [input, parameters[0]], attributes, since: 23 };
  },
};

/** Reshape to [N, G, -1], normalize each group, Reshape back; perhaps times gamma, perhaps plus beta, by channel. */
const grouped: Matcher = op("Reshape", [
  either(
    op("InstanceNormalization", [op("Reshape", [x]), any("ones"), any("zeros")]),
    op("LayerNormalization", [op("Reshape", [x]), any("ones")], ({ inputs }) => inputs.length === 2),
  ),
]);

const groupNormalization: Spelling = {
  ends: ["Add", "Mul", "Reshape"],
  dtypes: HALF_AND_FLOAT,
  read: either(
    commutative("Add", either(commutative("Mul", grouped, gamma), grouped), beta),
    commutative("Mul", grouped, gamma),
    grouped,
  ),
  meaning: (found, context) => {
    const { facts } = context;
    const input = valueNamed(found, "x");
    const inner = [...found.nodes].find((node) => node.is("InstanceNormalization", "LayerNormalization"));
    const back = [...found.nodes].find((node) => node.input(0)?.producer === inner);
    const [group, result] = [inner?.input(0), back?.output(0)];
    if (input === undefined || inner === undefined || group === undefined || result === undefined) {
      return undefined;
    }
    const [shape, groups] = [facts.shape(input), facts.shape(group)];
    const [count, channels] = [groups?.[1], shape?.[1]];
    if (shape === undefined || shape.length < 3 || groups?.length !== 3) return undefined;
    if (typeof count !== "number" || typeof channels !== "number" || channels % count !== 0) return undefined;
    if (!sameDim(shape[0], groups[0]) || !sameShape(shape, facts.shape(result))) return undefined;
    if (inner.is("LayerNormalization") && ![-1, 2].includes(inner.int("axis", -1))) return undefined;
    if (!isUniform(valueNamed(found, "ones"), 1) || !isUniform(valueNamed(found, "zeros"), 0))
      return undefined;
    const epsilon = inner.float("epsilon", DEFAULT_EPSILON);
    const statistics = { input, rank: shape.length, axes: [1], epsilon };
    const [scale, bias] = parametersOver(found, statistics, [1], facts) ?? [];
    const shift = bias ?? uniformOver(0, input, [1], facts, "zeros");
    if (scale === undefined || bias === undefined || shift === undefined) return undefined;
    const attributes = { epsilon, num_groups: count };
    return { opType: "GroupNormalization", inputs: [input, scale, shift], attributes, since: 21 };
  },
};

/** Whether all elements of a constant are this number; true for a parameter that the reading does not have. */
function isUniform(value: Value | undefined, element: number): boolean {
  if (value === undefined) return true;
  const tensor = constantTensor(value);
  return tensor?.toFloat64().every((own) => own === element) ?? false;
}

export const NORMALIZATIONS: readonly Spelling[] = [layerNormalization, rmsNormalization, groupNormalization];
