import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { CONV_BN, expectError, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const root = temporaryFolder();

/** A project that has normfold installed, with models and a configuration. */
async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = join(root, name);
  mkdirSync(join(cwd, "models/nlp"), { recursive: true });
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(fileURLToPath(new URL("../..", import.meta.url)), join(cwd, "node_modules/normfold"));
  await writeModel(join(cwd, "models/a.onnx"), CONV_BN);
  await writeModel(join(cwd, "models/nlp/bert.onnx"), CONV_BN);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  return cwd;
}

/** A pass of a user's, in TypeScript, that makes a constant with the library it imports. */
const PASS = `
import { definePass, refuse, tensorFromNumbers, type Pass } from "normfold";

const pass: Pass = definePass({
  kind: "rules",
  name: "replace-relu",
  summary: "Relu is a PRelu with slope zero",
  before: "y = Relu(x)",
  after: "y = PRelu(x, zero)",
  numerics: "exact",
  rules: [{
    operators: ["Relu"],
    match: (relu) => {
      const { graph } = relu;
      const [x, y] = [relu.input(0), relu.output(0)];
      if (!graph || !x || !y) return refuse("it has no input", "no-input");
      return {
        kind: "rewrite",
        summary: \`\${relu.label} becomes a PRelu\`,
        apply: (rewriter) => {
          const zero = rewriter.addConstant(graph, "zero", tensorFromNumbers("float", [], [0]), relu);
          const r = rewriter.addNode(graph, { opType: "PRelu", inputs: [x, zero], outputs: ["r"] }, relu).output(0);
          if (r) rewriter.supersede(y, r);
          rewriter.removeNode(relu);
        },
      };
    },
  }],
});
export default pass;
`;

describe("a configuration", () => {
  it("says all that a run needs, in TypeScript, with options for some of the models", async () => {
    const cwd = await project("typed", {
      "normfold.config.ts": `
import { defineConfig } from "normfold/config";
export default defineConfig({
  inputs: "models",
  outDir: "out",
  name: "{name}.opt.onnx",
  options: { check: false as boolean },
  overrides: [{ files: "bert*.onnx", options: { skip: ["fold-affine-up"], check: true } }],
});`,
    });
    const { code, stdout, stderr } = await normfold(["optimize", "--json"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).runs).toMatchObject([
      {
        input: { path: "models/a.onnx" },
        output: { path: "out/a.opt.onnx" },
        report: { after: { nodes: 2 } },
      },
      {
        input: { path: "models/nlp/bert.onnx" },
        report: { check: { status: "equal" }, after: { nodes: 3 } },
      },
    ]);
    expect(JSON.parse(stdout).runs[0].report.check).toBeUndefined();
    expect(filesIn(join(cwd, "out/nlp"))).toEqual(["bert.opt.onnx"]);
  });

  it("gives way to the command line, and to --no-config and --config", async () => {
    const cwd = await project("lines", {
      "normfold.config.json": '{ "outDir": "out", "options": { "skip": ["fold-affine-up"] } }',
      "other.mjs": "export default () => ({ outDir: 'other', preset: 'web' });",
    });
    const nodes = async (...args: string[]): Promise<unknown> => {
      const { stdout } = await normfold(["optimize", ...args, "--no-check", "--json"], { cwd });
      const [run] = JSON.parse(stdout).runs;
      return [run.output.path, run.report.after.nodes];
    };
    expect(await nodes("models/a.onnx")).toEqual(["out/a.onnx", 3]);
    expect(await nodes("models/a.onnx", "--skip", "fuse-pad")).toEqual(["out/a.onnx", 2]);
    expect(await nodes("models/a.onnx", "-o", "o.onnx")).toEqual(["o.onnx", 3]);
    expect(await nodes("models/a.onnx", "-o", "o.onnx", "--no-config")).toEqual(["o.onnx", 2]);
    expect(await nodes("models/a.onnx", "--config", "other.mjs")).toEqual(["other/a.onnx", 2]);
  });

  it.each([
    ["typo", '{ "options": { "sed": 1 } }', /options\.sed; did you mean "seed"/],
    [
      "value",
      '{ "overrides": [{ "files": "*", "options": { "seed": -1 } }] }',
      /overrides\[0\]\.options\.seed is -1/,
    ],
    ["syntax", "{", /normfold\.config\.json: it is no JSON/],
  ])("refuses with the key: %s", async (name, text, message) => {
    const cwd = await project(name, { "normfold.config.json": text });
    const result = await normfold(["optimize", "models", "--out-dir", "o"], { cwd });
    expect([result.code, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("a plugin", () => {
  let cwd = "";
  beforeAll(async () => {
    cwd = await project("plugins", {
      "my-pass.ts": PASS,
      "config-with-path.mjs": 'export default { plugins: ["./my-pass.ts"] };',
      "config-with-pass.ts":
        'import pass from "./my-pass.ts";\nexport default { plugins: [{ passes: [pass] }] };',
      "broken.ts": "export default 1;",
    });
  });

  it.each([
    ["--plugin", ["--plugin", "my-pass.ts"]],
    ["the path in a configuration", ["--config", "config-with-path.mjs"]],
    ["the pass in a configuration", ["--config", "config-with-pass.ts"]],
  ])("runs in one model, and in the workers of many, by %s", async (_, flags) => {
    const one = await normfold(["optimize", "models/a.onnx", "-o", "one.onnx", "--json", ...flags], { cwd });
    expect([one.code, one.stderr]).toEqual([0, ""]);
    expect(JSON.parse(one.stdout).runs[0].report).toMatchObject({
      check: { status: "equal" },
      after: { operators: { PRelu: 1 } },
    });
    const many = await normfold(["optimize", "models", "--out-dir", "many", "--json", ...flags], { cwd });
    expect([many.code, many.stderr]).toEqual([0, ""]);
    for (const run of JSON.parse(many.stdout).runs)
      expect(run.report.after.operators).toMatchObject({ PRelu: 1 });
  });

  it("is known to --pass and --skip", async () => {
    const run = async (...args: string[]): Promise<unknown> => {
      const line = ["optimize", "models/a.onnx", "-o", "p.onnx", "--json", "--plugin", "my-pass.ts", ...args];
      return JSON.parse((await normfold(line, { cwd })).stdout).runs[0].report.rewrites.map(
        ({ pass }: { pass: string }) => pass,
      );
    };
    expect(await run("--pass", "replace-relu")).toEqual(["replace-relu"]);
    expect(await run("--skip", "replace-relu")).not.toContain("replace-relu");
  });

  it.each([
    ["plugin-is-none", "broken.ts"],
    ["plugin-is-not-there", "gone.ts"],
  ])("is refused before any work: %s", async (id, file) => {
    expectError(
      await normfold(["optimize", "models", "--out-dir", "x", "--plugin", file, "--json"], { cwd }),
      2,
      id,
    );
  });
});
