import { chmodSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../../src/cache/digest.js";
import { loadModel, type Pass, parse, saveModel } from "../../src/index.js";
import { Assets } from "../../src/unplugin/asset.js";
import type { NormfoldPluginOptions } from "../../src/unplugin/options.js";
import { folderWith } from "../batch/support.js";

/** A model in a folder of its own, and a build of which it is told nothing but the options. */
async function project(): Promise<{
  readonly model: string;
  readonly cacheDir: string;
  readonly build: (given?: NormfoldPluginOptions) => Assets;
}> {
  const folder = folderWith();
  const [model, cacheDir] = [join(folder, "m.onnx"), join(folder, "cache")];
  const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { a = Identity (x) y = Neg (a) }`;
  await saveModel(parse(text), model);
  return { model, cacheDir, build: (given = {}) => new Assets({ cacheDir, ...given }) };
}

/** The keys of the results in a folder. */
function keysIn(cacheDir: string): string[] {
  const files = readdirSync(join(cacheDir, "v1/assets"), { withFileTypes: true, recursive: true });
  return files.filter((file) => file.isFile()).map(({ name }) => name);
}

/** Stops in the middle of a rewrite, and counts how often it was asked. */
function failing(): { readonly pass: Pass; asked: number } {
  const state = {
    asked: 0,
    pass: {
      kind: "rules",
      name: "failing",
      summary: "fails",
      before: "",
      after: "",
      numerics: "exact",
      rules: [
        {
          match: (node) => {
            if (!node.is("Neg")) return undefined;
            state.asked++;
            const apply = (): never => {
              throw new TypeError("no such thing");
            };
            return { kind: "rewrite", summary: "fails", apply };
          },
        },
      ],
    } satisfies Pass as Pass,
  };
  return state;
}

test("the next build reads the result, and another choice of options has its own", async () => {
  const { model, cacheDir, build } = await project();
  const first = await build().of(model);
  expect([...(await loadModel(first.file)).nodes()].map(({ opType }) => opType)).toEqual(["Neg"]);
  expect(await build().of(model)).toEqual(first);
  expect(keysIn(cacheDir)).toHaveLength(1);
  await build({ optimize: { skip: ["eliminate-identity"] } }).of(model);
  expect(keysIn(cacheDir)).toHaveLength(2);
});

test.each([
  ["cut short", (file: string) => truncateSync(file, 10)],
  ["another file", (file: string) => writeFileSync(file, "another")],
])("a result that is %s is made again", async (_, spoil) => {
  const { model, build } = await project();
  const { file } = await build().of(model);
  const whole = readFileSync(file, "utf8");
  spoil(file);
  expect(readFileSync((await build().of(model)).file, "utf8")).toBe(whole);
});

test("a result that goes while a build watches is made again", async () => {
  const { model, build } = await project();
  const assets = build();
  const { file } = await assets.of(model);
  // Another build needs the room.
  await build({ cacheLimit: 0 }).of(model);
  const again = await assets.of(model);
  expect(digestOf(readFileSync(again.file))).toBe(digestOf(readFileSync(file)));
});

test("what was used longest ago goes when a build starts, where there is no room", async () => {
  const { model, cacheDir, build } = await project();
  await build().of(model);
  const own = { optimize: { skip: ["eliminate-identity"] } };
  await build({ cacheLimit: 0, ...own }).of(model);
  expect(keysIn(cacheDir)).toHaveLength(1);
});

test("passes of one's own: their results are of one build, made once, with their warnings each time", async () => {
  const { model, cacheDir, build } = await project();
  const state = failing();
  const how = { optimize: { passes: [state.pass, "eliminate-identity"], check: false } };
  const assets = build(how);
  const [one, other] = await Promise.all([assets.of(model), assets.of(model)]);
  const { asked } = state;
  expect(asked).toBeGreaterThan(0);
  expect(one.warnings).toEqual([
    expect.stringContaining("m.onnx: a rewrite of failing was undone (it failed"),
  ]);
  expect([other, await assets.of(model)]).toEqual([one, one]);
  expect(state.asked).toBe(asked);
  await build(how).of(model);
  expect(state.asked).toBeGreaterThan(asked);
  expect(keysIn(cacheDir)).toHaveLength(2);
});

test("a folder in which nothing can be kept is named", async () => {
  const { model, cacheDir, build } = await project();
  writeFileSync(cacheDir, "no folder");
  await expect(build().of(model)).rejects.toMatchObject({ code: "io", where: { file: cacheDir } });
  if (process.platform === "win32" || process.getuid?.() === 0) return;
  const closed = folderWith();
  chmodSync(closed, 0o555);
  await expect(build({ cacheDir: closed }).of(model)).rejects.toMatchObject({ code: "io" });
});
