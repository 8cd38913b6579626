import { expect, it } from "vitest";
import { optimizeProven } from "../../src/library/optimize-proven.js";
import { parseModel } from "../../src/text/parse.js";

it("gives the result with its proof", async () => {
  const { model, report } = await optimizeProven(
    parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,3] x) => (float[N,3] y) {
      a = Identity(x)  y = Relu(a) }`),
  );
  expect([...model.nodes()].map(({ opType }) => opType)).toEqual(["Relu"]);
  expect(report.check?.status).toBe("equal");
});

it("refuses a result that could not be compared", async () => {
  const custom = parseModel(`<ir_version: 8, opset_import: ["" : 17, "example.custom" : 1]>
    g (float[N,3] x) => (float[N,3] y) { a = Identity(x)  y = example.custom.Warp(a) }`);
  await expect(optimizeProven(custom)).rejects.toMatchObject({
    code: "check",
    id: "folded-model-is-not-proven",
  });
});
