/** The numbers multiplied; 1 for none. The number of elements, for the sizes of a tensor. */
export function product(numbers: readonly number[]): number {
  return numbers.reduce((result, number) => result * number, 1);
}

/** The greatest common divisor of two integers, from 0 on. */
export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

/** The nearest whole number; of two, the even one. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
