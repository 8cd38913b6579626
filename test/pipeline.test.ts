import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { PRESETS } from "../src/config/presets.js";
import { OPTIMIZE_FILE } from "../src/options/optimize.js";
import { readText } from "../src/options/read-text.js";
import { flagOf } from "../src/options/validate.js";
import { CONV_BN, normfold, temporaryFolder, writeModel } from "./support/cli.js";

/** The files and commands of docs/pipeline.md, in a project that has normfold installed. */

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/pipeline.md"), "utf8");
const cwd = temporaryFolder();

const files = [...page.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)];
const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);

beforeAll(async () => {
  mkdirSync(join(cwd, "models/edge"), { recursive: true });
  await writeModel(join(cwd, "models/bert-1.onnx"), CONV_BN);
  await writeModel(join(cwd, "models/edge/net.onnx"), CONV_BN);
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(root, join(cwd, "node_modules/normfold"));
  for (const [, name = "", text = ""] of files) writeFileSync(join(cwd, name), text);
});

describe("docs/pipeline.md", () => {
  it("has files that type-check", () => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2023",
      module: "nodenext",
      types: [],
      paths: {
        normfold: [join(root, "dist/src/index.d.ts")],
        "normfold/config": [join(root, "dist/src/config.d.ts")],
      },
    };
    const names = files.map(([, name]) => name);
    expect(names).toEqual(["normfold.config.ts", "my-pass.ts", "my-spelling.ts"]);
    writeFileSync(join(cwd, "package.json"), '{ "type": "module" }');
    writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", cwd]);
  });

  it.each(lines)("%s", async (line) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    expect(words.shift()).toBe("normfold");
    const { code, stderr, stdout } = await normfold(words, { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("2 models: 2 optimized");
  });

  it.each(Object.entries(PRESETS))("says what the preset %s stands for", (name, { options }) => {
    const [, text = ""] = new RegExp(`^\\| \`${name}\` \\| \`([^\`]+)\` \\|`, "m").exec(page) ?? [];
    const said = new Map<string, unknown>();
    for (const [, flag = "", value] of text.matchAll(/(--[a-z-]+)(?: ([^-\s]\S*))?/g)) {
      const [key, spec] = Object.entries(OPTIMIZE_FILE).find(([, row]) => flagOf(row) === flag) ?? [];
      if (key === undefined || spec === undefined) throw new Error(`there is no ${flag}`);
      said.set(key, value === undefined ? true : readText(spec, value, undefined));
    }
    // The default is not spelled out.
    const { target, ...others } = options;
    const meant = target === "onnxruntime" ? others : options;
    expect(Object.fromEntries(said)).toEqual(meant);
  });
});
