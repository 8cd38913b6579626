/** The statistics of one mini-batch: `count` elements of each channel. */
export interface BatchMoments {
  /** The mean of each channel. */
  readonly mean: ArrayLike<number>;
  /** The variance of each channel, divided by `count`. */
  readonly variance: ArrayLike<number>;
  /** Elements of each channel in the batch. */
  readonly count: number;
}

/**
 * How mini-batches become population statistics.
 *
 *   paper    Ioffe & Szegedy 2015, Algorithm 2: E[x] is the mean of the batches' means, Var[x] the mean of their
 *            m/(m-1) * variance, over batches of one size
 *   pooled   the mean and variance (divided by n) of all elements at once, merged in float64 by the formula of Chan, Golub
 *            and LeVeque; differs from `paper` where the batches' means differ
 */
export type StatisticsMethod = "paper" | "pooled";

/** The statistics of all batches together. */
export interface Population {
  /** The mean of each channel. */
  readonly mean: Float64Array;
  /** The variance of each channel, as the method defines it. */
  readonly variance: Float64Array;
  /** Elements of each channel in all batches. */
  readonly count: number;
  /** The number of batches. */
  readonly batches: number;
  /**
   * Standard errors of the mean and the variance of each channel, from their spread among batches; undefined for one
   * batch.
   */
  readonly standardError: { readonly mean: Float64Array; readonly variance: Float64Array } | undefined;
}

/** Merges the moments of mini-batches in float64, and holds only a few numbers per channel. */
export class MomentsAccumulator {
  readonly #channels: number;
  #batches = 0;
  #count = 0;
  readonly #mean: Float64Array;
  /** Sum of squared distances from the mean. */
  readonly #squares: Float64Array;
  /** Running mean and sum of squared distances, over batches, of the batches' means and of their unbiased variances. */
  readonly #ofMeans: Spread;
  readonly #ofVariances: Spread;

  constructor(channels: number) {
    this.#channels = channels;
    this.#mean = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
    this.#ofMeans = new Spread(channels);
    this.#ofVariances = new Spread(channels);
  }

  /** Takes in one more batch. */
  add({ mean, variance, count }: BatchMoments): void {
    const total = this.#count + count;
    this.#batches++;
    const unbiased = count > 1 ? count / (count - 1) : 1;
    for (let c = 0; c < this.#channels; c++) {
      const [m, v] = [mean[c] ?? NaN, variance[c] ?? NaN];
      const delta = m - (this.#mean[c] ?? 0);
      this.#squares[c] = (this.#squares[c] ?? 0) + v * count + (delta * delta * this.#count * count) / total;
      this.#mean[c] = (this.#mean[c] ?? 0) + (delta * count) / total;
      this.#ofMeans.add(c, m, this.#batches);
      this.#ofVariances.add(c, v * unbiased, this.#batches);
    }
    this.#count = total;
  }

  /** The statistics of the batches so far. */
  result(method: StatisticsMethod): Population {
    const [count, batches] = [this.#count, this.#batches];
    const standardError =
      batches < 2
        ? undefined
        : { mean: this.#ofMeans.standardError(batches), variance: this.#ofVariances.standardError(batches) };
    const statistics =
      method === "paper"
        ? { mean: this.#ofMeans.mean.slice(), variance: this.#ofVariances.mean.slice() }
        : { mean: this.#mean.slice(), variance: this.#squares.map((sum) => sum / count) };
    return { ...statistics, count, batches, standardError };
  }
}

/** Welford's running mean and spread. */
class Spread {
  readonly mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  add(channel: number, value: number, count: number): void {
    const before = this.mean[channel] ?? 0;
    const after = before + (value - before) / count;
    this.mean[channel] = after;
    this.#squares[channel] = (this.#squares[channel] ?? 0) + (value - before) * (value - after);
  }

  standardError(count: number): Float64Array {
    return this.#squares.map((sum) => Math.sqrt(sum / (count - 1) / count));
  }
}
