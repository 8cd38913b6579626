const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** 4294967296 -> "4 GiB": the units in which limits are given, three digits. */
export function binarySize(bytes: number): string {
  let value = bytes;
  let step = 0;
  // 1023.5 would print as "1.02e+3".
  while (value >= 1000 && step < UNITS.length - 1) {
    value /= 1024;
    step++;
  }
  return `${value >= 1000 ? value.toExponential(1) : Number(value.toPrecision(3))} ${UNITS[step]}`;
}
