import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The built declarations in a program that sees one door and nothing else. */
describe("the types of a door by itself", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "normfold-types-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function compile(code: string): string {
    const file = join(folder, "program.ts");
    writeFileSync(file, code);
    const paths = {
      normfold: [join(root, "dist/src/index.d.ts")],
      "normfold/train": [join(root, "dist/src/train.d.ts")],
      "normfold/config": [join(root, "dist/src/config.d.ts")],
      "normfold/documents": [join(root, "dist/src/contract/documents.d.ts")],
    };
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2023",
      module: "nodenext",
      types: [],
      paths,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    return spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" }).stdout;
  }

  it("know the operators, and that others are none", () => {
    const use = (name: string): string =>
      `import type { Node } from "normfold"; export const is = (node: Node): boolean => node.is("${name}");`;
    expect(compile(use("Sigmoid"))).toBe("");
    expect(compile(use("Sigmod"))).toContain("TS2345");
  });

  it("say what a document holds", () => {
    const use = (field: string): string =>
      `import type { OptimizeDocument } from "normfold/documents";
      export const of = (document: OptimizeDocument) => document.runs.flatMap((run) => (run.status === "failed" ? [] : [run.${field}]));`;
    expect(compile(use("report.after.nodes"))).toBe("");
    expect(compile(use("input.sha265"))).toMatch(/error TS2\d+: .*"?sha265/);
  });

  it("know them at the second door too", () => {
    const use = (name: string): string =>
      `import { type StandardOperator } from "normfold/train"; export const name: StandardOperator = "${name}";`;
    expect(compile(use("Gemm"))).toBe("");
    expect(compile(use("Gem"))).toMatch(/error TS2\d+: .*"Gem"/);
  });

  it("know the keys and values of a configuration", () => {
    const use = (config: string): string =>
      `import { defineConfig } from "normfold/config"; export default defineConfig(${config});`;
    const whole = `{
      inputs: "models/**", outDir: "out", preset: "web", options: { seed: 1, target: "any" },
      overrides: [{ files: "bert*.onnx", options: { opset: 17, skip: ["fuse-pad"] } }],
    }`;
    expect(compile(use(whole))).toBe("");
    expect(compile(use(`async () => (${whole})`))).toBe("");
    expect(compile(use('{ options: { target: "mobile" } }'))).toContain("TS2322");
    expect(compile(use("{ options: { inPlace: true } }"))).toContain("TS2353");
    expect(compile(use("{ overrides: [{}] }"))).toContain("TS2741");
  });
});
