import { isRefusal, type Refusal, refuse } from "../base/refusal.js";
import type { Node } from "../ir/graph.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import type { Facts } from "../rules/facts.js";
import {
  type Anchor,
  alike,
  allOutputs,
  axisAttribute,
  type Change,
  type LayoutFacet,
  moved,
  NO_CHANGE,
  namedAxes,
  normalized,
  perAxis,
  type Relayout,
  rankOf,
} from "../rules/layout-facet.js";
import { extend, isIdentity, type Permutation, restrict } from "../rules/permutation.js";

/** Concat joins, and Split cuts, along one axis. Before opset 4 Concat's axis has the default 1. */
export const CONCAT: LayoutFacet = alike("all", (node, perm) => axisAttribute(node, 1, perm));
export const SPLIT: LayoutFacet = alike([0], (node, perm) => axisAttribute(node, 0, perm));

/** One axis, named by an attribute, and every output as large as the input but for it. */
export const ALONG_LAST: LayoutFacet = alike([0], (node, perm) => axisAttribute(node, -1, perm));

/** Data and indices lie side by side. */
export const ELEMENTS: LayoutFacet = alike("all", (node, perm) => axisAttribute(node, 0, perm));

/** From opset 13 on along one axis; before, over all axes from one on, taken together. */
export const SOFTMAX: LayoutFacet = alike([0], (node, perm, facts) => {
  if ((facts.opset(node) ?? 0) >= 13) return axisAttribute(node, -1, perm);
  const axis = normalized(node.int("axis", 1), perm.length);
  return perm.every((from, to) => from >= axis === to >= axis)
    ? NO_CHANGE
    : refuse("before opset 13 it runs over all axes from one on");
});

/** The axis is a scalar input. */
export const CUMULATE: LayoutFacet = alike([0], (node, perm, facts) => {
  const [value] = [node.input(1)];
  const axis = value === undefined ? undefined : facts.numbers(value)?.[0];
  const dtype = value === undefined ? undefined : facts.dtype(value);
  if (axis === undefined || dtype === undefined) return refuse("its axis is computed");
  const at = perm.indexOf(normalized(axis, perm.length));
  return { constants: new Map([[1, tensorFromNumbers(dtype, [], [at])]]) };
});

/** Slice without axes cuts the first ones. */
export const SLICE: LayoutFacet = alike([0], (node, perm, facts) => {
  const named = namedAxes(node, 3, perm.length, facts);
  if (isRefusal(named)) return named;
  if (named !== undefined) return named.rename(named.axes.map((axis) => perm.indexOf(axis)));
  const starts = node.input(1);
  const count = node.ints("starts")?.length ?? (starts === undefined ? undefined : facts.shape(starts)?.[0]);
  if (typeof count !== "number") return refuse("the axes that it cuts are not known");
  const axes = Array.from({ length: count }, (_, axis) => perm.indexOf(axis));
  return starts === undefined
    ? { attributes: { axes } }
    : { constants: new Map([[3, tensorFromNumbers("int64", [count], axes)]]) };
});

/** Pads are begins and then ends, of all axes or of those that are named. */
export const PAD: LayoutFacet = alike([0], (node, perm, facts) => {
  const named = namedAxes(node, 3, perm.length, facts);
  if (isRefusal(named)) return named;
  if (named !== undefined) return named.rename(named.axes.map((axis) => perm.indexOf(axis)));
  const pads = perAxis(node, node.ints("paddings") === undefined ? "pads" : "paddings", 1, facts);
  if (isRefusal(pads)) return pads;
  const rank = perm.length;
  if (pads.numbers.length !== 2 * rank) return refuse("its pads do not fit the rank");
  return pads.replace([...perm, ...perm.map((axis) => axis + rank)].map((at) => pads.numbers[at] ?? 0));
});

export const TILE: LayoutFacet = alike([0], (node, perm, facts) => eachAxis(node, "repeats", perm, facts));

/** Expand to as many axes as there are. */
export const EXPAND: LayoutFacet = (node, anchor, facts) =>
  rankOf(node.input(0), facts) === rankOf(node.output(0), facts)
    ? alike([0], (own, perm) => eachAxis(own, "shape", perm, facts))(node, anchor, facts)
    : refuse("it adds axes in front");

function eachAxis(node: Node, attribute: string, perm: Permutation, facts: Facts): Change | Refusal {
  const list = perAxis(node, attribute, 1, facts);
  if (isRefusal(list)) return list;
  if (list.numbers.length !== perm.length) return refuse(`its ${attribute} are fewer than its axes`);
  return list.replace(perm.map((axis) => list.numbers[axis] ?? 1));
}

/** The order of the larger side of an operator that drops axes, from the anchor on either side. */
function largerOrder(
  { side, perm }: Anchor,
  larger: Anchor["side"],
  dropped: ReadonlySet<number>,
  rank: number,
): Permutation {
  return side === larger ? perm : extend(perm, dropped, rank);
}

/** ReduceSum and its like, with axes as attribute or input. */
export const REDUCE: LayoutFacet = (node, anchor, facts) => {
  const rank = rankOf(node.input(0), facts);
  if (rank === undefined) return refuse("the rank of its input is not known");
  const named = namedAxes(node, 1, rank, facts);
  if (isRefusal(named)) return named;
  const keeps = node.int("keepdims", 1) !== 0;
  if (named === undefined || named.axes.length === 0) {
    if (node.int("noop_with_empty_axes", 0) !== 0) return alike([0])(node, anchor, facts);
    return anchor.side === "input"
      ? { inputs: moved([[0, anchor.perm]]), outputs: moved([]) }
      : refuse("its output is one element");
  }
  const dropped = new Set(named.axes);
  const order = keeps ? anchor.perm : largerOrder(anchor, "input", dropped, rank);
  return {
    ...named.rename(named.axes.map((axis) => order.indexOf(axis))),
    inputs: moved([[0, order]]),
    outputs: moved([[0, keeps ? order : restrict(order, dropped)]]),
  };
};

export const ARG: LayoutFacet = (node, anchor, facts) => {
  const rank = rankOf(node.input(0), facts);
  if (rank === undefined) return refuse("the rank of its input is not known");
  const keeps = node.int("keepdims", 1) !== 0;
  const dropped = new Set([normalized(node.int("axis", 0), rank)]);
  const order = keeps ? anchor.perm : largerOrder(anchor, "input", dropped, rank);
  const change = axisAttribute(node, 0, order);
  if (isRefusal(change)) return change;
  return {
    ...change,
    inputs: moved([[0, order]]),
    outputs: moved([[0, keeps ? order : restrict(order, dropped)]]),
  };
};

/** Squeeze drops axes of its input, Unsqueeze has axes that its input has not. */
export const SQUEEZE: LayoutFacet = (node, anchor, facts) => {
  const larger = node.is("Squeeze") ? "input" : "output";
  const rank = rankOf(larger === "input" ? node.input(0) : node.output(0), facts);
  if (rank === undefined) return refuse("its rank is not known");
  const named = namedAxes(node, 1, rank, facts);
  if (isRefusal(named)) return named;
  if (named === undefined) return refuse("it drops whatever axes have size one");
  const dropped = new Set(named.axes);
  const order = largerOrder(anchor, larger, dropped, rank);
  const [wide, narrow] = [moved([[0, order]]), moved([[0, restrict(order, dropped)]])];
  const renamed = named.rename(named.axes.map((axis) => order.indexOf(axis)));
  return larger === "input"
    ? { ...renamed, inputs: wide, outputs: narrow }
    : { ...renamed, inputs: narrow, outputs: wide };
};

/** Gather puts the axes of its indices in the place of one axis of its data. */
export const GATHER: LayoutFacet = (node, anchor, facts): Relayout | Refusal => {
  const [rank, indices] = [rankOf(node.input(0), facts), rankOf(node.input(1), facts)];
  if (rank === undefined || indices === undefined) return refuse("its ranks are not known");
  const axis = normalized(node.int("axis", 0), rank);
  const result = (order: Permutation): Permutation =>
    order.flatMap((from) => {
      if (from === axis) return Array.from({ length: indices }, (_, i) => axis + i);
      return from < axis ? from : from + indices - 1;
    });
  let order = anchor.perm;
  if (anchor.side === "output") {
    if (indices > 1) return refuse("its indices have several axes");
    order = indices === 1 ? anchor.perm : extend(anchor.perm, new Set([axis]), rank);
  } else if (anchor.index !== 0) return refuse("input 1 of it is no data");
  return {
    attributes: { axis: order.indexOf(axis) },
    inputs: moved([[0, order]]),
    outputs: moved([[0, result(order)]]),
  };
};

/** The first two axes are what they are: batch and channels. The others may change places. */
export const PER_CHANNEL: LayoutFacet = (node, anchor, facts) => {
  const { perm } = anchor;
  if (perm[0] !== 0 || perm[1] !== 1) return refuse("its channels are axis 1");
  return alike([0])(node, anchor, facts);
};

/** Axes from one on are normalized together, with a scale for each of their elements. */
export const TRAILING: LayoutFacet = alike([0], (node, perm) => {
  const axis = normalized(node.int("axis", -1), perm.length);
  return isIdentity(perm.slice(axis).map((from) => from - axis))
    ? { attributes: { axis } }
    : refuse("it normalizes its last axes");
});

/** The last two axes are a matrix. */
export const MATRIX: LayoutFacet = alike([0], (_, perm) => {
  const rank = perm.length;
  return perm[rank - 1] === rank - 1 && perm[rank - 2] === rank - 2
    ? NO_CHANGE
    : refuse("its last two axes are a matrix");
});

/** Before opset 11 the scales are input 1, or an attribute; from opset 18 on they may be of named axes. */
export const RESIZE: LayoutFacet = alike([0], (node, perm, facts) => {
  const opset = facts.opset(node) ?? 0;
  const isOld = node.is("Upsample") || opset < 11;
  if (opset < 9 || allOutputs(node).length !== 1) return refuse("its scales are an attribute");
  if (node.string("coordinate_transformation_mode", "") === "tf_crop_and_resize") {
    return refuse("it crops by a region");
  }
  const named = isOld ? undefined : namedAxes(node, 4, perm.length, facts);
  if (named !== undefined) return refuse("it names its axes");
  const sized = !isOld && node.input(3) !== undefined;
  const list = perAxis(node, sized ? "sizes" : "scales", isOld ? 1 : sized ? 3 : 2, facts);
  if (isRefusal(list)) return list;
  if (list.numbers.length !== perm.length) return refuse("its sizes do not fit the rank");
  // Kernels that interpolate take batch and channels in front only.
  if (node.string("mode", "nearest") !== "nearest") {
    const input = node.input(0);
    const shape = input === undefined ? undefined : facts.shape(input);
    const keeps = perm.slice(0, 2).every((axis) => list.numbers[axis] === (sized ? shape?.[axis] : 1));
    if (!keeps) return refuse("interpolation wants batch and channels in front");
  }
  const changed = list.replace(perm.map((axis) => list.numbers[axis] ?? 1));
  // A region that the mode does not look at has to fit the rank all the same, and does.
  return changed;
});
