import { defined } from "../base/optional.js";
import { SPECIAL_VALUES } from "../base/special-values.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { OPERATORS } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import { sameShape } from "../rules/dims.js";
import type { CompoundInput } from "./compound.js";
import { type Context, type Found, near } from "./found.js";
import { affine, any, bound, commutative, either, type Matcher, op, product, scalar } from "./match.js";
import { reducedAxes } from "./parameters.js";
import { FLOATS, type Meaning, numberOf, type Spelling, valueNamed } from "./reading.js";
import { scalarBeside } from "./scalar-terms.js";

const x = any("x");

/** True without noop_with_empty_axes: with it, an empty list of axes means something else in each of these operators. */
const reduces = (node: Node): boolean => node.int("noop_with_empty_axes", 0) === 0;

const reduction = (opType: StandardOperator, inner: Matcher): Matcher => op(opType, [inner], reduces);

/** Whether a reduction takes its axes as an input: since its breaking change, 13 or 18. Before, they were an attribute. */
function takesAxes(opType: StandardOperator, opset: number): boolean {
  return (OPERATORS[opType].breaking ?? []).every((version) => version <= opset);
}

/** `opType` over the axes of `like`, a reduction of `input`; undefined where the axes are needed but not known. */
function reducedLike(
  like: Node,
  input: Value,
  opType: StandardOperator,
  { facts, opset }: Context,
): Meaning | undefined {
  const keepdims = like.int("keepdims", 1);
  const given = like.input(1);
  if (takesAxes(opType, opset) && given !== undefined)
    return { opType, inputs: [input, given], attributes: { keepdims }, since: 1 };
  const axes = given === undefined ? like.ints("axes") : facts.numbers(given);
  if (axes === undefined && given !== undefined) return undefined;
  return overAxes(opType, input, axes, keepdims, opset);
}

/** undefined axes: all of them. */
function overAxes(
  opType: StandardOperator,
  input: Value,
  axes: readonly number[] | undefined,
  keepdims: number,
  opset: number,
): Meaning {
  if (axes === undefined) return { opType, inputs: [input], attributes: { keepdims }, since: 1 };
  if (!takesAxes(opType, opset)) {
    return { opType, inputs: [input], attributes: { axes, keepdims }, since: 1 };
  }
  const constant: CompoundInput = {
    constant: tensorFromNumbers("int64", [axes.length], axes),
    name: "axes",
  };
  return { opType, inputs: [input, constant], attributes: { keepdims }, since: 1 };
}

/** A spelling around one reduction, which the single operator takes its axes from. */
function around(
  opType: StandardOperator,
  inner: StandardOperator,
  ends: readonly StandardOperator[],
  read: Matcher,
  accept: (found: Found, context: Context) => boolean = () => true,
): Spelling {
  return {
    ends,
    dtypes: FLOATS,
    mayChange: ["overflow"],
    read,
    meaning: (found, context) => {
      const input = valueNamed(found, "x");
      const node = [...found.nodes].find((candidate) => candidate.is(inner));
      if (input === undefined || node === undefined || !accept(found, context)) return undefined;
      return reducedLike(node, input, opType, context);
    },
  };
}

const square = product([x, x], "c");
const isPlain = (found: Found): boolean => numberOf(found, "c") === 1;

const SUM_SQUARE = around(
  "ReduceSumSquare",
  "ReduceSum",
  ["ReduceSum"],
  reduction("ReduceSum", square),
  isPlain,
);

const L2: readonly Spelling[] = [
  around("ReduceL2", "ReduceSum", ["Sqrt"], op("Sqrt", [reduction("ReduceSum", square)]), isPlain),
  around("ReduceL2", "ReduceSumSquare", ["Sqrt"], op("Sqrt", [reduction("ReduceSumSquare", x)])),
];

const L1 = around("ReduceL1", "ReduceSum", ["ReduceSum"], reduction("ReduceSum", op("Abs", [x])));

/** If exp overflows, the spelling is infinite, but ReduceLogSumExp is not. */
const LOG_SUM_EXP: Spelling = {
  ...around("ReduceLogSumExp", "ReduceSum", ["Log"], op("Log", [reduction("ReduceSum", op("Exp", [x]))])),
  mayChange: SPECIAL_VALUES,
};

/** A sum divided by the number of its terms. */
const MEAN = around(
  "ReduceMean",
  "ReduceSum",
  ["Div", "Mul"],
  affine(reduction("ReduceSum", x), "scale", "shift"),
  (found, context) => {
    const { facts } = context;
    const input = valueNamed(found, "x");
    const shape = input === undefined ? undefined : facts.shape(input);
    const node = [...found.nodes].find((candidate) => candidate.is("ReduceSum"));
    if (node === undefined || found.nodes.size < 2 || numberOf(found, "shift") !== 0) return false;
    const axes = reducedAxes(node, shape?.length, facts);
    const sizes = axes?.map((axis) => shape?.[axis]) ?? [undefined];
    let count = 1;
    for (const size of sizes) count *= typeof size === "number" ? size : Number.NaN;
    return near(numberOf(found, "scale") * count, 1, context);
  },
);

/** The same reduction of a reduction, with all dimensions kept or none. */
function twice(opType: StandardOperator): Spelling {
  return {
    ends: [opType],
    dtypes: FLOATS,
    // onnxruntime's maxima take or skip a NaN by the order in which they meet it.
    mayChange: opType === "ReduceMax" || opType === "ReduceMin" ? ["nan"] : ["overflow"],
    read: reduction(opType, bound("inner", reduction(opType, x))),
    meaning: (found, { facts, root, opset }) => {
      const [input, between] = [valueNamed(found, "x"), valueNamed(found, "inner")];
      const inner = between?.producer;
      if (input === undefined || between === undefined || inner === undefined) return undefined;
      const keepdims = root.int("keepdims", 1);
      const first = reducedAxes(inner, facts.rank(input), facts);
      const second = reducedAxes(root, facts.rank(between), facts);
      const rank = facts.rank(input);
      if (inner.int("keepdims", 1) !== keepdims || rank === undefined) return undefined;
      if (first === undefined || second === undefined) return undefined;
      const left = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !first.includes(axis));
      const outer = keepdims === 1 ? second : second.flatMap((axis) => left[axis] ?? []);
      const axes = [...new Set([...first, ...outer])].sort((a, b) => a - b);
      return overAxes(opType, input, axes, keepdims, opset);
    },
  };
}

/** GlobalAveragePool whose sizes of one are dropped at once. */
const POOLED: Spelling = {
  ends: ["Flatten", "Reshape", "Squeeze"],
  dtypes: FLOATS,
  mayChange: ["overflow"],
  read: either(
    ...(["Flatten", "Reshape", "Squeeze"] as const).map((view) => op(view, [op("GlobalAveragePool", [x])])),
  ),
  meaning: (found, { facts, root, opset }) => {
    const [input, output] = [valueNamed(found, "x"), root.output(0)];
    const rank = input === undefined ? undefined : facts.rank(input);
    const shape = input === undefined ? undefined : facts.shape(input);
    const result = output === undefined ? undefined : facts.shape(output);
    if (input === undefined || rank === undefined || rank < 3 || result?.length !== 2) return undefined;
    if (!sameShape(result, shape?.slice(0, 2))) return undefined;
    const axes = Array.from({ length: rank - 2 }, (_, axis) => axis + 2);
    return overAxes("ReduceMean", input, axes, 0, opset);
  },
};

/** exp(x) / sum(exp(x)), with or without the maximum taken off first; where exp overflows the spelling is NaN. */
const SOFTMAX: Spelling = {
  ends: ["Div", "Mul"],
  dtypes: FLOATS,
  read: softmaxReading(),
  meaning: (found, { facts }) => {
    const input = valueNamed(found, "x");
    const rank = input === undefined ? undefined : facts.rank(input);
    const reductions = [...found.nodes].filter((node) => node.is("ReduceSum", "ReduceMax"));
    const lists = reductions.map((node) => reducedAxes(node, rank, facts));
    const [axes] = lists;
    const [axis] = axes ?? [];
    if (input === undefined || axis === undefined || axes?.length !== 1) return undefined;
    if (lists.some((list) => String(list) !== String(axes))) return undefined;
    if (reductions.some((node) => node.int("keepdims", 1) !== 1)) return undefined;
    if (found.numbers.has("c") && numberOf(found, "c") !== 1) return undefined;
    return { opType: "Softmax", inputs: [input], attributes: { axis }, since: 13 };
  },
};

function softmaxReading(): Matcher {
  const exponentials = bound("exp", op("Exp", [either(op("Sub", [x, op("ReduceMax", [x])]), x)]));
  const sum = op("ReduceSum", [exponentials]);
  return either(op("Div", [exponentials, sum]), product([exponentials, op("Reciprocal", [sum])], "c"));
}

/** log(softmax(x)), whose axis means the same in both operators of a version. */
const LOG_SOFTMAX: Spelling = {
  ends: ["Log"],
  dtypes: FLOATS,
  read: op("Log", [op("Softmax", [x])]),
  meaning: (found) => {
    const input = valueNamed(found, "x");
    const axis = [...found.nodes].find((node) => node.is("Softmax"))?.int("axis");
    if (input === undefined) return undefined;
    return {
      opType: "LogSoftmax",
      inputs: [input],
      attributes: defined({ axis }),
      since: 1,
    };
  },
};

/**
 * a * (1 / b), as exporters write a / sqrt(b) with rsqrt; only where nothing else reads 1 / b. A constant a may be the gamma
 * of TensorFlow's normalizations, which other patterns recognize.
 */
const QUOTIENT: Spelling = {
  ends: ["Mul"],
  dtypes: FLOATS,
  mayChange: ["overflow"],
  read: commutative(
    "Mul",
    x,
    bound("inverse", either(op("Reciprocal", [any("b")]), op("Div", [scalar("one"), any("b")]))),
  ),
  meaning: (found, { facts }) => {
    const [input, divisor, inverse] = ["x", "b", "inverse"].map((name) => valueNamed(found, name));
    if (input === undefined || divisor === undefined || inverse?.uses.size !== 1) return undefined;
    if (constantTensor(input) !== undefined) return undefined;
    if (found.numbers.has("one")) {
      const one = inverse.producer?.input(0);
      if (one === undefined || scalarBeside(one, divisor, facts) !== 1) return undefined;
    }
    return { opType: "Div", inputs: [input, divisor], since: 7 };
  },
};

export const REDUCTIONS: readonly Spelling[] = [
  SUM_SQUARE,
  ...L2,
  L1,
  LOG_SUM_EXP,
  MEAN,
  ...(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"] as const).map(twice),
  POOLED,
  SOFTMAX,
  LOG_SOFTMAX,
  QUOTIENT,
];
