import { fitsRange } from "../affine/scale-tensor.js";
import type { FloatDType } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../ir/tensor.js";
import type { NormalizationParameters } from "./emit-normalization.js";
import { errors } from "./errors.js";

/** Numbers as a tensor of the type holds them. */
export function rounded(dtype: FloatDType, values: Float64Array): Float64Array {
  return decodeNumbers(dtype, encodeNumbers(dtype, values), values.length);
}

/**
 * Parameters that leave every value as it is (Ioffe & Szegedy 2015, section 3): gamma = sqrt(Var + epsilon) of the
 * variance as it is stored, and beta = E[x]. `bias` is the layer's bias that beta takes over: the stored mean is then
 * that of the values without the bias, and beta adds both again. Throws "unsupported" where the type cannot hold a
 * statistic.
 */
export function identityParameters(
  name: string,
  dtype: FloatDType,
  epsilon: number,
  statistics: { readonly mean: Float64Array; readonly variance: Float64Array },
  bias: Float64Array | undefined,
): NormalizationParameters {
  const without = statistics.mean.map((value, c) => value - (bias?.[c] ?? 0));
  if (!fitsRange(dtype, without) || !fitsRange(dtype, statistics.variance)) {
    throw errors.statisticExceedsType("mean or variance", dtype).at({ element: name });
  }
  const mean = rounded(dtype, without);
  const variance = rounded(dtype, statistics.variance);
  const scale = rounded(
    dtype,
    variance.map((value) => Math.sqrt(value + epsilon)),
  );
  // beta - mean * gamma / sqrt(Var + epsilon) has to be the bias, in terms of the rounded numbers above.
  const beta = mean.map((value, c) => {
    const slope = (scale[c] ?? NaN) / Math.sqrt((variance[c] ?? NaN) + epsilon);
    return (bias?.[c] ?? 0) + value * slope;
  });
  return { scale, bias: rounded(dtype, beta), mean, variance };
}

/** The paper's parameters at the start of training: gamma is 1, and beta the bias of the layer, or 0. */
export function freshParameters(channels: number, bias: Float64Array | undefined): NormalizationParameters {
  return {
    scale: new Float64Array(channels).fill(1),
    bias: bias ?? new Float64Array(channels),
    mean: new Float64Array(channels),
    variance: new Float64Array(channels).fill(1),
  };
}
