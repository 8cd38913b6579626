import type { Refusal } from "../base/refusal.js";
import { refusals } from "./refusals.js";

/** Constants of this share of the limit are small: they are held back only together. */
const SMALL_SHARE = 2 ** -10;

/**
 * Which computed constants may make the model grow, by a limit in all. Those that would, taken together, go past it all
 * stay as they are computed, however many of them would have fitted: which ones fit would hang on their order, and a
 * second run, to which what the first has made is no growth any more, would make others. Small ones are a group of their
 * own, so that the sizes and indices of a model are made although its weights are too large.
 */
export class GrowthBudget {
  readonly #limit: number;
  readonly #used: { spent: number };
  /** Bytes that all small ones would add, and all there are. */
  readonly #small: number;
  readonly #all: number;

  /**
   * `growths` are the bytes that each constant in question adds, net of the constants that go away with it; `used` is
   * what has been spent of the limit in rounds before.
   */
  constructor(growths: Iterable<number>, limit: number, used: { spent: number }) {
    let [small, large] = [0, 0];
    for (const growth of growths) {
      // One that is past the limit alone stays whatever the others do.
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
