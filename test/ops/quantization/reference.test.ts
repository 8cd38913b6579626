import { describe, expect, it } from "vitest";
import { type Input, run, values } from "../../support/reference.js";

describe("quantization, in float64", () => {
  it("quantizes to even and saturates", () => {
    const constants = "float s = {0.5}, uint8 z = {128}";
    const x: Input = { dims: [4], data: [0.25, 0.75, -1000, 1000] };
    const y = run("y = QuantizeLinear(x, s, z)", { x }, { constants, y: "uint8[4]" });
    expect([y.dtype, ...y.data]).toEqual(["uint8", 128, 130, 0, 255]);
    expect(
      values(run("q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z)", { x }, { constants })),
    ).toEqual([0, 1, -64, 63.5]);
  });
});
