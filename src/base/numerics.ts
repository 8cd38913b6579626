/**
 * The effect of a rewrite on the numbers, which says how its result is judged.
 *
 *   exact        bit for bit the same outputs
 *   rounding     the same real function, computed with other roundings
 *   approximate  another function, within a bound the pass documents
 */
export type Numerics = "exact" | "rounding" | "approximate";
