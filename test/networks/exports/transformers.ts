import type { Model, Value } from "../../../src/index.js";
import { attention, eagerAttention, joinHeads, jointAttention, mlp, splitHeads } from "./attention.js";
import type { Exporter, Size } from "./exporter.js";
import { causalMask, paddingMask } from "./masks.js";

const HEADS = 4;
const WORDS = 50;

/** The width of a token, and of a head. */
function widthsOf(e: Exporter): { readonly width: number; readonly head: number } {
  return { width: 8 * HEADS * e.scale, head: 8 * e.scale };
}

/** ViT (Dosovitskiy et al. 2021): pre-norm blocks on the patches of an image. */
export function viT(e: Exporter): Model {
  const { width } = widthsOf(e);
  const image = e.input("x", ["batch", 3, 64, 64]);
  const map = e.conv(image, 3, width, 16, { stride: 16, pad: 0 });
  const batch = e.size(image, 0, "batch");
  const patches = e.transpose(e.reshape(map, batch, width, 16), 0, 2, 1);
  const one = e.apply("Expand", [
    e.parameter(1, 1, width),
    e.apply("Concat", [e.vectorOf(batch), e.ints(1), e.ints(width)], { axis: 0 }),
  ]);
  let x = e.add(e.apply("Concat", [one, patches], { axis: 1 }), e.parameter(1, 17, width));
  for (let block = 0; block < 2; block++) {
    x = e.add(x, jointAttention(e, e.layerNorm(x, width, 1e-6), 17, width, HEADS));
    x = e.add(x, mlp(e, e.layerNorm(x, width, 1e-6), width, 4));
  }
  const token = e.apply("Gather", [e.layerNorm(x, width, 1e-6), e.integers([], [0])], { axis: 1 });
  return e.finish([e.dense(token, width, 10), ["batch", 10]]);
}

/** Queries, keys and values by a linear layer each. */
function separateHeads(
  e: Exporter,
  x: Value,
  sizes: readonly [Size, Size],
  memory: Value = x,
  tokens: Size = sizes[1],
  values: Value = memory,
): { readonly q: Value; readonly k: Value; readonly v: Value } {
  const { width, head } = widthsOf(e);
  const [batch, own] = sizes;
  return {
    q: splitHeads(e, e.linear(x, width, width), batch, own, HEADS, head),
    k: splitHeads(e, e.linear(memory, width, width), batch, tokens, HEADS, head),
    v: splitHeads(e, e.linear(values, width, width), batch, tokens, HEADS, head),
  };
}

/** The encoder of Whisper (Radford et al. 2022): two convolutions along time, pre-norm blocks; keys without a bias. */
export function whisperEncoder(e: Exporter): Model {
  const { width, head } = widthsOf(e);
  const [bands, frames] = [8, 20];
  const spectrum = e.input("x", ["batch", bands, 2 * frames]);
  const along = (x: Value, from: number, stride: number): Value => {
    const [w, b] = [e.constant([width, from, 3], -0.3, 0.3), e.constant([width], -0.5, 0.5)];
    const y = e.apply("Conv", [x, w, b], { kernel_shape: [3], strides: [stride], pads: [1, 1] });
    return e.gelu(y);
  };
  let x = e.transpose(along(along(spectrum, bands, 1), width, 2), 0, 2, 1);
  x = e.add(x, e.parameter(frames, width));
  for (let block = 0; block < 2; block++) {
    const y = e.layerNorm(x, width);
    const batch = e.size(y, 0, "batch");
    const scaled = e.mul(e.linear(y, width, width), e.number(head ** -0.5));
    const q = splitHeads(e, scaled, batch, frames, HEADS, head);
    const k = splitHeads(e, e.linear(y, width, width, false), batch, frames, HEADS, head);
    const v = splitHeads(e, e.linear(y, width, width), batch, frames, HEADS, head);
    const scores = e.softmax(e.apply("MatMul", [q, e.transpose(k, 0, 1, 3, 2)]));
    const mixed = joinHeads(e, e.apply("MatMul", [scores, v]), batch, frames, width);
    x = e.add(x, e.linear(mixed, width, width));
    x = e.add(x, mlp(e, e.layerNorm(x, width), width, 4));
  }
  return e.finish([e.layerNorm(x, width), ["batch", frames, width]]);
}

/** BERT (Devlin et al. 2019), as transformers has it: a padding mask, post-norm blocks, a pooler. */
export function bert(e: Exporter): Model {
  const { width, head } = widthsOf(e);
  const ids = e.input("input_ids", ["batch", "sequence"], "int64");
  const padding = e.input("attention_mask", ["batch", "sequence"], "int64");
  const words = e.apply("Gather", [e.parameter(WORDS, width), ids], { axis: 0 });
  const [batch, tokens] = [e.size(words, 0, "batch"), e.size(words, 1, "sequence")];
  const end = e.vectorOf(e.size(ids, 1, "sequence"));
  const places = e.apply("Slice", [e.parameter(32, width), e.ints(0), end, e.ints(0)]);
  let x = e.layerNorm(e.add(e.add(words, e.parameter(width)), places), width, 1e-12);
  const mask = paddingMask(e, padding, tokens);
  for (let block = 0; block < 2; block++) {
    const mixed = attention(e, separateHeads(e, x, [batch, tokens]), {
      width: head,
      mask,
      guarded: true,
      isScaled: true,
    });
    const joined = e.linear(joinHeads(e, mixed, batch, tokens, width), width, width);
    x = e.layerNorm(e.add(joined, x), width, 1e-12);
    x = e.layerNorm(e.add(mlp(e, x, width, 2), x), width, 1e-12);
  }
  const first = e.apply("Gather", [x, e.integers([], [0])], { axis: 1 });
  const pooled = e.apply("Tanh", [e.dense(first, width, width)]);
  return e.finish([x, ["batch", "sequence", width]], [pooled, ["batch", width]]);
}

/** A linear layer of GPT-2, which transformers calls Conv1D: the tokens as rows of one matrix. */
function rowsLinear(e: Exporter, x: Value, sizes: readonly [Size, Size], from: number, to: number): Value {
  const rows = e.reshape(x, -1, from);
  const product = e.apply("Gemm", [rows, e.constant([from, to], -0.3, 0.3), e.constant([to], -0.5, 0.5)]);
  return e.reshape(product, ...sizes, to);
}

/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), in the order of transformers' NewGELUActivation. */
function newGelu(e: Exporter, x: Value): Value {
  const half = e.mul(x, e.number(0.5));
  const cube = e.mul(e.apply("Pow", [x, e.number(3)]), e.number(0.044715));
  const tanh = e.apply("Tanh", [e.mul(e.add(x, cube), e.number(Math.sqrt(2 / Math.PI)))]);
  return e.mul(half, e.add(tanh, e.number(1)));
}

/** GPT-2 (Radford et al. 2019): a causal mask, Gemm on the rows of all tokens, the Gelu by Tanh. */
export function gpt2(e: Exporter): Model {
  const { width, head } = widthsOf(e);
  const ids = e.input("input_ids", ["batch", "sequence"], "int64");
  const sizes = [e.size(ids, 0, "batch"), e.size(ids, 1, "sequence")] as const;
  const words = e.apply("Gather", [e.parameter(WORDS, width), ids], { axis: 0 });
  const places = e.apply("Slice", [e.parameter(32, width), e.ints(0), e.vectorOf(sizes[1]), e.ints(0)]);
  let x = e.add(words, places);
  const mask = causalMask(e, sizes[1]);
  for (let block = 0; block < 2; block++) {
    const joint = rowsLinear(e, e.layerNorm(x, width), sizes, width, 3 * width);
    const [q, k, v] = e
      .chunk(joint, 2, width, width, width)
      .map((part) => splitHeads(e, part, ...sizes, HEADS, head));
    if (q === undefined || k === undefined || v === undefined) throw new Error("three parts");
    const mixed = attention(e, { q, k, v }, { width: head, mask, guarded: true, isScaled: true });
    x = e.add(rowsLinear(e, joinHeads(e, mixed, ...sizes, width), sizes, width, width), x);
    const wide = newGelu(e, rowsLinear(e, e.layerNorm(x, width), sizes, width, 4 * width));
    x = e.add(x, rowsLinear(e, wide, sizes, 4 * width, width));
  }
  const logits = e.linear(e.layerNorm(x, width), width, WORDS, false);
  return e.finish([logits, ["batch", "sequence", WORDS]]);
}

/** The root mean square, as transformers' LlamaRMSNorm writes it out. */
function rmsNorm(e: Exporter, x: Value): Value {
  const { width } = widthsOf(e);
  const root = e.apply("Sqrt", [e.add(e.mean(e.apply("Pow", [x, e.number(2)]), [-1]), e.number(1e-6))]);
  const inverse =
    e.dialect.exporter === "torchscript"
      ? e.apply("Div", [e.number(1), root])
      : e.apply("Reciprocal", [root]);
  return e.mul(e.constant([width], 0.5, 1.5), e.mul(x, inverse));
}

/** x cos + rotate_half(x) sin. */
function rotary(e: Exporter, x: Value, cos: Value, sin: Value): Value {
  const { head } = widthsOf(e);
  const low = e.slice(x, 3, 0, head / 2);
  const high = e.apply("Neg", [e.slice(x, 3, head / 2, 2 ** 53 - 1)]);
  return e.add(e.mul(x, cos), e.mul(e.apply("Concat", [high, low], { axis: -1 }), sin));
}

/** Keys or values of two heads for the queries of four. */
function repeated(e: Exporter, x: Value, [batch, tokens]: readonly [Size, Size]): Value {
  const { head } = widthsOf(e);
  const wide = e.apply(
    "Concat",
    [2, 2].map(() => e.apply("Unsqueeze", [x, e.ints(2)])),
    { axis: 2 },
  );
  return e.reshape(wide, batch, HEADS, tokens, head);
}

/** Llama (Touvron et al. 2023) with grouped queries: rotary positions, RMS normalizations, SwiGLU. */
export function llama(e: Exporter): Model {
  const { width, head } = widthsOf(e);
  const ids = e.input("input_ids", ["batch", "sequence"], "int64");
  const sizes = [e.size(ids, 0, "batch"), e.size(ids, 1, "sequence")] as const;
  let x = e.apply("Gather", [e.parameter(WORDS, width), ids], { axis: 0 });
  const end = e.vectorOf(sizes[1]);
  const [cos, sin] = ["Cos", "Sin"].map((name) => {
    const places = e.apply("Slice", [e.parameter(32, head), e.ints(0), end, e.ints(0)]);
    return e.apply("Unsqueeze", [e.apply(name, [places]), e.ints(0, 1)]);
  });
  if (cos === undefined || sin === undefined) throw new Error("two tables");
  const mask = causalMask(e, sizes[1]);
  for (let block = 0; block < 2; block++) {
    const y = rmsNorm(e, x);
    const q = rotary(e, splitHeads(e, e.linear(y, width, width, false), ...sizes, HEADS, head), cos, sin);
    const keys = splitHeads(e, e.linear(y, width, width / 2, false), ...sizes, HEADS / 2, head);
    const values = splitHeads(e, e.linear(y, width, width / 2, false), ...sizes, HEADS / 2, head);
    const heads = { q, k: repeated(e, rotary(e, keys, cos, sin), sizes), v: repeated(e, values, sizes) };
    const mixed = eagerAttention(e, heads, { width: head, mask });
    x = e.add(x, e.linear(joinHeads(e, mixed, ...sizes, width), width, width, false));
    const z = rmsNorm(e, x);
    const gated = e.mul(e.silu(e.linear(z, width, 2 * width, false)), e.linear(z, width, 2 * width, false));
    x = e.add(x, e.linear(gated, 2 * width, width, false));
  }
  const logits = e.linear(rmsNorm(e, x), width, WORDS, false);
  return e.finish([logits, ["batch", "sequence", WORDS]]);
}

/** DETR (Carion et al. 2020): a residual network, an encoder, and a decoder of object queries; post-norm. */
export function detr(e: Exporter): Model {
  const { width, head } = widthsOf(e);
  const relu = (x: Value): Value => e.apply("Relu", [x]);
  let map = relu(e.conv(e.input("x", ["batch", 3, 64, 64]), 3, 16, 7, { stride: 4 }));
  map = e.apply("MaxPool", [map], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  map = relu(e.add(e.conv(relu(e.conv(map, 16, 16, 3)), 16, 16, 3), map));
  map = relu(
    e.add(
      e.conv(relu(e.conv(map, 16, 24, 3, { stride: 2 })), 24, 24, 3),
      e.conv(map, 16, 24, 1, { stride: 2 }),
    ),
  );
  const projected = e.conv(map, 24, width, 1);
  const batch = e.size(projected, 0, "batch");
  const [places, queries] = [e.parameter(1, 16, width), e.parameter(10, width)];
  const norm = (x: Value, y: Value): Value => e.layerNorm(e.add(x, y), width);
  const block = (x: Value, count: number, memory: Value, known: number, asked: Value, keys: Value): Value => {
    const heads = separateHeads(e, asked, [batch, count], keys, known, memory);
    const mixed = attention(e, heads, { width: head, isScaled: true });
    return norm(x, e.linear(joinHeads(e, mixed, batch, count, width), width, width));
  };
  let memory = e.transpose(e.reshape(projected, batch, width, 16), 0, 2, 1);
  for (let layer = 0; layer < 1; layer++) {
    const placed = e.add(memory, places);
    memory = block(memory, 16, memory, 16, placed, placed);
    memory = norm(memory, mlp(e, memory, width, 2, relu));
  }
  const shape = e.apply("Concat", [e.vectorOf(batch), e.ints(10), e.ints(width)], { axis: 0 });
  let x = e.apply("Expand", [e.constant([1, 1, 1], 0, 0), shape]);
  for (let layer = 0; layer < 2; layer++) {
    const asked = e.add(x, queries);
    x = block(x, 10, x, 10, asked, asked);
    x = block(x, 10, memory, 16, e.add(x, queries), e.add(memory, places));
    x = norm(x, mlp(e, x, width, 2, relu));
  }
  x = e.layerNorm(x, width);
  const hidden = relu(e.linear(relu(e.linear(x, width, width)), width, width));
  const boxes = e.apply("Sigmoid", [e.linear(hidden, width, 4)]);
  return e.finish([e.linear(x, width, 6), ["batch", 10, 6]], [boxes, ["batch", 10, 4]]);
}
