/** The p-quantile, 0 <= p <= 1, between two values by interpolation. Of no values: 0. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Standard deviations of a normal distribution beside its mean in 95 of 100 cases. */
const Z95 = 1.96;

/**
 * An interval that has the true median in it in about 95 of 100 cases, by the order of the values alone, so that no distribution
 * is assumed: how many values lie below the median is binomial. Of fewer than 8 values it is all of them.
 */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const skipped = Math.max(0, Math.floor((sorted.length - Z95 * Math.sqrt(sorted.length)) / 2));
  return [sorted[skipped] ?? 0, sorted[sorted.length - 1 - skipped] ?? 0];
}
