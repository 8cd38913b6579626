import { describe, expect, it } from "vitest";
import { missingKernel } from "../../src/target/kernels.js";
import { executedOperators } from "../support/executed.js";
import { modelOf } from "../support/rewrite.js";
import { graphText, literal } from "../support/text.js";

describe("operators without a kernel", () => {
  it("run as many as the table says", async () => {
    const swish = graphText("float[2,4,6] x", [], "y = Swish (x)");
    expect(await executedOperators(modelOf(swish, 24))).toHaveLength(4);
    await expect(executedOperators(modelOf(swish, 25))).rejects.toThrow(/Swish\(24\)/);
    const parameters = [literal("g", [4], [1, 2, 3, 4]), literal("b", [4], [1, 2, 3, 4])];
    const grouped = graphText(
      "float[2,4,6] x",
      parameters,
      "y = GroupNormalization <num_groups = 2> (x, g, b)",
    );
    expect((await executedOperators(modelOf(grouped, 21))).length).toBeGreaterThan(20);
    expect(missingKernel("Swish", 24)).toBe("runs 4 operators for it");
    expect(missingKernel("Swish", 25)).toBe("refuses it");
    expect(missingKernel("GroupNormalization", 25)).toBe("runs 29 operators for it");
  });

  it("are not those that have one, or run as few operators as their spelling", async () => {
    for (const [operator, most] of [
      ["Gelu", 1],
      ["HardSwish", 2],
      ["Mish", 3],
      ["Softplus", 1],
    ] as const) {
      const text = graphText("float[2,4,6] x", [], `y = ${operator} (x)`);
      expect((await executedOperators(modelOf(text, 20))).length).toBeLessThanOrEqual(most);
      expect(missingKernel(operator, 20)).toBeUndefined();
    }
  });
});
