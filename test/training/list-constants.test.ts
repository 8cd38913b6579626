import { describe, expect, it } from "vitest";
import { parseGraph } from "../../src/text/parse.js";
import { type ListedConstant, listConstants } from "../../src/training/list-constants.js";

const model = parseGraph(
  `g (float[N,2] x) => (float[N,2] y, float[N,2] z)
   <float[2,2] w = {0.1, 0.2, 0.3, 0.4}, float[2] b = {0, 0}, float[2] c = {1, 2}, float[2,2] mask = {0, -inf, 0, 0}, float[2] m = {0, 0}, float[2] v = {1, 1}> {
     a = Gemm(x, w, b) n = BatchNormalization(a, v, b, m, v) r = ReduceMax<axes = [0], keepdims = 0>(n) k = Add(mask, r) y = MatMul(n, k) z = Add(n, c) }`,
  { opset: 13 },
);

const listed = (constants: readonly ListedConstant[]): Record<string, string> =>
  Object.fromEntries(
    constants.map(({ name, role, decays, refusal }) => [
      name,
      `${role}${decays ? ", decays" : ""}${refusal === undefined ? "" : `: ${refusal.id}`}`,
    ]),
  );

describe("listConstants", () => {
  it("judges every constant of the model, with statistics parted and without those of a newer opset", () => {
    expect(listed(listConstants(model))).toEqual({
      w: "weight, decays",
      b: "bias",
      c: "shift",
      mask: "buffer: holds-non-finite",
      m: "statistic: is-statistic",
      v: "scale",
      v_1: "statistic: is-statistic",
    });
  });

  it("follows what is asked for", () => {
    const named =
      (...names: readonly string[]) =>
      (name: string) =>
        names.includes(name);
    const found = listed(
      listConstants(model, {
        output: "y",
        freeze: named("w"),
        train: named("mask", "m"),
        decay: "all",
        untie: ["b"],
      }),
    );
    expect(found).toMatchObject({
      w: "weight, decays: is-frozen",
      b_1: "shift, decays",
      c: "shift, decays: leads-to-no-loss",
      mask: "buffer, decays",
      m: "statistic, decays: is-statistic",
    });
    expect(() => listConstants(model, { output: "none" })).toThrow(
      expect.objectContaining({ code: "usage" }),
    );
  });
});
