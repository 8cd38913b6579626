/** The precision of a literal. */
type Precision = "float" | "double";

/** The bits of the NaN that "nan" stands for. */
const PLAIN: Readonly<Record<Precision, bigint>> = { float: 0x7fc00000n, double: 0x7ff8000000000000n };

/** A NaN with these bits: `nan`, or `nan("ffc00000")` where they are others. ONNX's own reader knows only the first. */
export function nanText(precision: Precision, pattern: bigint): string {
  if (pattern === PLAIN[precision]) return "nan";
  return `nan("${pattern.toString(16).padStart(precision === "float" ? 8 : 16, "0")}")`;
}

/** The bits of an element of raw data. */
export function patternOf(bytes: Uint8Array, precision: Precision, index: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return precision === "float" ? BigInt(view.getUint32(4 * index, true)) : view.getBigUint64(8 * index, true);
}

/** Writes the bits of an element of raw data. */
export function setPattern(bytes: Uint8Array, precision: Precision, index: number, pattern: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (precision === "float") view.setUint32(4 * index, Number(pattern), true);
  else view.setBigUint64(8 * index, pattern, true);
}

/** The number with these bits; an engine may change those of a signalling NaN. */
export function nanOf(precision: Precision, pattern: bigint): number {
  const bytes = new Uint8Array(8);
  setPattern(bytes, precision, 0, pattern);
  const view = new DataView(bytes.buffer);
  return precision === "float" ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

/** A FLOAT that is NaN, as text. */
export function float32NanText(value: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return nanText("float", patternOf(bytes, "float", 0));
}
