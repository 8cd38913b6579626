import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const PASS = { passes: ["eliminate-quantization-pairs"] };
const S = "float s = {0.037}";
const Z = "uint8 z = {131}";

describe("eliminate-quantization-pairs", () => {
  it("every uint8 comes back as it was, under equal constants too", async () => {
    await expectRewrite(
      graphText(
        "uint8[N,256] x",
        [S, Z, "float t = {0.037}"],
        "q = Identity (x) d = DequantizeLinear (q, s, z) r = QuantizeLinear (d, t, z) y = Identity (r)",
      ),
      ["q = Identity(x)", "d = DequantizeLinear(q, s, z)", "y = Identity(q)"],
      PASS,
    );
  });

  it("per channel, and other readers of the value in between keep it", async () => {
    await expectRewrite(
      graphText(
        "int8[3,5] x",
        ["float[3] s = {0.02, 1.7, 300.5}", "int8[3] z = {-128, 0, 7}"],
        "q = Identity (x) d = DequantizeLinear <axis = 0> (q, s, z) r = QuantizeLinear <axis = 0> (d, s, z) y = Identity (r) e = Exp (d)",
        "y, e",
      ),
      ["q = Identity(x)", "d = DequantizeLinear(q, s, z)", "y = Identity(q)", "e = Exp(d)"],
      PASS,
    );
  });

  const pair = (first: string, second: string): string =>
    `q = Identity (x) d = DequantizeLinear ${first} r = QuantizeLinear ${second} y = Identity (r)`;

  it.each([
    ["another scale", pair("(q, s, z)", "(d, t, z)"), "quantized-by-other-parameters"],
    ["another zero point", pair("(q, s, z)", "(d, s, w)"), "quantized-by-other-parameters"],
    ["a scale that loses bits", pair("(q, tiny, z)", "(d, tiny, z)"), /loses bits/],
  ])("%s stays", async (_, nodes, reason) => {
    const constants = [S, Z, "float t = {0.038}", "uint8 w = {130}", "float tiny = {1e-39}"];
    await expectRefused(graphText("uint8[3,5] x", constants, nodes), reason, PASS);
  });

  it("another axis stays, and so does a scale that a caller gives", async () => {
    await expectRefused(
      graphText(
        "uint8[3,3] x",
        ["float[3] s = {0.1, 0.2, 0.3}", "uint8[3] z = {1, 2, 3}"],
        pair("<axis = 0> (q, s, z)", "<axis = 1> (d, s, z)"),
      ),
      "quantized-along-other-axis",
      PASS,
    );
    await expectRefused(
      graphText("uint8[3,5] x, float s", [Z], pair("(q, s, z)", "(d, s, z)")),
      "scale-is-not-constant-float",
      { ...PASS },
    );
  });

  it("a type that changes, and the pair in the other order, stay", async () => {
    await expectRefused(
      graphText(
        "int8[3,5] x",
        [S, "int8 zero = {0}"],
        "q = Identity (x) d = DequantizeLinear (q, s) r = QuantizeLinear (d, s) y = Identity (r)",
      ),
      undefined,
      PASS,
    );
    await expectRefused(
      graphText("float[3,5] x", [S, Z], "q = QuantizeLinear (x, s, z) y = DequantizeLinear (q, s, z)"),
      undefined,
      PASS,
    );
  });
});
