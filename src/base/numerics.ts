/**
 * What a rewrite may do to the numbers, and so how a check judges its result.
 *
 *   exact        bit for bit the same outputs
 *   rounding     the same real function, computed with other roundings
 *   approximate  another function, within a bound the pass documents
 */
export type Numerics = "exact" | "rounding" | "approximate";
