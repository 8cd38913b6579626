import { expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/base/base64.js";

it("goes there and back, also beyond one part", () => {
  for (const length of [0, 1, 2, 3, 24_575, 24_576, 24_577, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
});

it("tells what is none", () => {
  for (const text of ["a", "ab=c", "????", "ab c", "=", "===="]) expect(fromBase64(text)).toBeUndefined();
});
