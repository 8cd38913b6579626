/** Splits `size` into `count` parts of different lengths, as far as it goes round. */
export function unevenParts(size: number, count: number): readonly number[] {
  const even = Math.floor(size / count);
  const parts = Array.from({ length: count }, () => even);
  const [first, last] = [0, count - 1];
  parts[last] = size - even * last;
  // A part more here and one less there shows parts that change places.
  if (count > 1 && even > 1 && parts[last] === even) {
    parts[first] = even - 1;
    parts[last] = even + 1;
  }
  return parts;
}

/**
 * Sizes with the product `total`: the given ones where they divide it, and its prime factors spread over the others, the
 * largest to the smallest so far.
 */
export function fill(fixed: readonly (number | undefined)[], total: number): readonly number[] {
  const known = fixed.reduce<number>((sum, size) => sum * (size ?? 1), 1);
  const fits = known > 0 && total % known === 0 && (total === known || fixed.includes(undefined));
  const sizes = fixed.map((size) => (fits ? (size ?? 1) : 1));
  const free = fixed.flatMap((size, axis) => (fits && size !== undefined ? [] : [axis]));
  for (const prime of primes(fits ? total / known : total).reverse()) {
    const axis = free.reduce<number | undefined>((least, at) => {
      return least === undefined || (sizes[at] ?? 0) < (sizes[least] ?? 0) ? at : least;
    }, undefined);
    if (axis !== undefined) sizes[axis] = (sizes[axis] ?? 1) * prime;
  }
  return sizes;
}

/** The prime factors, smallest first. Zero has itself. */
function primes(total: number): number[] {
  if (total === 0) return [0];
  const found: number[] = [];
  let rest = total;
  for (let prime = 2; prime * prime <= rest; prime++) {
    for (; rest % prime === 0; rest /= prime) found.push(prime);
  }
  if (rest > 1) found.push(rest);
  return found;
}
