import { describe, expect, it } from "vitest";
import { referenceFromBytes } from "../../src/float64/tensor.js";
import { encodeNumbers } from "../../src/ir/tensor.js";

describe("referenceFromBytes", () => {
  it("holds every number exactly, or refuses it", () => {
    const int64 = (value: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(value).buffer);
    expect(referenceFromBytes("int64", [], int64(2n ** 53n)).data[0]).toBe(2 ** 53);
    expect(referenceFromBytes("int64", [], int64(2n ** 63n - 1n)).data[0]).toBe(2 ** 63);
    expect(() => referenceFromBytes("int64", [], int64(2n ** 53n + 1n))).toThrow(
      expect.objectContaining({ id: "integer-is-beyond-float64" }),
    );
    expect(referenceFromBytes("float16", [1], encodeNumbers("float16", [0.1])).data[0]).toBe(0.0999755859375);
    expect(() => referenceFromBytes("string", [], new Uint8Array())).toThrow(
      expect.objectContaining({ id: "type-has-no-reference" }),
    );
  });
});
