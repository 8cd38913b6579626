import { type Refusal, refuse } from "../base/refusal.js";
import { isFloat } from "../ir/dtype.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { type ChannelAffine, channelCount, isScaleOnly, isShiftOnly } from "./channel-affine.js";
import { fitsRange, scaleOverflows, scaleTensor } from "./scale-tensor.js";

/** scale[c] * k + shift[c] of a constant along one of its axes, or uniformly; why not, where it cannot be written. */
export function transformConstant(
  constant: Tensor,
  axis: number | undefined,
  map: ChannelAffine,
): Tensor | Refusal {
  const { dtype, dims } = constant;
  if (!isFloat(dtype)) return refuse(`the constant is ${dtype}`);
  const channels = axis === undefined ? 1 : (dims[axis] ?? 1);
  if (channels !== channelCount(map)) {
    return refuse(`the constant has ${channels} channels, the map ${channelCount(map)}`);
  }
  const inner = axis === undefined ? Math.max(constant.size, 1) : product(dims.slice(axis + 1));
  if (isScaleOnly(map)) {
    if (isShiftOnly(map)) return constant;
    return scaleOverflows(constant, map.scale, inner)
      ? refuse(`the ${dtype} constant would overflow`)
      : scaleTensor(constant, map.scale, inner);
  }
  const values = constant.toFloat64().map((value, i) => {
    const c = Math.floor(i / inner) % channels;
    return value * (map.scale[c] ?? NaN) + (map.shift[c] ?? NaN);
  });
  return fitsRange(dtype, values)
    ? tensorFromNumbers(dtype, dims, values)
    : refuse(`the ${dtype} constant would overflow`);
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}
