import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { parse, saveModel } from "../src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly id: string;
      readonly shell: string;
      readonly run: string;
      readonly env: Readonly<Record<string, string>>;
    }[];
  };
}

const action: Action = parseYaml(readFileSync(join(root, "action.yml"), "utf8"));

let workspace = "";
beforeAll(async () => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "normfold-action-")));
  mkdirSync(join(workspace, "node_modules"));
  mkdirSync(join(workspace, "models"));
  // The workspace has its own version, as a project has that installs it.
  symlinkSync(root, join(workspace, "node_modules/normfold"), "junction");
  const model = (nodes: string): string =>
    `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { ${nodes} }`;
  await saveModel(parse(model("a = Identity (x) y = Relu (a)")), join(workspace, "models/one.onnx"));
  await saveModel(
    parse(model("a = Exp (x) b = Identity (a) y = Neg (b)")),
    join(workspace, "models/two.onnx"),
  );
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs the step as a runner does: inputs filled in, in the shell that it names, with files for outputs and summary. */
function run(given: Readonly<Record<string, string>>): Ran {
  const [step] = action.runs.steps;
  if (step === undefined) throw new Error("the action has no step");
  const inputs = Object.entries(action.inputs).map(([name, { default: value = "" }]) => [
    name,
    given[name] ?? value,
  ]);
  const values = new Map([
    ["github.action_path", root],
    ...inputs.map(([name, value]) => [`inputs.${name}`, value] as const),
  ] as [string, string][]);
  const filled = (text: string): string =>
    text.replaceAll(/\$\{\{ *([\w.-]+) *\}\}/g, (_, name: string) => values.get(name) ?? `<no ${name}>`);
  const files = { GITHUB_OUTPUT: join(workspace, "output"), GITHUB_STEP_SUMMARY: join(workspace, "summary") };
  for (const file of Object.values(files)) writeFileSync(file, "");
  const { FORCE_COLOR: _, ...env } = process.env;
  const { status, stdout } = spawnSync(
    step.shell,
    ["--noprofile", "--norc", "-eo", "pipefail", "-c", filled(step.run)],
    {
      cwd: workspace,
      encoding: "utf8",
      env: {
        ...env,
        ...files,
        GITHUB_WORKSPACE: workspace,
        RUNNER_TEMP: workspace,
        ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, filled(value)])),
      },
    },
  );
  const lines = readFileSync(files.GITHUB_OUTPUT, "utf8").trim().split("\n");
  return {
    code: status,
    stdout,
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, "utf8"),
    outputs: Object.fromEntries(
      lines.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    ),
  };
}

describe("the action", () => {
  it("is composite, and hands each input to its step, which gives each output", () => {
    expect(action.runs.using).toBe("composite");
    const [{ id = "", run: text = "", env = {} } = {}] = action.runs.steps;
    // An input that is read as a part of the script could be code.
    expect(text).not.toContain("${{");
    const handed = Object.values(env).join(" ");
    for (const name of Object.keys(action.inputs)) expect(handed).toContain(`\${{ inputs.${name} }}`);
    for (const [name, { value }] of Object.entries(action.outputs))
      expect(value).toBe(`\${{ steps.${id}.outputs.${name} }}`);
  });

  it("optimizes the models of a pattern, and gives outputs and a summary", () => {
    const { code, stdout, summary, outputs } = run({ models: "models/*.onnx\n# a comment\n" });
    expect([code, stdout]).toEqual([0, ""]);
    expect(outputs).toMatchObject({
      models: "2",
      optimized: "2",
      failed: "0",
      "nodes-before": "5",
      "nodes-after": "3",
    });
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(action.outputs).sort());
    expect(JSON.parse(readFileSync(outputs["report"] ?? "", "utf8")).runs).toHaveLength(2);
    expect(summary).toMatch(/\| models\/one\.onnx \| passed \| 2 -\\> 1 \| \d+ B -\\> \d+ B \| equal/);
    expect(readFileSync(join(workspace, "optimized/two.onnx")).length).toBeGreaterThan(0);
  });

  it("annotates a model that fails, goes on with the others, and ends as the command does", () => {
    writeFileSync(join(workspace, "models/bad.onnx"), "no model: 100%\n");
    const { code, stdout, summary, outputs } = run({
      models: "models",
      args: "--skip=fuse-gemm",
      "out-dir": "out",
    });
    rmSync(join(workspace, "models/bad.onnx"));
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^::error file=models\/bad\.onnx,title=[^:]*::models\/bad\.onnx: this is text but no model/m,
    );
    expect(outputs).toMatchObject({ models: "3", optimized: "2", missed: "0", failed: "1" });
    expect(summary).toMatch(/\| models\/bad\.onnx \| \*\*error\*\* \|/);
  });

  it("annotates a model that misses its budget, by its place in the repository", () => {
    const { code, stdout, summary, outputs } = run({
      models: "*.onnx",
      args: "--max-nodes=1",
      "working-directory": "models",
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^::error file=models\/two\.onnx,title=[^:]*::two\.onnx: .*wanted/m);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(outputs).toMatchObject({ models: "2", optimized: "1", missed: "1", failed: "0" });
    expect(summary).toMatch(/\| two\.onnx \| \*\*failed\*\* \|/);
    rmSync(join(workspace, "models/optimized"), { recursive: true });
  });

  it("says what is wrong with a call that makes no sense", () => {
    const { code, stdout } = run({ models: "models", args: "--skip=fuse-gem" });
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /^::error title=[^:]*::normfold: there is no pass "fuse-gem"; did you mean "fuse-gemm"\?/m,
    );
  });
});
