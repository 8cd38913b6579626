import { expect, it } from "vitest";
import { ALWAYS_UNPACKED, assertUnpackable, MOST_GROWTH } from "../../../src/node/data/limits.js";

it("small files may grow, large ones a hundredfold", () => {
  assertUnpackable(ALWAYS_UNPACKED, 10);
  assertUnpackable(MOST_GROWTH * 1e7, 1e7);
  for (const [unpacked, packed] of [
    [ALWAYS_UNPACKED + 1, 10],
    [MOST_GROWTH * 1e7 + 1, 1e7],
    [Number.POSITIVE_INFINITY, 1e9],
  ] as const) {
    expect(() => assertUnpackable(unpacked, packed)).toThrow(
      expect.objectContaining({ code: "invalid", id: "file-unpacks-too-far" }),
    );
  }
});
