import { expect, it } from "vitest";
import { hashOf } from "../../src/base/hash.js";

// From the FNV test vectors.
it.each([
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
])("%j has the published hash", (text, hash) => {
  expect(hashOf(text)).toBe(hash);
});
