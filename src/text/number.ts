import { visible } from "../base/visible.js";

/**
 * A float32 in the fewest digits that parse back to it, always with a point or exponent, because that tells FLOAT from INT
 * in ONNX text.
 */
export function float32Text(value: number): string {
  const rounded = Math.fround(value);
  const magnitude = Math.abs(rounded);
  if (Number.isSafeInteger(rounded) || !Number.isFinite(rounded)) return float64Text(rounded);
  // Every float32 has at least 6 exact digits where it is normal, so a shorter form shows up among 6 with zeros behind.
  const fewest = magnitude < 2 ** -126 ? 1 : 6;
  for (let digits = fewest; digits < 9; digits++) {
    const candidate = Number(rounded.toPrecision(digits));
    if (Math.fround(candidate) === rounded) return float64Text(candidate);
  }
  return float64Text(Number(rounded.toPrecision(9)));
}

/** A float64 in the fewest digits that parse back to it, always with a point or exponent. */
export function float64Text(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The number that a FLOAT or INT literal stands for, or inf or nan in upper or lower case. */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower.endsWith("nan")) return Number.NaN;
  if (lower.includes("inf")) return lower.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

/** A string literal of ONNX text; characters that a terminal would obey or hide are escaped, see `visible`. */
export function quoted(text: string): string {
  return `"${visible(text.replace(/["\\]/g, "\\$&"))}"`;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The string literal of a STRING, which may hold any bytes: `\x9b` is one that is no part of UTF-8 text. */
export function quotedBytes(bytes: Uint8Array): string {
  try {
    return quoted(strict.decode(bytes));
  } catch {
    const ascii = (byte: number): string => {
      if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
      if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
      return `\\x${byte.toString(16).padStart(2, "0")}`;
    };
    return `"${Array.from(bytes, ascii).join("")}"`;
  }
}
