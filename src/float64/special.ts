/** Here both the series and the continued fraction converge quickly. */
const CROSSOVER = 2.5;

/**
 * The error function to about 1e-15, which JavaScript lacks. Below the crossover it uses the confluent series (Abramowitz &
 * Stegun 7.1.6), whose terms have one sign, and above it the continued fraction of erfc (7.1.14).
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  return Math.sign(x) * (z < CROSSOVER ? series(z) : 1 - complement(z));
}

/** erf(z) = 2/sqrt(pi) e^(-z^2) sum 2^n z^(2n+1) / (1*3*...*(2n+1)). */
function series(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

/** erfc(z) = e^(-z^2)/sqrt(pi) * 1/(z + (1/2)/(z + (2/2)/(z + (3/2)/(z + ...)))). */
function complement(z: number): number {
  let fraction = z;
  for (let n = 60; n >= 1; n--) fraction = z + n / 2 / fraction;
  return Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
}
