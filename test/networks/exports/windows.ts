import type { Model, Value } from "../../../src/index.js";
import { eagerAttention, joinHeads, mlp } from "./attention.js";
import type { Exporter } from "./exporter.js";

const WINDOW = 4;
const TOKENS = WINDOW ** 2;

/** [batch, side, side, channels] to [batch * windows, tokens, channels]. */
function intoWindows(e: Exporter, x: Value, side: number, channels: number): Value {
  const count = side / WINDOW;
  const batch = e.size(x, 0, "batch");
  const split = e.reshape(x, batch, count, WINDOW, count, WINDOW, channels);
  return e.reshape(e.transpose(split, 0, 1, 3, 2, 4, 5), -1, TOKENS, channels);
}

function outOfWindows(e: Exporter, x: Value, side: number, channels: number): Value {
  const count = side / WINDOW;
  const split = e.reshape(x, -1, count, count, WINDOW, WINDOW, channels);
  return e.reshape(e.transpose(split, 0, 1, 3, 2, 4, 5), -1, side, side, channels);
}

/** torch.roll over both axes of a map. */
function rolled(e: Exporter, x: Value, side: number, by: number): Value {
  let y = x;
  for (const axis of [1, 2]) {
    const at = (side + by) % side;
    const parts = [e.slice(y, axis, side - at, side), e.slice(y, axis, 0, side - at)];
    y = e.apply("Concat", parts, { axis });
  }
  return y;
}

function windowAttention(e: Exporter, x: Value, channels: number, heads: number, windows: number): Value {
  const head = channels / heads;
  const joint = e.reshape(e.linear(x, channels, 3 * channels), -1, TOKENS, 3, heads, head);
  const [q, k, v] = e.unbind(e.transpose(joint, 2, 0, 3, 1, 4), 0, 3);
  if (q === undefined || k === undefined || v === undefined) throw new Error("three parts");
  const scores = e.apply("MatMul", [e.mul(q, e.number(head ** -0.5)), e.transpose(k, 0, 1, 3, 2)]);
  let biased = e.add(scores, e.parameter(1, heads, TOKENS, TOKENS));
  if (windows > 0) {
    const parts = e.reshape(biased, -1, windows, heads, TOKENS, TOKENS);
    biased = e.reshape(e.add(parts, e.parameter(1, windows, 1, TOKENS, TOKENS)), -1, heads, TOKENS, TOKENS);
  }
  const mixed = e.apply("MatMul", [e.softmax(biased), v]);
  return e.linear(joinHeads(e, mixed, -1, TOKENS, channels), channels, channels);
}

/** Swin (Liu et al. 2021): attention in windows, every second time shifted; patches are merged between stages. */
export function swin(e: Exporter): Model {
  const map = e.conv(e.input("x", ["batch", 3, 32, 32]), 3, 16 * e.scale, 4, { stride: 4, pad: 0 });
  let [x, side, channels] = [e.layerNorm(e.transpose(map, 0, 2, 3, 1), 16 * e.scale), 8, 16 * e.scale];
  for (const heads of [2, 4]) {
    for (const shift of side > WINDOW ? [0, WINDOW / 2] : [0]) {
      const y = e.layerNorm(x, channels);
      const moved = shift === 0 ? y : rolled(e, y, side, -shift);
      const windows = intoWindows(e, moved, side, channels);
      const mixed = windowAttention(e, windows, channels, heads, shift === 0 ? 0 : (side / WINDOW) ** 2);
      const back = outOfWindows(e, mixed, side, channels);
      x = e.add(x, shift === 0 ? back : rolled(e, back, side, shift));
      const tokens = e.reshape(x, e.size(x, 0, "batch"), side * side, channels);
      const sum = e.add(tokens, mlp(e, e.layerNorm(tokens, channels), channels, 4));
      x = e.reshape(sum, e.size(sum, 0, "batch"), side, side, channels);
    }
    if (heads === 4) break;
    const split = e.reshape(x, e.size(x, 0, "batch"), side / 2, 2, side / 2, 2, channels);
    const merged = e.transpose(split, 0, 1, 3, 4, 2, 5);
    const four = e.reshape(merged, e.size(x, 0, "batch"), side / 2, side / 2, 4 * channels);
    x = e.linear(e.layerNorm(four, 4 * channels), 4 * channels, 2 * channels, false);
    [side, channels] = [side / 2, 2 * channels];
  }
  const pooled = e.mean(e.layerNorm(x, channels), [1, 2], false);
  return e.finish([e.dense(pooled, channels, 10), ["batch", 10]]);
}

/** A post-norm encoder as PyTorch's nn.TransformerEncoderLayer written by a model with scores of its own. */
export function encoder(e: Exporter): Model {
  const [width, heads] = [32 * e.scale, 4];
  let x = e.input("x", ["batch", "sequence", width]);
  for (let block = 0; block < 2; block++) {
    const sizes = [e.size(x, 0, "batch"), e.size(x, 1, "sequence")] as const;
    const split = (y: Value): Value => e.transpose(e.reshape(y, ...sizes, heads, width / heads), 0, 2, 1, 3);
    const [q, k, v] = [e.linear(x, width, width), e.linear(x, width, width), e.linear(x, width, width)];
    const mixed = eagerAttention(
      e,
      { q: split(q), k: split(k), v: split(v) },
      { width: width / heads },
      "Div",
    );
    x = e.layerNorm(e.add(x, e.linear(joinHeads(e, mixed, ...sizes, width), width, width)), width);
    x = e.layerNorm(e.add(x, mlp(e, x, width, 2)), width);
  }
  return e.finish([x, ["batch", "sequence", width]]);
}
