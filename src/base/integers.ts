/** The numbers multiplied; 1 for none. The number of elements, for the sizes of a tensor. */
export function product(numbers: readonly number[]): number {
  return numbers.reduce((result, number) => result * number, 1);
}

/** The greatest common divisor of two integers from 0 on. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
