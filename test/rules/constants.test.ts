import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { constantTensor, requireConstant } from "../../src/rules/constants.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const model = parseGraph(
  `g (float[2] x, float[2] d) => (float[2] y) <float[2] w = {1, 2}, float[2] d = {0, 0}> {
     t = Constant <value = float[2] {3, 4}> () f = Constant <value_floats = [0.5, -1.0]> ()
     i = Constant <value_int = 7> () s = Constant <value_string = "no"> ()
     a = Exp (w) y = Add (x, a) }`,
  { opset: 17 },
);

describe("constantTensor", () => {
  it.each([
    ["w", [1, 2]],
    ["t", [3, 4]],
    ["f", [0.5, -1]],
    ["i", [7]],
  ])("reads %s", (name, elements) => {
    expect([...(constantTensor(valueNamed(model, name))?.toFloat64() ?? [])]).toEqual(elements);
  });

  it.each(["x", "d", "s", "a", "y"])("does not take %s for one", (name) => {
    expect(constantTensor(valueNamed(model, name))).toBeUndefined();
  });

  it("takes no pinned Constant, whose value others keep", () => {
    const pin = { kind: "pin", reason: "a caller keeps it" } as const;
    const value = valueNamed(model, "t");
    value.addUse(pin);
    expect(constantTensor(value)).toBeUndefined();
    expect(requireConstant(value, "bias")).toMatchObject({
      reason: expect.stringContaining("a caller keeps it"),
    });
    value.removeUse(pin);
  });
});

describe("requireConstant", () => {
  it("gives the tensor, or names the value and its part", () => {
    expect(isRefusal(requireConstant(valueNamed(model, "w"), "weight W"))).toBe(false);
    expect(requireConstant(undefined, "weight W")).toMatchObject({ reason: "weight W is missing" });
    for (const name of ["x", "d", "a"]) {
      const refusal = requireConstant(valueNamed(model, name), "weight W");
      expect(refusal).toMatchObject({
        kind: "refusal",
        reason: expect.stringContaining(`weight W "${name}"`),
      });
    }
  });
});
