import { errors } from "../errors.js";

/** Bytes that any packed file may unpack to, however small it is. */
export const ALWAYS_UNPACKED: number = 2 ** 26;
/** Beyond those, so many times its size. Numbers of measurements and pictures shrink less; files made to hurt, a thousandfold. */
export const MOST_GROWTH = 100;

/** Throws "invalid" where a packed file of `packed` bytes says that it holds more than it plausibly does. */
export function assertUnpackable(unpacked: number, packed: number): void {
  const most = Math.max(ALWAYS_UNPACKED, MOST_GROWTH * packed);
  if (unpacked > most) throw errors.fileUnpacksTooFar(unpacked, packed, MOST_GROWTH);
}
