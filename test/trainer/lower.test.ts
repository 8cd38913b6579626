import { expect, it } from "vitest";
import { parseModel } from "../../src/text/parse.js";
import { assertLoads, lower } from "../../src/trainer/lower.js";

const PREVIEW = `<ir_version: 8, opset_import: ["" : 17, "ai.onnx.preview.training" : 1]>
  g (float R, int64 T, float[2] w, float[2] dw, float[2] v) => (float[2] w2, float[2] v2) {
    w2, v2 = ai.onnx.preview.training.Momentum <alpha = 0.5, beta = 1.0, mode = "nesterov", norm_coefficient = 0.0> (R, T, w, dw, v)
  }`;

it("writes preview operators out in a copy, and has onnxruntime load it", async () => {
  const original = parseModel(PREVIEW);
  const { model, report } = await lower(original);
  expect(report).toEqual({ lowered: ['Momentum "w2"'], state: [], checked: true });
  expect([...model.nodes()].every(({ domain }) => (domain ?? "") === "")).toBe(true);
  expect([...original.nodes()].map(({ opType }) => opType)).toEqual(["Momentum"]);
});

it("does not load the result in onnxruntime without the check", async () => {
  const custom = parseModel(
    PREVIEW.replace("{\n", "{\n    r2 = example.custom.Warp(R)\n")
      .replace("(R, T, w", "(r2, T, w")
      .replace('"ai.onnx.preview.training" : 1', '"ai.onnx.preview.training" : 1, "example.custom" : 1'),
  );
  expect((await lower(custom, { check: false })).report.checked).toBe(false);
  await expect(lower(custom)).rejects.toMatchObject({ code: "unsupported", id: "runtime-lacks-part" });
});

it("says that there is no step of training to make a model of", async () => {
  await expect(lower(parseModel(PREVIEW), { trainingInfo: 0 })).rejects.toMatchObject({ code: "usage" });
});

it("assertLoads passes over a model that loads", async () => {
  await assertLoads((await lower(parseModel(PREVIEW), { check: false })).model);
});
