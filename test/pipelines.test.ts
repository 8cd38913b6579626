import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { parse, saveModel } from "../src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/pipelines.md"), "utf8");

/** The example under a heading of the page. */
function example(heading: string): string {
  const [, section = ""] = page.split(`## ${heading}\n`);
  return /```\w+\n([^`]*)```/.exec(section)?.[1] ?? "";
}

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "normfold-pipelines-"));
  mkdirSync(join(folder, "models"));
  mkdirSync(join(folder, "bin"));
  const command = join(folder, "bin/normfold");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${root}dist/cli/main.js" "$@"\n`);
  chmodSync(command, 0o755);
  const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { a = Identity (x) y = Relu (a) }`;
  await saveModel(parse(text), join(folder, "models/one.onnx"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script with the built command on the path. */
function shell(script: string): { readonly code: number | null; readonly stdout: string } {
  const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` };
  const { status, stdout } = spawnSync("sh", ["-c", script], { cwd: folder, encoding: "utf8", env });
  return { code: status, stdout };
}

describe.skipIf(process.platform === "win32")("the recipes for pipelines", () => {
  it("as a shell script run, and say how it went", () => {
    const script = example("A shell script");
    expect(shell(script)).toEqual({ code: 0, stdout: "all models are optimized\n" });
    expect(JSON.parse(readFileSync(join(folder, "normfold.json"), "utf8")).runs).toHaveLength(1);
    writeFileSync(join(folder, "models/bad.onnx"), "no model");
    expect(shell(script)).toEqual({ code: 3, stdout: "see normfold.json\n" });
    rmSync(join(folder, "models/bad.onnx"));
  });

  it("for GitLab have a script that runs", () => {
    const { optimize }: { readonly optimize: { readonly script: readonly string[] } } = parseYaml(
      example("GitLab CI"),
    );
    const [install = "", ...steps] = optimize.script;
    expect(install).toMatch(/^npm install --global .* normfold$/);
    expect(shell(["set -e", ...steps].join("\n")).code).toBe(0);
  });

  it("for GitHub give the action inputs that it has", () => {
    interface Workflow {
      readonly jobs: { readonly models: { readonly steps: readonly { uses: string; with?: object }[] } };
    }
    const { jobs }: Workflow = parseYaml(example("GitHub Actions"));
    const step = jobs.models.steps.find(({ uses }) => uses.includes("normfold@"));
    const { inputs }: { readonly inputs: object } = parseYaml(readFileSync(join(root, "action.yml"), "utf8"));
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(step?.with ?? {})));
    expect(Object.keys(step?.with ?? {})).toContain("models");
  });
});

describe("the Dockerfile", () => {
  const text = readFileSync(join(root, "Dockerfile"), "utf8").replaceAll("\\\n", "");
  const steps = text.split("\n").flatMap((line) => {
    const [, word = "", rest = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return word === "" ? [] : [{ word, rest }];
  });
  const last = steps.findLastIndex(({ word }) => word === "FROM");

  it("copies files that are there, and runs what a shell reads", () => {
    for (const { word, rest } of steps) {
      if (word === "RUN")
        expect(spawnSync("sh", ["-n", "-c", rest], { encoding: "utf8" }).stderr, rest).toBe("");
      if (word !== "COPY" || rest.startsWith("--from")) continue;
      for (const file of rest.split(" ").slice(0, -1)) expect(existsSync(join(root, file)), file).toBe(true);
    }
  });

  it("ends as a user without rights, with the command as the entry point that hears signals", () => {
    const final = steps.slice(last);
    expect(final.filter(({ word }) => word === "USER").map(({ rest }) => rest)).toEqual(["node"]);
    expect(final.findIndex(({ word }) => word === "USER")).toBeGreaterThan(
      final.findLastIndex(({ word }) => word === "RUN"),
    );
    const entry = final.find(({ word }) => word === "ENTRYPOINT");
    expect(JSON.parse(entry?.rest ?? "[]")).toEqual(["tini", "--", "normfold"]);
  });

  it("has a Node that engines allow, and leaves out what the package does not take", () => {
    expect(steps[last]?.rest).toMatch(/^node:22-/);
    const ignored = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
    expect(ignored).toEqual(expect.arrayContaining([".git", "node_modules", "dist"]));
    const { files }: { readonly files: readonly string[] } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    const sources = files.filter((file) => !file.startsWith("dist") && !file.startsWith("!"));
    for (const file of sources) expect(ignored).not.toContain(file.split("/")[0]);
  });
});
