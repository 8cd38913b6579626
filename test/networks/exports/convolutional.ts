import type { Model, Value } from "../../../src/index.js";
import { attention, joinHeads, jointAttention, mlp } from "./attention.js";
import type { Exporter } from "./exporter.js";

const CLASSES = 10;

/** The mean over a map, and a linear layer. */
export function classify(e: Exporter, x: Value, channels: number): Model {
  const pooled = e.apply("Flatten", [e.apply("GlobalAveragePool", [x])], { axis: 1 });
  return e.finish([e.dense(pooled, channels, CLASSES), ["batch", CLASSES]]);
}

const image = (e: Exporter, side: number): Value => e.input("x", ["batch", 3, side, side]);
const relu = (e: Exporter, x: Value): Value => e.apply("Relu", [x]);
const channelsLast = (e: Exporter, x: Value): Value => e.transpose(x, 0, 2, 3, 1);
const channelsFirst = (e: Exporter, x: Value): Value => e.transpose(x, 0, 3, 1, 2);

/** A LayerNormalization over the channels of a map. */
function normalizedMap(e: Exporter, x: Value, channels: number): Value {
  return channelsFirst(e, e.layerNorm(channelsLast(e, x), channels, 1e-6));
}

/** A block of ConvNeXt: Liu et al. 2022, figure 4. */
function convNeXtBlock(e: Exporter, x: Value, channels: number, kernel = 7): Value {
  const map = channelsLast(e, e.conv(x, channels, channels, kernel, { groups: channels }));
  const wide = mlp(e, e.layerNorm(map, channels, 1e-6), channels, 4);
  return e.add(channelsFirst(e, e.mul(wide, e.parameter(channels))), x);
}

/** ConvNeXt (Liu et al. 2022): blocks with channels last between convolutions. */
export function convNeXt(e: Exporter): Model {
  const widths = [16, 16, 24, 32].map((width) => width * e.scale);
  const [first = 0, , , last = 0] = widths;
  let x = normalizedMap(e, e.conv(image(e, 64), 3, first, 4, { stride: 4, pad: 0 }), first);
  for (const [stage, blocks] of [1, 2, 1].entries()) {
    const [from = 0, to = 0] = widths.slice(stage);
    if (from !== to) x = e.conv(normalizedMap(e, x, from), from, to, 2, { stride: 2, pad: 0 });
    for (let block = 0; block < blocks; block++) x = convNeXtBlock(e, x, to);
  }
  const pooled = channelsLast(e, e.apply("GlobalAveragePool", [x]));
  const features = e.apply("Flatten", [channelsFirst(e, e.layerNorm(pooled, last, 1e-6))], { axis: 1 });
  return e.finish([e.dense(features, last, CLASSES), ["batch", CLASSES]]);
}

/** FastViT (Vasu et al. 2023), as trained: branches of convolutions and normalizations, and attention at the end. */
export function fastViT(e: Exporter): Model {
  const channels = 24 * e.scale;
  /** MobileOne's block: the normalized convolutions of several sizes, and x itself normalized. */
  const branches = (x: Value, kernel: number): Value => {
    const options = { groups: channels, bias: false };
    const wide = e.batchNorm(e.conv(x, channels, channels, kernel, options), channels);
    const narrow = e.batchNorm(e.conv(x, channels, channels, 1, options), channels);
    return e.add(e.add(wide, narrow), e.batchNorm(x, channels));
  };
  const feedForward = (x: Value): Value => {
    const y = e.batchNorm(e.conv(x, channels, channels, 7, { groups: channels, bias: false }), channels);
    const z = e.conv(e.gelu(e.conv(y, channels, 3 * channels, 1)), 3 * channels, channels, 1);
    return e.mul(z, e.parameter(channels, 1, 1));
  };
  let x = e.gelu(e.conv(image(e, 64), 3, channels, 3, { stride: 2 }));
  x = e.gelu(e.conv(x, channels, channels, 3, { stride: 4, groups: channels }));
  for (let block = 0; block < 2; block++) {
    const mixed = e.apply("Sub", [branches(x, 3), e.batchNorm(x, channels)]);
    x = e.add(x, e.mul(mixed, e.parameter(channels, 1, 1)));
    x = e.add(x, feedForward(x));
  }
  const batch = e.size(x, 0, "batch");
  const tokens = e.transpose(e.reshape(e.batchNorm(x, channels), batch, channels, 64), 0, 2, 1);
  const mixed = e.reshape(
    e.transpose(jointAttention(e, tokens, 64, channels, 2), 0, 2, 1),
    batch,
    channels,
    8,
    8,
  );
  x = e.add(x, e.mul(mixed, e.parameter(channels, 1, 1)));
  x = e.add(x, feedForward(x));
  return classify(e, e.gelu(x), channels);
}

/** Squeeze and excitation: Hu et al. 2018. */
export function excited(e: Exporter, x: Value, channels: number, gate = "Sigmoid"): Value {
  const pooled = e.mean(x, [2, 3]);
  const inner = relu(e, e.conv(pooled, channels, channels / 4, 1));
  return e.mul(x, e.apply(gate, [e.conv(inner, channels / 4, channels, 1)]));
}

/** RepViT (Wang et al. 2023), as trained: branches, excitation, a normalization in front of the classifier. */
export function repViT(e: Exporter): Model {
  const block = (x: Value, channels: number, excites: boolean): Value => {
    const options = { groups: channels };
    const wide = e.conv(x, channels, channels, 3, options);
    const sum = e.add(e.add(wide, e.conv(x, channels, channels, 1, options)), x);
    const mixed = e.batchNorm(sum, channels);
    const y = excites ? excited(e, mixed, channels) : mixed;
    const wider = e.gelu(e.conv(y, channels, 2 * channels, 1));
    return e.add(y, e.conv(wider, 2 * channels, channels, 1));
  };
  const [stem, first, second] = [8 * e.scale, 16 * e.scale, 24 * e.scale];
  const small = e.gelu(e.conv(image(e, 64), 3, stem, 3, { stride: 2 }));
  let x = e.conv(small, stem, first, 3, { stride: 2 });
  x = block(block(x, first, true), first, false);
  x = e.conv(e.conv(x, first, first, 3, { stride: 2, groups: first }), first, second, 1);
  x = e.add(x, e.conv(e.gelu(e.conv(x, second, 2 * second, 1)), 2 * second, second, 1));
  x = block(block(x, second, true), second, false);
  const pooled = e.mean(x, [2, 3], false);
  return e.finish([e.dense(e.batchNorm(pooled, second), second, CLASSES), ["batch", CLASSES]]);
}

/** EdgeNeXt (Maaz et al. 2022): convolutions on parts of the channels, and attention between channels. */
export function edgeNeXt(e: Exporter): Model {
  const [first, channels, heads, tokens] = [16 * e.scale, 24 * e.scale, 4, 64];
  let x = normalizedMap(e, e.conv(image(e, 64), 3, first, 4, { stride: 4, pad: 0 }), first);
  x = convNeXtBlock(e, x, first, 3);
  x = e.conv(normalizedMap(e, x, first), first, channels, 2, { stride: 2, pad: 0 });
  x = convNeXtBlock(e, x, channels, 5);

  const half = channels / 2;
  const [kept, changed] = e.chunk(x, 1, half, half);
  if (kept === undefined || changed === undefined) throw new Error("two parts");
  const parts = [e.conv(changed, half, half, 3, { groups: half }), kept];
  const map = e.apply("Concat", parts, { axis: 1 });
  const batch = e.size(map, 0, "batch");
  let y = e.transpose(e.reshape(map, batch, channels, tokens), 0, 2, 1);
  y = e.add(y, e.parameter(1, tokens, channels));

  const joint = e.linear(e.layerNorm(y, channels, 1e-6), channels, 3 * channels);
  const split = e.transpose(e.reshape(joint, batch, tokens, 3, heads, channels / heads), 2, 0, 3, 4, 1);
  const [q, k, v] = e.unbind(split, 0, 3);
  if (q === undefined || k === undefined || v === undefined) throw new Error("three parts");
  const scores = e.apply("MatMul", [unit(e, q), e.transpose(unit(e, k), 0, 1, 3, 2)]);
  const weights = e.softmax(e.mul(scores, e.parameter(heads, 1, 1)));
  const mixed = e.reshape(e.transpose(e.apply("MatMul", [weights, v]), 0, 3, 1, 2), batch, tokens, channels);
  y = e.add(y, e.mul(e.linear(mixed, channels, channels), e.parameter(channels)));
  const last = e.reshape(y, batch, 8, 8, channels);
  const wide = mlp(e, e.layerNorm(last, channels, 1e-6), channels, 4);
  const back = channelsFirst(e, e.mul(wide, e.parameter(channels)));
  return classify(e, e.add(x, back), channels);
}

/** torch.nn.functional.normalize over the last axis. */
function unit(e: Exporter, x: Value): Value {
  const norm =
    e.dialect.opset < 18
      ? e.apply("ReduceL2", [x], { axes: [-1], keepdims: 1 })
      : e.apply("ReduceL2", [x, e.ints(-1)], { keepdims: 1 });
  const kept = e.apply("Clip", [norm, e.number(1e-12)]);
  return e.apply("Div", [x, e.apply("Expand", [kept, e.apply("Shape", [x])])]);
}

/** MobileViT (Mehta and Rastegari 2022): transformers over patches between inverted residuals. */
export function mobileViT(e: Exporter): Model {
  const [channels, width, wider, side] = [16 * e.scale, 24 * e.scale, 32 * e.scale, 16];
  const patches = (side / 2) ** 2;
  let x = e.silu(e.conv(image(e, 64), 3, channels, 3, { stride: 2 }));
  const wide = e.silu(e.conv(x, channels, wider, 1));
  x = e.conv(e.silu(e.conv(wide, wider, wider, 3, { groups: wider, stride: 2 })), wider, channels, 1);
  const local = e.conv(e.silu(e.conv(x, channels, channels, 3)), channels, width, 1, { bias: false });

  const split = e.transpose(e.reshape(local, -1, 2, side / 2, 2), 0, 2, 1, 3);
  const unfolded = e.reshape(split, e.size(local, 0, "batch"), width, patches, 4);
  let y = e.reshape(e.transpose(unfolded, 0, 3, 2, 1), -1, patches, width);
  for (let block = 0; block < 2; block++) {
    y = e.add(y, patchAttention(e, e.layerNorm(y, width), patches, width));
    y = e.add(y, mlp(e, e.layerNorm(y, width), width, 2, e.silu));
  }
  y = e.transpose(e.reshape(e.layerNorm(y, width), e.size(local, 0, "batch"), 4, patches, width), 0, 3, 2, 1);
  const folded = e.transpose(e.reshape(y, -1, side / 2, 2, 2), 0, 2, 1, 3);
  const map = e.reshape(folded, e.size(local, 0, "batch"), width, side, side);
  const projected = e.silu(e.conv(map, width, channels, 1));
  const both = e.apply("Concat", [x, projected], { axis: 1 });
  x = e.silu(e.conv(both, 2 * channels, channels, 3));
  return classify(e, e.silu(e.conv(x, channels, wider, 1)), wider);
}

/** Attention over the patches at one place within the patch: their number is four times the batch. */
function patchAttention(e: Exporter, x: Value, tokens: number, width: number): Value {
  const heads = 4;
  const joint = e.reshape(e.linear(x, width, 3 * width), -1, tokens, 3, heads, width / heads);
  const [q, k, v] = e.unbind(e.transpose(joint, 2, 0, 3, 1, 4), 0, 3);
  if (q === undefined || k === undefined || v === undefined) throw new Error("three parts");
  const mixed = attention(e, { q, k, v }, { width: width / heads });
  return e.linear(joinHeads(e, mixed, -1, tokens, width), width, width);
}
