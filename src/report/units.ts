/** 1536 -> "1.5 kB": decimal units, three digits. */
export function bytesText(bytes: number): string {
  return scaled(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

/** 25557032 -> "25.6 M". */
export function countText(count: number): string {
  return scaled(count, ["", "k", "M", "G", "T"]);
}

function scaled(amount: number, units: readonly string[]): string {
  let value = amount;
  let step = 0;
  // 999.95 would print as "1000.0".
  while (value >= 999.95 && step < units.length - 1) {
    value /= 1000;
    step++;
  }
  const digits = step === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[step]}`.trimEnd();
}

/** Milliseconds -> "340 ms", "1.25 s", "2 min 05 s". */
export function durationText(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 59_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Milliseconds in three digits: "213 µs", "2.13 ms", "1.25 s". */
export function latencyText(milliseconds: number): string {
  if (milliseconds < 0.9995) return `${threeDigits(milliseconds * 1000)} µs`;
  return milliseconds < 999.5 ? `${threeDigits(milliseconds)} ms` : `${threeDigits(milliseconds / 1000)} s`;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** A difference: "0" or two significant digits in scientific notation. */
export function differenceText(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

/** How much less (or more) `after` is than `before`: "-38%"; "" where it is the same or cannot be said. */
export function changeText(before: number, after: number): string {
  if (before === after || before === 0) return "";
  const percent = (100 * (after - before)) / before;
  const text = Math.abs(percent) < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
  // "-0.0%" would say less than nothing.
  return Number(text) === 0 ? "" : `${percent > 0 ? "+" : ""}${text}%`;
}
