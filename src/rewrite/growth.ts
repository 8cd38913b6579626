import type { Refusal } from "../base/refusal.js";
import { refusals } from "./refusals.js";

/** Constants of at most this share of the limit are small. */
const SMALL_SHARE = 2 ** -10;

/**
 * Decides which computed constants may make the model grow, by a limit for all of them. Where they would exceed it together,
 * none is made, although some would fit: which ones fit would depend on their order, and a second run, which no longer
 * counts the constants of the first, would make others. Small constants are a group of their own, so that the sizes and
 * indices of a model are made although its weights are too large.
 */
export class GrowthBudget {
  readonly #limit: number;
  readonly #used: { spent: number };
  /** Bytes that all small constants would add, and all constants. */
  readonly #small: number;
  readonly #all: number;

  /**
   * `growths` are the bytes that each constant would add, net of the constants that become unused; `used` counts the bytes
   * spent in earlier rounds.
   */
  constructor(growths: Iterable<number>, limit: number, used: { spent: number }) {
    let [small, large] = [0, 0];
    for (const growth of growths) {
      // A constant that alone exceeds the limit is not made in any case.
      if (growth <= 0 || growth > limit) continue;
      if (growth <= limit * SMALL_SHARE) small += growth;
      else large += growth;
    }
    this.#limit = limit;
    this.#used = used;
    this.#small = small;
    this.#all = small + large;
  }

  /** Why a constant is not made; undefined when it may be. */
  objection(growth: number): Refusal | undefined {
    if (growth <= 0) return undefined;
    const limit = this.#limit;
    if (growth > limit) return refusals.constantIsTooLarge(growth, limit);
    const together = growth <= limit * SMALL_SHARE ? this.#small : this.#all;
    if (together > limit) return refusals.constantsAreTooLargeTogether(growth, together, limit);
    const left = Math.max(0, limit - this.#used.spent);
    return growth <= left ? undefined : refusals.growthLimitIsUsedUp(growth, limit, left);
  }

  spend(growth: number): void {
    this.#used.spent += growth;
  }
}
