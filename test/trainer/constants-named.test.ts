import { expect, it } from "vitest";
import { parseModel } from "../../src/text/parse.js";
import { constantsNamed } from "../../src/trainer/constants-named.js";

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
  <float[2,2] first_weight = {1, 2, 3, 4}, float[2,2] last_weight = {1, 2, 3, 4}> {
    h = MatMul(x, first_weight)  y = MatMul(h, last_weight) }`);

it("tells the parameters that one of the patterns matches", () => {
  const isFrozen = constantsNamed(model, ["first_*"]);
  expect(["first_weight", "last_weight"].map(isFrozen)).toEqual([true, false]);
  const all = constantsNamed(model, ["first_*", "last_weigh?"]);
  expect(["first_weight", "last_weight"].map(all)).toEqual([true, true]);
});

it("freezes nothing without patterns", () => {
  expect(constantsNamed(model)("first_weight")).toBe(false);
});

it("refuses a pattern that matches nothing, which is a likely typing error", () => {
  expect(() => constantsNamed(model, ["first_*", "frist_*"])).toThrow(
    expect.objectContaining({ id: "glob-matches-no-parameter", message: expect.stringContaining("frist_*") }),
  );
});
