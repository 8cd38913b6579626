import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { optimizeFile } from "../../src/job/optimize-file.js";
import { timedStages } from "../../src/job/stages.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-job-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT = `<ir_version: 8, opset_import: ["" : 17]>
g (float[1, 3] x) => (float[1, 3] y) { a = Identity(x)  y = Relu(a) }`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const options = { isolation: "none" } as const;

describe("optimizeFile", () => {
  it("writes the proven result, and says what it did", async () => {
    const input = file("in.onnx.txt", TEXT);
    const output = join(folder, "out.onnx");
    const { run, left } = await optimizeFile({ input, output, options }, timedStages());
    expect(run.report.check?.status).toBe("equal");
    expect(run.report.after.operators).toEqual({ Relu: 1 });
    expect(run.input.path).toBe(input);
    expect(run.output).toMatchObject({ path: output, bytes: readFileSync(output).length });
    expect(Object.keys(run.time)).toEqual(["read", "check", "rewrite", "write"]);
    expect(left).toEqual([]);
  });

  it("names the file of a model that it cannot read, and writes nothing", async () => {
    const input = file("broken.onnx", "no model");
    const output = join(folder, "never.onnx");
    await expect(optimizeFile({ input, output, options }, timedStages())).rejects.toMatchObject({
      code: "invalid",
      where: { file: input },
    });
    expect(existsSync(output)).toBe(false);
  });
});
