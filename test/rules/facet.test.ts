import { describe, expect, it } from "vitest";
import { everyRow, Facet, Gap, missing, opaque } from "../../src/rules/facet.js";

describe("Facet", () => {
  const facet = new Facet<() => string>({
    Relu: () => "relu",
    Abs: missing("a sign of its input"),
    Conv: () => "conv",
    If: opaque("it has bodies"),
  });

  it("gives the rules of all families, and no rule for a gap", () => {
    expect(facet.rule("Relu")?.()).toBe("relu");
    expect(facet.rule("Abs")).toBeUndefined();
    expect(facet.rule("Sigmod")).toBeUndefined();
    expect(facet.withRule).toEqual(["Conv", "Relu"]);
  });

  it("names the kind and the reason of each gap", () => {
    expect(facet.row("If")).toEqual(new Gap("opaque", "it has bodies"));
    expect(facet.row("Abs")).toEqual(new Gap("missing", "a sign of its input"));
    expect(facet.row("Sigmod")).toBeUndefined();
  });

  it("refuses with the operator's own limit, or with the missing rule", () => {
    expect(opaque("it has bodies").refusal).toBe("it has bodies");
    expect(missing("its axis could be renamed").refusal).toMatch(/no rule .* its axis could be renamed$/);
  });
});

it("everyRow gives all operators of a family the same gap", () => {
  const gap = opaque("no numbers");
  expect(everyRow({ StringConcat: 1, StringSplit: 2 }, gap)).toEqual({ StringConcat: gap, StringSplit: gap });
});
