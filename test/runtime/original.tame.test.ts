import { describe, expect, it } from "vitest";
import { optimize, parseGraph } from "../../src/index.js";
import { constant, graphText, normalization, normalize } from "../support/text.js";

/** The phase of the sine grows with the sixth power of the input: at ten times the usual one rounding turns it round. */
const network = (power: string) =>
  parseGraph(
    graphText(
      "float[2,3,6,6] x",
      [constant("W", [4, 3, 3, 3], { low: -0.3, high: 0.3 }), normalization("bn", 4), `float p = {${power}}`],
      `c = Conv (x, W) ${normalize("n", "c", "bn")} a = Abs (n) q = Pow (a, p) y = Sin (q)`,
    ),
    { opset: 17 },
  );

describe("inputs on which the original is chaotic", () => {
  it("give way to smaller ones, on which rewrites are judged", async () => {
    for (const seed of [0, 1, 2]) {
      const { report } = await optimize(network("6"), { seed });
      expect([report.check?.status, report.rolledBack, report.acquitted]).toEqual(["equal", [], []]);
      expect(report.rewrites.map(({ pass }) => pass)).toContain("fold-affine-up");
      const [tamed] = report.check?.tamed ?? [];
      expect(tamed).toMatchObject({ set: "large with zeros", output: "y" });
      expect(tamed?.by).toMatch(/^large with zeros, times 0\.\d+$/);
      expect(tamed?.movement).toBeGreaterThan(0.01);
      expect(report.check?.sets.map(({ name }) => name)).toEqual(["normal", tamed?.by]);
    }
  });

  it("are kept where the original is calm on them", async () => {
    const { report } = await optimize(network("1"));
    expect([report.check?.status, report.check?.tamed]).toEqual(["equal", []]);
    expect(report.check?.sets.map(({ name }) => name)).toEqual(["normal", "large with zeros"]);
  });
});
