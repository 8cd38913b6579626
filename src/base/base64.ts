import { concatBytes } from "./bytes.js";

/** A multiple of three, so that the parts join; few enough for the arguments of a call. */
const PART = 3 * 2 ** 13;

/** The bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PART) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PART))));
  }
  return parts.join("");
}

/** The bytes that a text in base64 stands for; undefined where it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += 4 * PART) {
    parts.push(Uint8Array.from(atob(text.slice(at, at + 4 * PART)), (char) => char.charCodeAt(0)));
  }
  return concatBytes(parts);
}
