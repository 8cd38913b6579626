import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { forModel, forModelAndFlags } from "../../src/job/files.js";

describe("errors about a model", () => {
  const thrown = (error: NormfoldError) => (): Promise<never> => Promise.reject(error);

  it("name its file", async () => {
    const error = new NormfoldError("invalid", "no graph");
    await expect(forModel("a.onnx", thrown(error))).rejects.toMatchObject({ where: { file: "a.onnx" } });
    const placed = error.at({ file: "weights.bin" });
    await expect(forModel("a.onnx", thrown(placed))).rejects.toMatchObject({
      where: { file: "weights.bin" },
    });
  });

  it("name none where they are about a flag", async () => {
    const usage = new NormfoldError("usage", "a limit of 0");
    await expect(forModelAndFlags("a.onnx", thrown(usage))).rejects.toMatchObject({ where: {} });
    const element = usage.at({ element: 'Conv "c"' });
    await expect(forModelAndFlags("a.onnx", thrown(element))).rejects.toMatchObject({
      where: { file: "a.onnx" },
    });
    const invalid = new NormfoldError("invalid", "no graph");
    await expect(forModelAndFlags("a.onnx", thrown(invalid))).rejects.toMatchObject({
      where: { file: "a.onnx" },
    });
  });
});
