import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { parseModel } from "../../src/text/parse.js";
import { trackNormalizations, writeOutDense } from "../../src/training/normalization.js";

const net = (nodes: string, shape = "N,2"): Model =>
  parseModel(`<ir_version: 8, opset_import: ["" : 18]>
    net (float[${shape}] x) => (float[${shape}] y)
    <float[2] g = {1,1}, float[2] b = {0,0}, float[2] m = {0,0}, float[2] v = {1,1}> { ${nodes} }`);

const opTypes = (model: Model): readonly string[] => [...model.nodes()].map(({ opType }) => opType);

describe("trackNormalizations", () => {
  it("takes inference forms only where all are asked for, and those without their momentum", () => {
    const text = "y = BatchNormalization <momentum = 0.75> (x, g, b, m, v)";
    expect(trackNormalizations(net(text).graph, "training")).toEqual([]);
    const model = net(text);
    const [tracked] = trackNormalizations(model.graph, "all");
    expect(tracked).toMatchObject({ momentum: 0.75 });
    expect(tracked?.running.map(({ value }) => value.name)).toEqual(["m", "v"]);
    expect(tracked?.node.float("momentum")).toBe(0);
    expect(verify(model)).toEqual([]);
  });

  it.each([
    [
      "computed statistics",
      "k = Neg (m)  y = BatchNormalization (x, g, b, k, v)",
      "running-statistic-is-not-constant",
    ],
    [
      "statistics that two share",
      "h = BatchNormalization (x, g, b, m, v)  y = BatchNormalization (h, g, b, m, v)",
      "running-statistic-is-shared",
    ],
  ])("refuses %s", (_, nodes, id) => {
    expect(() => trackNormalizations(net(nodes).graph, "all")).toThrow(expect.objectContaining({ id }));
  });
});

describe("writeOutDense", () => {
  it.each([
    ["N,2", false],
    ["N,2,4", true],
  ])("of [%s]: a BatchNormalization is left: %s", (shape, isLeft) => {
    const model = net("y, p, q = BatchNormalization <training_mode = 1> (x, g, b, m, v)", shape);
    writeOutDense(model.graph, createFacts(model));
    expect(opTypes(model).includes("BatchNormalization")).toBe(isLeft);
    expect(verify(model)).toEqual([]);
  });
});
