import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadCached } from "../../src/cli/code-cache.js";
import { BIN, filesIn, node, type RunOptions, temporaryFolder, writeModel } from "../support/cli.js";

it("loadCached gives what the file exports, with its own require, names and imports", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "program.cjs");
  writeFileSync(
    file,
    `exports.path = require("node:path").basename(__filename) + require("node:path").basename(__dirname);
     exports.late = () => module.importModule("node:fs");`,
  );
  const loaded = loadCached(file, {
    part: "plain",
    isMade: false,
    importModule: (name) => import(name),
  }) as {
    readonly path: string;
    readonly late: () => Promise<object>;
  };
  expect(loaded.path).toBe(`program.cjs${folder.slice(folder.lastIndexOf("normfold-cli-"))}`);
  expect(await loaded.late()).toHaveProperty("readFileSync");
});

const MANIFEST = { name: "normfold", version: "1.0.0", exports: { "./package.json": "./package.json" } };

describe("the code that is kept", () => {
  /** A copy of the command, beside which nothing is kept yet. */
  function command(): string {
    const folder = join(temporaryFolder(), "dist/cli");
    const from = dirname(BIN);
    for (const name of ["main.js", "program.cjs", "package.json"]) {
      mkdirSync(folder, { recursive: true });
      copyFileSync(join(from, name), join(folder, name));
    }
    writeFileSync(join(folder, "../../package.json"), JSON.stringify(MANIFEST));
    return folder;
  }

  function kept(folder: string): string {
    const [only = "", ...others] = filesIn(folder).filter((name) => name.startsWith("code-"));
    expect(others).toEqual([]);
    return join(folder, only);
  }

  const inputs = temporaryFolder();
  const model = join(inputs, "m.onnx");
  beforeAll(() =>
    writeModel(
      model,
      `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (y) { a = Identity (x) y = Exp (a) }`,
    ),
  );

  /** The result must be the same whatever is kept. */
  async function optimized(
    folder: string,
    options: RunOptions & { readonly flags?: readonly string[]; readonly name?: string } = {},
  ): Promise<void> {
    const { flags = [], name = "o.onnx" } = options;
    const to = join(inputs, name);
    const args = [...flags, join(folder, "main.js"), "optimize", model, "-o", to, "--no-check", "--quiet"];
    expect(await node(args, options)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(statSync(to).size).toBeGreaterThan(0);
    rmSync(to);
  }

  it("is made by the first run, made anew by the next one, and then stays", async () => {
    const folder = command();
    for (let run = 1; run <= 4; run++) {
      await optimized(folder);
      const [, runs] = /normfold +(\d+) +\d+\n$/.exec(readFileSync(kept(folder), "latin1").slice(-40)) ?? [];
      expect(Number(runs)).toBeGreaterThanOrEqual(Math.min(run, 2));
    }
  }, 60_000);

  it("is whole, or is made again", async () => {
    const folder = command();
    await optimized(folder);
    const path = kept(folder);
    const whole = statSync(path).size;
    for (const damage of [
      () => truncateSync(path, 1000),
      () => appendFileSync(path, "more"),
      () => writeFileSync(path, "no code at all\nnormfold    1      0\n"),
      () => writeFileSync(path, ""),
    ]) {
      damage();
      await optimized(folder);
      expect(statSync(path).size).toBeGreaterThan(whole / 2);
    }
  }, 60_000);

  it("is not wanted", async () => {
    const folder = command();
    await optimized(folder, { env: { NODE_DISABLE_COMPILE_CACHE: "1" } });
    expect(filesIn(folder)).toEqual(["main.js", "package.json", "program.cjs"]);
  });

  it("is made once, and whole, by several runs at one time", async () => {
    const folder = command();
    await Promise.all(["a", "b", "c"].map((name) => optimized(folder, { name: `${name}.onnx` })));
    expect(readFileSync(kept(folder), "latin1").slice(-40)).toMatch(/normfold +\d+ +\d+\n$/);
    await optimized(folder);
    kept(folder);
  }, 60_000);

  it.skipIf(process.platform === "win32")(
    "is neither made nor touched by who may not write beside the program",
    async () => {
      const telling = join(inputs, "telling.cjs");
      writeFileSync(
        telling,
        `const { Script } = require("node:vm");
         Script.prototype.createCachedData = () => { require("node:fs").writeSync(2, "made"); return Buffer.alloc(0); };`,
      );
      // As a package that root has installed is another user's; who is not root closes the own one.
      const other = process.getuid?.() === 0 ? { uid: 65_534 } : {};
      const flags = ["--require", telling];
      for (const isKept of [false, true]) {
        const folder = command();
        if (isKept) await optimized(folder);
        const before = filesIn(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
        chmodSync(inputs, 0o777);
        for (const each of [folder, dirname(folder), dirname(dirname(folder))]) chmodSync(each, 0o555);
        await optimized(folder, { flags, ...other });
        await optimized(folder, other);
        expect(filesIn(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs])).toEqual(before);
        for (const each of [folder, dirname(folder), dirname(dirname(folder))]) chmodSync(each, 0o755);
      }
    },
    60_000,
  );
});
