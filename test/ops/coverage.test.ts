import { describe, expect, it } from "vitest";
import { OPERATOR_NAMES } from "../../src/ops/catalogue.js";
import { FACETS, operatorCoverage } from "../../src/ops/coverage.js";
import { otherDomains } from "../../src/ops/inference.js";

const coverage = new Map(operatorCoverage().map((row) => [row.operator, row]));

describe("coverage of the operators", () => {
  it("has a row for each operator, with a rule or a reason in each facet", () => {
    expect([...coverage.keys()]).toEqual([...OPERATOR_NAMES]);
    const bare = [...coverage.values()].flatMap(({ operator, facets }) =>
      FACETS.filter((facet) => facets[facet].kind !== "given" && !facets[facet].reason).map(
        (facet) => `${operator}: ${facet}`,
      ),
    );
    expect(bare).toEqual([]);
  });

  it("tells rules, gaps on purpose and gaps to fill apart", () => {
    expect(coverage.get("Conv")?.facets).toMatchObject({
      inference: { kind: "given" },
      layout: { kind: "opaque" },
      affine: { kind: "given", detail: "absorbDown, absorbUp" },
      gradient: { kind: "given", detail: "rule" },
    });
    expect(coverage.get("Floor")?.facets.gradient).toEqual({ kind: "given", detail: "zero" });
    expect(coverage.get("GridSample")?.facets.gradient.kind).toBe("missing");
    expect(coverage.get("Add")?.facets.affine.detail).toBe("lift, passDown, passUp");
    expect(coverage.get("BatchNormalization")).toMatchObject({
      since: [1, 6, 7, 9, 14, 15],
      breaking: [6, 7, 9, 14],
      outputs: [1, 5],
    });
  });

  it("infers types in other domains too", () => {
    const names = new Map(otherDomains().map(({ domain, operators }) => [domain, operators]));
    expect([...names.keys()]).toEqual(["ai.onnx.ml", "com.microsoft"]);
    expect(names.get("com.microsoft")).toContain("FusedMatMul");
  });
});
