import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { assertTarget } from "../../src/cli/files.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

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
