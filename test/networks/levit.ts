import type { Model, Value } from "../../src/index.js";
import { type Network, network } from "./builder.js";

/** Channels, heads, blocks and tokens along a side of the stages of a LeViT-128S (Graham et al. 2021, table 2). */
const STAGES = [
  { width: 128, heads: 4, blocks: 2, side: 14 },
  { width: 256, heads: 6, blocks: 3, side: 7 },
  { width: 384, heads: 8, blocks: 4, side: 4 },
] as const;
const KEY = 16;
const CLASSES = 1000;
const TO_THE_END = Number.MAX_SAFE_INTEGER;

/**
 * LeViT-128S as PyTorch's exporter writes timm's model with a symbolic batch: 692 nodes and 178 Constants, of real sizes.
 * Its linear layers are MatMul by a transposed weight, Flatten, BatchNormalization and Reshape to the shape that a Shape
 * finds; sizes of views are gathered and concatenated at run time.
 */
export function levit128s(): Model {
  const net = network("levit_128s");
  const { apply, conv, integers, normalize } = net;
  let x: Value = net.input(["N", 3, 224, 224]);
  for (const [layer, [from, to]] of [
    [3, 16],
    [16, 32],
    [32, 64],
    [64, 128],
  ].entries()) {
    if (layer > 0) x = apply("HardSwish", [x]);
    const pads = [1, 1, 1, 1];
    x = normalize(conv(x, [to ?? 0, from ?? 0, 3, 3], { pads, strides: [2, 2] }), to ?? 0);
  }
  const places = apply("Slice", [apply("Shape", [x]), ...[0, 2, 0].map((bound) => integers([1], [bound]))]);
  const rows = apply("Concat", [places, integers([1], [-1])], { axis: 0 });
  x = apply("Transpose", [apply("Reshape", [x, rows])], { perm: [0, 2, 1] });

  let before: (typeof STAGES)[number] | undefined;
  for (const stage of STAGES) {
    const { width, heads, blocks, side } = stage;
    if (before !== undefined) {
      x = shrinkingAttention(net, x, before, stage);
      x = apply("Add", [x, mlp(net, x, width)]);
    }
    const biases = net.constant([heads, side * side], -1, 1);
    for (let block = 0; block < blocks; block++) {
      const shared = block === 0 ? biases : apply("Identity", [biases]);
      x = apply("Add", [x, attention(net, x, stage, shared)]);
      x = apply("Add", [x, mlp(net, x, width)]);
    }
    before = stage;
  }
  const features = apply("ReduceMean", [x], { axes: [1], keepdims: 0 });
  const bias = net.constant([CLASSES], -1, 1);
  const head = (c: Value): Value =>
    apply("Gemm", [normalize(features, 384), net.weight([CLASSES, 384], 384), c], { transB: 1 });
  const sum = apply("Add", [head(bias), head(apply("Identity", [bias]))]);
  return net.finish(apply("Div", [sum, net.constant([], 2, 2)]), ["N", CLASSES]);
}

/** MatMul, Flatten, BatchNormalization, Reshape: timm's LinearNorm. */
function linear(net: Network, x: Value, from: number, to: number): Value {
  const { apply } = net;
  const weight = apply("Transpose", [net.weight([to, from], from)], { perm: [1, 0] });
  const product = apply("MatMul", [x, weight]);
  const normalized = net.normalize(apply("Flatten", [product], { axis: 2 }), to);
  return apply("Reshape", [normalized, apply("Shape", [product])]);
}

function mlp(net: Network, x: Value, width: number): Value {
  const wide = net.apply("HardSwish", [linear(net, x, width, 2 * width)]);
  return linear(net, wide, 2 * width, width);
}

/** A size of x, as a scalar. */
function sizeOf({ apply, integers }: Network, x: Value, axis: number): Value {
  return apply("Gather", [apply("Shape", [x]), integers([], [axis])], { axis: 0 });
}

/** A shape of sizes, each a number or a scalar that is computed. */
function shapeOf({ apply, integers }: Network, ...sizes: readonly (Value | number)[]): Value {
  const parts = sizes.map((size) =>
    apply("Unsqueeze", [typeof size === "number" ? integers([], [size]) : size, integers([1], [0])]),
  );
  return apply("Concat", parts, { axis: 0 });
}

function attention(net: Network, x: Value, stage: (typeof STAGES)[number], biases: Value): Value {
  const { apply } = net;
  const { width, heads, side } = stage;
  const [batch, tokens] = [sizeOf(net, x, 0), sizeOf(net, x, 1)];
  const joint = linear(net, x, width, heads * 4 * KEY);
  const split = apply("Reshape", [joint, shapeOf(net, batch, tokens, heads, -1)]);
  const sizes = net.integers([3], [KEY, KEY, 2 * KEY]);
  const [q, k, v] = net.outputsOf("Split", 3, [split, sizes], { axis: 3 });
  if (q === undefined || k === undefined || v === undefined) throw new Error("Split has three outputs");
  const queries = apply("Transpose", [q], { perm: [0, 2, 1, 3] });
  const keys = apply("Transpose", [k], { perm: [0, 2, 3, 1] });
  const values = apply("Transpose", [v], { perm: [0, 2, 1, 3] });
  const mixed = mix(net, [queries, keys, values], biases, offsets(side, 1));
  const merged = apply("Reshape", [mixed, shapeOf(net, batch, tokens, heads * 2 * KEY)]);
  return linear(net, apply("HardSwish", [merged]), heads * 2 * KEY, width);
}

/** Attention of every second token in both directions to all of them; it has no residual. */
function shrinkingAttention(
  net: Network,
  x: Value,
  { width, side }: (typeof STAGES)[number],
  next: (typeof STAGES)[number],
): Value {
  const { apply, integers } = net;
  const heads = width / KEY;
  const [batch, tokens] = [sizeOf(net, x, 0), sizeOf(net, x, 1)];
  const joint = linear(net, x, width, heads * 5 * KEY);
  const split = apply("Reshape", [joint, shapeOf(net, batch, tokens, heads, -1)]);
  const [k, v] = net.outputsOf("Split", 2, [split, integers([2], [KEY, 4 * KEY])], { axis: 3 });
  if (k === undefined || v === undefined) throw new Error("Split has two outputs");
  const keys = apply("Transpose", [k], { perm: [0, 2, 3, 1] });
  const values = apply("Transpose", [v], { perm: [0, 2, 1, 3] });

  const channels = sizeOf(net, x, 2);
  let picked = apply("Reshape", [x, shapeOf(net, batch, side, side, channels)]);
  for (const axis of [1, 2]) {
    const bounds = [0, TO_THE_END, axis, 2].map((bound) =>
      apply("Unsqueeze", [integers([], [bound]), integers([1], [0])]),
    );
    picked = apply("Slice", [picked, ...bounds]);
  }
  const rows = apply("Reshape", [picked, shapeOf(net, batch, -1, channels)]);
  const q = apply("Reshape", [linear(net, rows, width, heads * KEY), shapeOf(net, batch, -1, heads, KEY)]);
  const queries = apply("Transpose", [q], { perm: [0, 2, 1, 3] });
  const biases = net.constant([heads, side * side], -1, 1);
  const mixed = mix(net, [queries, keys, values], biases, offsets(side, 2));
  const merged = apply("Reshape", [mixed, shapeOf(net, batch, -1, heads * 4 * KEY)]);
  return linear(net, apply("HardSwish", [merged]), heads * 4 * KEY, next.width);
}

/** softmax(q k / sqrt(d) + biases by offset) v, heads back behind tokens. */
function mix(
  { apply, constant, integers }: Network,
  [q, k, v]: readonly [Value, Value, Value],
  biases: Value,
  at: readonly (readonly number[])[],
): Value {
  const scores = apply("Mul", [apply("MatMul", [q, k]), constant([], 0.25, 0.25)]);
  const indices = integers([at.length, at[0]?.length ?? 0], at.flat());
  const weights = apply("Softmax", [apply("Add", [scores, apply("Gather", [biases, indices], { axis: 1 })])]);
  return apply("Transpose", [apply("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
}

/** For each token that asks, the offsets in both directions to each token, as one number. */
function offsets(side: number, stride: number): readonly (readonly number[])[] {
  const along = (step: number): number[] =>
    Array.from({ length: Math.ceil(side / step) }, (_, i) => i * step);
  const grid = (step: number): (readonly [number, number])[] =>
    along(step).flatMap((row) => along(step).map((column) => [row, column] as const));
  return grid(stride).map(([row, column]) =>
    grid(1).map(([r, c]) => Math.abs(row - r) * side + Math.abs(column - c)),
  );
}
