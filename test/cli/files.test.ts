import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { assertTarget, forModel, forModelAndFlags } from "../../src/cli/files.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

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

describe("assertTarget", () => {
  const input = join(folder, "in.onnx");
  writeFileSync(input, "");

  it("gives a target that can be written", () => {
    const output = join(folder, "out.onnx");
    expect(assertTarget(input, output, {})).toBe(output);
    expect(assertTarget(input, input, { mayBeInput: true })).toBe(input);
    expect(assertTarget("-", input, {})).toBe(input);
  });

  it.each([
    ["target-is-missing", undefined, {}],
    ["target-is-input", input, {}],
    ["standard-output-is-taken", "-", { json: true }],
  ])("refuses: %s", (id, output, rules) => {
    expect(() => assertTarget(input, output, rules)).toThrow(expect.objectContaining({ id, code: "usage" }));
  });

  it("refuses a folder that is not there", () => {
    expect(() => assertTarget(input, join(folder, "no", "out.onnx"), {})).toThrow(
      expect.objectContaining({ code: "io" }),
    );
  });
});
