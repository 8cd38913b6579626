import { product } from "../base/integers.js";
import type { Refusal } from "../base/refusal.js";
import { isFloat } from "../ir/dtype.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { type ChannelAffine, channelCount, isScaleOnly, isShiftOnly } from "./channel-affine.js";
import { refusals } from "./refusals.js";
import { fitsRange, scaleOverflows, scaleTensor } from "./scale-tensor.js";

/**
 * The constant k as scale[c] * k + shift[c] along one of its axes, or uniformly; a refusal where its type cannot hold
 * that.
 */
export function transformConstant(
  constant: Tensor,
  axis: number | undefined,
  map: ChannelAffine,
): Tensor | Refusal {
  const { dtype, dims } = constant;
  if (!isFloat(dtype)) return refusals.constantIsNotFloat(dtype);
  const channels = axis === undefined ? 1 : (dims[axis] ?? 1);
  if (channels !== channelCount(map)) {
    return refusals.constantHasOtherChannels(channels, channelCount(map));
  }
  const inner = axis === undefined ? Math.max(constant.size, 1) : product(dims.slice(axis + 1));
  if (isScaleOnly(map)) {
    if (isShiftOnly(map)) return constant;
    return scaleOverflows(constant, map.scale, inner)
      ? refusals.constantWouldOverflow(dtype)
      : scaleTensor(constant, map.scale, inner);
  }
  const values = constant.toFloat64().map((value, i) => {
    const c = Math.floor(i / inner) % channels;
    return value * (map.scale[c] ?? NaN) + (map.shift[c] ?? NaN);
  });
  return fitsRange(dtype, values)
    ? tensorFromNumbers(dtype, dims, values)
    : refusals.constantWouldOverflow(dtype);
}
